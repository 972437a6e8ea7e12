"""What a run has at one host: the connection, the lock and pen, the records as they are now."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from concurrent.futures import Future

from msgspec import Struct, field
from msgspec.structs import replace

from .author import now
from .commands.sudo import Root
from .ledger import Ledger
from .plan import Entry, Step
from .record import Kept, Record, RecordedContainer
from .runner import Runner


class Crew(Struct):
    """Connection, ledger and records of one host, for the length of a run."""

    runner: Runner
    ledger: Ledger
    records: dict[str, Record]
    who: str
    skew: float = 0.0  # the host's clock minus ours, seconds
    busy: int = 0  # steps at work
    root: Root | None = None  # where a system is to be activated
    built: str = ""  # the store path of that system
    kept: dict[str, Kept] = field(default_factory=dict)  # service -> what one of its hooks kept in this run
    aside: list[str] = field(default_factory=list)  # sentences on files that were replaced, and where they are kept
    reopen: Callable[[Runner], str] = lambda _: "lost"  # goes on over another connection; why that cannot be, or ""

    def note_begin(self, step: Step) -> Future[str] | None:
        """Should the step fail, the next look knows that the containers are ours, and not as they should be. Gives what
        the host answers: nothing is changed of which that could not be written.
        """
        if not (step.entry and step.gate):
            return None
        entry, known = step.entry, self.records.get(step.entry.service)
        begun = Record(entry.service, entry.project, entry.directory, commit="", digest="", at=now(), by=self.who)
        self.records[entry.service] = noted = replace(known or begun, unfinished=True)
        return self.ledger.record(noted) if noted != known else None

    def keep(self, step: Step, name: str) -> None:
        """At once into the record: whatever becomes of the run, a dump that a hook made is found again."""
        record = self.records.get(step.subject)  # of this step alone, while it is at work
        if name and record:
            kept = self.kept[step.subject] = Kept(name, record.commit, now())
            self.records[step.subject] = replace(record, kept=kept)
            self.ledger.record(self.records[step.subject])

    def note_aside(self, step: Step, said: str) -> None:
        """Whoever wrote the newer file wants it again once it is mended: the end of the run names it."""
        for path in said.splitlines():
            what = f"{step.subject} has an earlier {path.rpartition('/')[2]} again"
            self.aside.append(f"{what}; the newer one is kept: {step.host.name}:{path}")

    def note_done(self, entry: Entry, commit: str, containers: tuple[RecordedContainer, ...] | None) -> Future[str]:
        """The service is as planned, at `commit` unless its entry says another, with these containers, or those that it
        had; gives what the host answers.
        """
        known = self.records.get(entry.service)
        if containers is None:
            containers = known.containers if known else ()
        record = Record(
            service=entry.service,
            project=entry.project,
            directory=entry.directory,
            commit=entry.commit or commit or (known.commit if known else ""),
            digest=entry.digest,
            env=entry.env,
            containers=containers,
            borrows=_borrowed_ids(entry, self.records),
            at=now(),
            by=self.who,
            held=entry.held,
            removed=entry.removed,
            laid=entry.laid,
            unfinished=entry.unfinished,
            pinned=entry.pinned,
            kept=known.kept if known else None,
        )
        if record.removed:
            self.records.pop(entry.service, None)
        else:
            self.records[entry.service] = record
        return self.ledger.record(record, entry.detail)


def _borrowed_ids(entry: Entry, records: Mapping[str, Record]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for owner, name in entry.borrows.items():
        record = records.get(owner)
        ids = [c.id for c in record.containers if not name or c.name == name] if record else []
        found |= {owner: ids[0]} if ids else {}
    return found
