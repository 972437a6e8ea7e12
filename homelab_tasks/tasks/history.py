"""What was done to the hosts, and by whom."""

from __future__ import annotations

import sys
from itertools import islice
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused, UnknownName
from .door import FAILED, here, homelab_task
from .flags import Flags, Output, flag

if TYPE_CHECKING:
    from ..model import Repo


class Remembering(Flags):
    """What history understands."""

    service: str | None = flag(None, "only runs that had to do with these services: names with commas, globs")
    host: str | None = flag(None, "only these hosts: names with commas")
    limit: str = flag("20", "runs to show, 0 for all")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        if not (self.limit.isascii() and self.limit.isdigit()):
            raise Refused(f"--limit: {self.limit!r} is no number of runs", move="give one from 0 on: --limit 50")


@homelab_task(Remembering, Output)
def history(_: Context, remembering: Remembering, output: Output) -> None:
    """Show what was done: when, by whom, and how it ended.

    The newest first, from the journals that lie on the hosts.
    """
    from .. import history as past
    from .. import pipeline
    from ..report import history as report
    from ..report.terminal import style
    from .console import host_names, passing

    repo = pipeline.load(here())
    only = host_names(repo, remembering.host)
    hosts = [host for host in repo.hosts.values() if not only or host.name in only]
    services, unknown = _services(repo, remembering.service)
    limit = int(remembering.limit)
    with passing() as stage:
        stage(f"asking {', '.join(host.name for host in hosts)}")
        found = past.read(hosts, 0 if services else limit)
    every = past.merge(found.journals)
    runs = list(islice(past.about(every, services) if services else every, limit or None))
    if unknown and not runs:
        raise unknown
    notes = [note for journal in found.journals for note in journal.notes]
    if output.json:
        print(report.history_json(runs, notes, found.unfit))
    else:
        print(report.history_text(runs, notes, style=style(sys.stdout)))
        for _name, why in found.unfit:
            print(f"error: {why}", file=sys.stderr)
    if found.unfit:
        sys.stdout.flush()
        sys.exit(FAILED)


def _services(repo: Repo, words: str | None) -> tuple[frozenset[str], UnknownName | None]:
    """The services that are meant; one that the repo does not have (the error says so) may still have a history."""
    from ..repo import select
    from ..repo.select import parts_of

    if words is None:
        return frozenset(), None
    try:
        return frozenset(service.name for service in select(repo, words)), None
    except UnknownName as error:
        return frozenset(parts_of(words, "service")), error
