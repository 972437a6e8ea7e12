"""The one change that may cut its own connection: a NixOS system is activated, then confirmed over a new connection.

The host itself keeps the clock and goes back (`host/system_activate.sh`): whatever becomes of this process, of the
network or of sshd, a system that nobody can log in to does not stay. Here is only the other half, which asks.
"""

from __future__ import annotations

import time

from msgspec import Struct
from msgspec.structs import replace

from .author import now
from .command import Command, command
from .commands import nixos
from .crew import Crew
from .health import Verdict
from .ledger import PATIENCE
from .model import Host
from .plan import Switch
from .record import SystemRecord
from .runner import Result, Runner, Unreachable, connect

REBOOT_PATIENCE = 900.0  # seconds; a server counts its memory
_PAUSE = 0.5  # seconds between two attempts to log in
_LOG_LINES = 12


class _Asked(Struct, frozen=True):
    """What the host said to `keep`, and the new connection over which it did; None where nobody could log in."""

    result: Result | None = None
    runner: Runner | None = None
    refused: str = ""  # why nobody could, the last time


def switch(crew: Crew, act: Switch) -> Verdict:
    """Activate, confirm and record a system. The verdict's `why` is "" where it is there to stay."""
    path, host = act.system or crew.built, crew.runner.host
    tried = crew.runner.run(_as_root(crew, act.activate, path))
    if not tried.ok and not tried.lost:
        why = nixos.why_not_root(host, tried.stderr)
        why = why or nixos.why_not_activated(host, tried.exit, tried.text, tried.stderr)
        return Verdict(why=why, log=_tail(tried.stderr))
    restarts = "restarting" in tried.text
    patience = REBOOT_PATIENCE if restarts else act.patience + nixos.GOES_BACK_IN
    asked = _ask_until(crew, _as_root(crew, act.keep, path), time.monotonic() + patience)
    why = _why_not(host, asked, act, restarts=restarts)
    if not why:
        unwritten = _go_on(crew, asked) or _write_down(crew, act, path, asked)
        why = f"runs and stays, but is not recorded: {unwritten}" if unwritten else ""
    if asked.runner and asked.runner is not crew.runner:
        asked.runner.close()
    return Verdict(why=why)


def _as_root(crew: Crew, order: Command, path: str) -> Command:
    order = replace(order, argv=(*order.argv, path))
    return crew.root.command(order) if crew.root else order


def _ask_until(crew: Crew, keep: Command, end: float) -> _Asked:
    """Log in anew and ask, until the host says something final."""
    refused = ""
    while True:
        asked = _ask(crew, keep, refused)
        refused, result = asked.refused, asked.result
        if result is not None and not result.lost and result.exit != nixos.BUSY:
            return asked
        if asked.runner:
            asked.runner.close()
        if time.monotonic() > end:
            return replace(asked, runner=None)
        time.sleep(_PAUSE)


def _ask(crew: Crew, keep: Command, refused: str) -> _Asked:
    runner = connect(crew.runner.host)
    if isinstance(runner, Unreachable):
        return _Asked(refused=runner.why)
    return _Asked(runner.run(keep), runner, refused)


def _why_not(host: Host, asked: _Asked, act: Switch, *, restarts: bool) -> str:
    """Why the system is not there to stay, "" where it is."""
    result, reason = asked.result, f" ({asked.refused})" if asked.refused else ""
    if result is not None and result.ok:
        return ""
    if restarts and (result is None or result.exit == nixos.BUSY):
        return f"{host.name} did not come back from its reboot{reason}; look at its console"
    if result is None or result.lost or result.exit == nixos.BUSY:
        return f"nobody can tell what {host.name} runs{reason}; it goes back by itself where it can: run the same again"
    if result.exit != nixos.WENT_BACK:
        return nixos.why_not_root(host, result.stderr) or nixos.why_not_kept(host, result.exit, result.stderr)
    if restarts:
        return f"{host.name} started another system than the new one ({result.text.strip()}); look at its boot loader"
    late = f"nobody could log in to the new system of {host.name} within {act.patience:g} s{reason}"
    if not asked.refused:
        late = f"the new system of {host.name} was not confirmed within {act.patience:g} s"
    return f"{late}; it went back by itself, mend the flake and commit"


def _go_on(crew: Crew, asked: _Asked) -> str:
    """Go on over the old connection if it still works, else over the new one."""
    works = not crew.ledger.lost and crew.runner.run(command("true", timeout=5)).ok
    return "" if works or not asked.runner else crew.reopen(asked.runner)


def _write_down(crew: Crew, act: Switch, path: str, asked: _Asked) -> str:
    before = asked.result.text.strip() if asked.result else ""
    record = SystemRecord(path, act.files, act.commit, now(), crew.who, before if before != path else "")
    return crew.ledger.record_system(record).result(PATIENCE)


def _tail(log: str) -> tuple[str, ...]:
    return tuple(log.strip().splitlines()[-_LOG_LINES:])
