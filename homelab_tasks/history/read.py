"""Asks the hosts for their journals, all at once."""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from ..commands import history as commands
from ..fleet import in_parallel
from ..model import Host
from ..runner import Unreachable, connect_all
from .journal import parse
from .run import Journal

_LINES = 2  # that a run leaves: its begin and its end
_SPARE = 10  # those of runs that others left half written, or edited


class History(Struct, frozen=True):
    """The journals of the hosts that answered, and why the others did not."""

    journals: tuple[Journal, ...] = ()
    unfit: tuple[tuple[str, str], ...] = ()  # host, why


def read(hosts: Sequence[Host], runs: int) -> History:
    """The last `runs` of each of the hosts; 0 for all that they remember."""
    opening = connect_all(hosts)
    lines = runs * _LINES + _SPARE if runs else 0

    def ask(host: Host) -> Journal | str:
        runner = opening[host.name].result()
        if isinstance(runner, Unreachable):
            return str(runner)
        try:
            result = runner.run(commands.read(host, lines))
        finally:
            runner.close()
        if not result.ok:
            said = result.stderr.strip().splitlines() or [f"exit status {result.exit}"]
            return f"the journal of {host.name} cannot be read ({said[-1]}); mend that there first"
        return parse(host.name, result.text)

    answers = list(zip(hosts, in_parallel(ask, hosts), strict=True))
    unfit = tuple((host.name, answer) for host, answer in answers if isinstance(answer, str))
    return History(tuple(answer for _, answer in answers if isinstance(answer, Journal)), unfit)
