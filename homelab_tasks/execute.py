"""The parallel walk over a plan: each step starts the moment its own needs are met. Decides nothing; the plan did.

Threads work, this module's main loop keeps the books: all state below is touched by one thread only.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from itertools import chain
from typing import Any

from . import health
from .author import now
from .background import in_background
from .command import Command
from .commands import compose
from .commands.sudo import Root
from .events import Events
from .health import INTERRUPTED, Verdict, Watch
from .interrupt import Interrupts
from .ledger import Ledger
from .model import Hook, Moment, OnFailure
from .plan import Call, Entry, Gate, Plan, Step, Switch
from .plan.hooks import kept_by
from .record import Kept, Record
from .runner import Result, Runner


class Status(Enum):
    """How a step ended."""

    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


class Phase(Enum):
    """Where a step is."""

    WAITING = "waiting"
    PULLING = "pulling"  # before anything changes anywhere
    DELIVERING = "delivering"  # the same
    BUILDING = "building"  # the same, of a system
    WORKING = "working"
    CHECKING = "checking"
    ENDED = "ended"


@dataclass(frozen=True, slots=True)
class Outcome:
    """How one step ended, and why if not well. `seconds` count from its own start to its end."""

    step: Step
    status: Status
    seconds: float = 0.0
    why: str = ""
    log: tuple[str, ...] = ()
    kept: str = ""  # what a hook kept of it, such as the name of a dump


@dataclass(frozen=True, slots=True)
class Progress:
    """Something that a person may want to see at once."""

    step: Step
    phase: Phase
    outcome: Outcome | None = None


Tell = Callable[[Progress], None]


@dataclass(frozen=True, slots=True)
class Undone:
    """How a failed run went back. `left` says what is not as it was before, and why."""

    outcomes: tuple[Outcome, ...] = ()
    left: tuple[str, ...] = ()
    seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Report:
    """What became of a plan."""

    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False
    trouble: tuple[str, ...] = ()  # why nothing could be started at all: `what; the next move`
    notes: tuple[str, ...] = ()  # what a person should know of a run that may have gone well
    touched: frozenset[str] = frozenset()  # keys of the steps that began to change something
    undone: Undone | None = None

    @property
    def ok(self) -> bool:
        """Everything that was planned is done."""
        return not self.interrupted and not self.trouble and all(o.status is Status.DONE for o in self.outcomes)

    def of(self, status: Status) -> tuple[Outcome, ...]:
        """The outcomes of one kind, in the order in which they came."""
        return tuple(o for o in self.outcomes if o.status is status)


@dataclass(slots=True)
class Crew:
    """What the walk needs at one host: the connection, the ledger, the records as they are now."""

    runner: Runner
    ledger: Ledger
    records: dict[str, Record]
    who: str
    skew: float = 0.0  # the host's clock minus ours, seconds
    busy: int = 0
    root: Root | None = None  # where a system is to be activated
    built: str = ""  # the store path of that system
    kept: dict[str, Kept] = field(default_factory=dict)  # service -> what one of its hooks kept in this run
    reopen: Callable[[Runner], str] = lambda _: "lost"  # goes on over another connection; why that cannot be, or ""


@dataclass(frozen=True, slots=True)
class _Applied:
    """What a worker brings back: the failing command's result, or a verdict."""

    result: Result | None = None
    verdict: Verdict | None = None
    log: tuple[str, ...] = ()
    hook: Hook | None = None  # whose result it is


@dataclass(slots=True)
class _Books:
    waiting: dict[str, Step]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    stopping: bool = False
    blamed: str = ""  # the subject whose failure ends the run


def execute(plan: Plan, crews: Mapping[str, Crew], tell: Tell, before: Iterable[Outcome] = ()) -> Report:
    """Run every step of `plan`; a failure skips what needs it and spares the rest. Steps that ended `before` count.

    The first Ctrl-C (or SIGTERM, SIGHUP) starts nothing new, ends waits and lets commands finish; a second one is the
    caller's KeyboardInterrupt.
    """
    walk = _Walk(plan, crews, tell, before)
    return walk.run()


class _Walk:
    def __init__(self, plan: Plan, crews: Mapping[str, Crew], tell: Tell, before: Iterable[Outcome]) -> None:
        self.plan, self.crews, self.tell = plan, crews, tell
        ended = {outcome.step.key: outcome for outcome in before}
        self.books = _Books({step.key: step for step in plan.steps if step.key not in ended}, ended)
        self.running: dict[Future[_Applied], tuple[Step, Phase]] = {}
        self.writing: dict[Future[str], Outcome] = {}  # done; whether it is written down too, the host will tell
        self.keys = frozenset(step.key for step in plan.steps)
        self.needed = frozenset(chain.from_iterable(step.needs for step in plan.steps))
        self.events = {name: Events(crew.runner) for name, crew in crews.items()}

    def run(self) -> Report:
        start = time.monotonic()
        for name in {step.host.name for step in self.plan.steps if step.gate and not step.blocked} & {*self.events}:
            in_background(self.events[name].begin)  # done before the first container is up; a failure shows there
        try:
            with Interrupts() as interrupts:
                self._loop(interrupts)
            self._look_again()
        finally:
            for events in self.events.values():
                events.close()
        outcomes = tuple(self.books.outcomes.values())
        return Report(
            self.plan,
            outcomes,
            time.monotonic() - start,
            interrupted=self.books.stopping,
            touched=frozenset(self.books.started),
        )

    def _look_again(self) -> None:
        """What came up in this run and is down by its end failed, however well it started."""
        for name, crew in self.crews.items():
            done = [o for o in self.books.outcomes.values() if o.status is Status.DONE and o.step.host.name == name]
            gated = {o.step.key: o for o in done if o.step.gate and o.step.entry}
            known = {
                k: crew.records[o.step.subject].containers for k, o in gated.items() if o.step.subject in crew.records
            }
            try:
                fallen = health.fallen(crew.runner, chain.from_iterable(known.values())) if known else {}
            except ConnectionError:
                continue  # nobody knows; the next look will
            for key, containers in known.items():
                for verdict in [fallen[c.id] for c in containers if c.id in fallen][:1]:
                    outcome = gated[key]
                    self._end(replace(outcome, status=Status.FAILED, why=verdict.why, log=verdict.log))

    def _loop(self, interrupts: Interrupts) -> None:
        self._start_ready()
        while self.running or self.writing:
            try:
                interrupts.during(self._wait)
            except KeyboardInterrupt:
                if self.books.stopping or interrupts.insisted:
                    raise
                self._interrupt()
                continue
            for future in [future for future in self.running if future.done()]:
                self._take(future)
            for answer in [answer for answer in self.writing if answer.done()]:
                self._confirm(self.writing.pop(answer), answer.result())
            self._start_ready()

    def _wait(self) -> None:
        pending: set[Future[Any]] = {*self.running, *self.writing}
        wait_for(pending, return_when=FIRST_COMPLETED)

    def _interrupt(self) -> None:
        self.books.stopping = True
        self._stop("interrupted")

    def _stop(self, why: str, *, wait: bool = False) -> None:
        """Start nothing more; with `wait` what is at work may become healthy."""
        for watch in self.books.watches.values() if not wait else ():
            watch.cancelled.set()
            watch.wake.set()
        for step in list(self.books.waiting.values()):
            self._end(Outcome(step, Status.SKIPPED, why=why))

    def _give_up(self, failed: Outcome) -> None:
        """A deploy that is to go back need not go on."""
        policy, started = self.plan.on_failure, failed.step.key in self.books.started
        if started and policy is not OnFailure.KEEP and not (self.books.blamed or self.books.stopping):
            self.books.blamed = failed.step.subject
            self._stop(f"not started, as {failed.step.subject} failed", wait=policy is OnFailure.STOP)

    def _start_ready(self) -> None:
        self._settle_hopeless()
        for step in self._ready():
            crew = self.crews[step.host.name]
            if crew.busy >= self._slots(step) or (step.lane and step.lane in self._lanes()):
                continue
            crew.busy += 1
            del self.books.waiting[step.key]
            self.books.started[step.key] = time.monotonic()
            self.tell(Progress(step, Phase.WORKING))
            begun = self._note_begin(step, crew)
            watch = self.books.watches[step.key] = Watch(skew=crew.skew)
            work = partial(_begin, begun, partial(_apply, crew, step, watch, self.events[step.host.name]))
            self.running[in_background(work)] = (step, Phase.WORKING)

    def _lanes(self) -> set[str]:
        """Lanes in which somebody works."""
        return {step.lane for step, _ in self.running.values()}

    def _slots(self, step: Step) -> int:
        """How many steps may be at work on the host with `step` as the last of them.

        One that nothing waits for leaves half of the places to those that others wait for: a tenth of the time of 20
        services on two cores, as long chains are no longer slowed down by what could be done at their end.
        """
        parallel = step.host.parallel
        if step.key in self.needed or not any(s.key in self.needed for s in self.books.waiting.values()):
            return parallel
        return max(1, parallel // 2)

    def _settle_hopeless(self) -> None:
        """End what cannot be tried, and what needs something that did not come; again until nothing more follows."""
        again = True
        while again:
            again = False
            for step in list(self.books.waiting.values()):
                outcome = self._hopeless(step)
                if outcome:
                    self._end(outcome)
                    again = True

    def _hopeless(self, step: Step) -> Outcome | None:
        if step.blocked:
            return Outcome(step, Status.FAILED, why=step.blocked)
        if step.host.name not in self.crews:
            return Outcome(step, Status.FAILED, why=f"{step.host.name} was lost")
        if lost := self.crews[step.host.name].ledger.lost:
            return Outcome(step, Status.FAILED, why=lost)
        missing = [
            o for key in sorted(step.needs) if (o := self.books.outcomes.get(key)) and o.status is not Status.DONE
        ]
        if not missing:
            return None
        first = missing[0]
        word = "failed" if first.status is Status.FAILED else "was skipped"
        return Outcome(step, Status.SKIPPED, why=f"needs {first.step.subject}, which {word}")

    def _ready(self) -> Iterator[Step]:
        """Steps whose needs are met, the one with the longest chain behind it first."""
        met = {key for key, outcome in self.books.outcomes.items() if outcome.status is Status.DONE}
        ready = [step for step in self.books.waiting.values() if step.needs & self.keys <= met]
        return iter(sorted(ready, key=lambda step: (-step.weight, step.key)))

    def _take(self, future: Future[_Applied]) -> None:
        step, phase = self.running.pop(future)
        applied, crew = future.result(), self.crews[step.host.name]
        if phase is Phase.WORKING:
            crew.busy -= 1
        if applied.result is not None:
            why = _why(step, applied.result, applied.hook)
            self._end(Outcome(step, Status.FAILED, self._seconds(step), why, applied.log))
        elif phase is Phase.WORKING and step.gate and not applied.verdict:
            self._await_health(step, step.gate, crew)
        else:
            self._conclude(step, crew, applied.verdict)

    def _await_health(self, step: Step, gate: Gate, crew: Crew) -> None:
        self.tell(Progress(step, Phase.CHECKING))
        watch, events = self.books.watches[step.key], self.events[step.host.name]
        self.running[in_background(partial(_check, crew.runner, gate, watch, events))] = (step, Phase.CHECKING)

    def _conclude(self, step: Step, crew: Crew, verdict: Verdict | None) -> None:
        if verdict and verdict.why == INTERRUPTED and self.books.blamed:
            why = f"its health was not awaited, as {self.books.blamed} failed"
            self._end(Outcome(step, Status.SKIPPED, self._seconds(step), why))
            return
        if verdict and verdict.why:
            self._end(Outcome(step, Status.FAILED, self._seconds(step), verdict.why, verdict.log))
            return
        done = Outcome(step, Status.DONE, self._seconds(step))
        if not step.entry:
            self._end(done)
            return
        answer = self._write(step.entry, crew, verdict)
        if answer.done():
            self._confirm(done, answer.result())
            return
        self.writing[answer] = done
        # What needs it starts at once; should the host not have written it down, this is taken back.
        if any(step.key in other.needs for other in self.books.waiting.values()):
            self._end(done)

    def _confirm(self, done: Outcome, unwritten: str) -> None:
        if unwritten:
            self._end(replace(done, status=Status.FAILED, why=f"done, but not recorded: {unwritten}"))
        elif done.step.key not in self.books.outcomes:
            self._end(done)

    def _note_begin(self, step: Step, crew: Crew) -> Future[str] | None:
        """Should it fail, the next look knows that the containers are ours, and not as they should be. Gives what the
        host answers: nothing is changed of which that could not be written.
        """
        if not (step.entry and step.gate):
            return None
        entry, known = step.entry, crew.records.get(step.entry.service)
        begun = Record(entry.service, entry.project, entry.directory, commit="", digest="", at=now(), by=crew.who)
        crew.records[entry.service] = noted = replace(known or begun, unfinished=True)
        return crew.ledger.record(noted) if noted != known else None

    def _write(self, entry: Entry, crew: Crew, verdict: Verdict | None) -> Future[str]:
        known = crew.records.get(entry.service)
        containers = verdict.containers if verdict else known.containers if known else ()
        record = Record(
            service=entry.service,
            project=entry.project,
            directory=entry.directory,
            commit=entry.commit or self.plan.commit or (known.commit if known else ""),
            digest=entry.digest,
            env=entry.env,
            containers=containers,
            borrows=_borrowed_ids(entry, crew.records),
            at=now(),
            by=crew.who,
            held=entry.held,
            removed=entry.removed,
            laid=entry.laid,
            unfinished=entry.unfinished,
            pinned=entry.pinned,
            kept=known.kept if known else None,
        )
        if record.removed:
            crew.records.pop(entry.service, None)
        else:
            crew.records[entry.service] = record
        return crew.ledger.record(record, entry.detail)

    def _seconds(self, step: Step) -> float:
        return time.monotonic() - self.books.started.get(step.key, time.monotonic())

    def _end(self, outcome: Outcome) -> None:
        self.books.waiting.pop(outcome.step.key, None)
        self.books.watches.pop(outcome.step.key, None)
        outcome = self._with_kept(outcome)
        self.books.outcomes[outcome.step.key] = outcome
        self.tell(Progress(outcome.step, Phase.ENDED, outcome))
        if outcome.status is Status.FAILED:
            self._give_up(outcome)

    def _with_kept(self, outcome: Outcome) -> Outcome:
        crew = self.crews.get(outcome.step.host.name)
        kept = crew.kept.get(outcome.step.subject) if crew else None
        return replace(outcome, kept=kept.name) if kept else outcome


def _begin(begun: Future[str] | None, apply: Callable[[], _Applied]) -> _Applied:
    unwritten = begun.result() if begun else ""
    return _Applied(verdict=Verdict(why=f"not begun: {unwritten}")) if unwritten else apply()


def _apply(crew: Crew, step: Step, watch: Watch, events: Events) -> _Applied:
    runner = crew.runner
    for act in step.commands:
        if crew.ledger.lost:
            return _Applied(verdict=Verdict(why=crew.ledger.lost))
        if isinstance(act, Gate):
            waited = _check(runner, act, watch, events)
            if waited.verdict and waited.verdict.why:
                return waited
            continue
        if isinstance(act, Switch):
            from .switch import switch

            return _Applied(verdict=switch(crew, act))
        if isinstance(act, Call):
            called = runner.run(act.command)
            if not called.ok:
                return _Applied(result=called, hook=act.hook)
            _keep(crew, step, kept_by(called.text))
            continue
        result = runner.run(act)
        if not result.ok:
            return _Applied(result=result, log=_log_of(runner, step, result))
    return _Applied()


def _keep(crew: Crew, step: Step, name: str) -> None:
    """At once into the record: whatever becomes of the run, a dump that was made is found again."""
    record = crew.records.get(step.subject)  # of this step alone, while it is at work
    if name and record:
        kept = crew.kept[step.subject] = Kept(name, record.commit, now())
        crew.records[step.subject] = replace(record, kept=kept)
        crew.ledger.record(crew.records[step.subject])


def _log_of(runner: Runner, step: Step, result: Result) -> tuple[str, ...]:
    if result.lost or not step.gate:
        return ()
    try:
        return health.words_of_failure(runner, step.gate.project)
    except ConnectionError:
        return ()


def _check(runner: Runner, gate: Gate, watch: Watch, events: Events) -> _Applied:
    try:
        events.follow(gate.project, watch.wake)
        return _Applied(verdict=health.wait(runner, gate, watch))
    except ConnectionError as error:
        return _Applied(verdict=Verdict(why=_why_lost(runner, error)))


def _why_lost(runner: Runner, error: ConnectionError) -> str:
    """Docker's own connection broke: with the host's, or alone."""
    answer = runner.run(Command(("true",), timeout=10))
    return f"{answer.stderr.strip()} while its health was awaited; run the same again" if answer.lost else str(error)


def _borrowed_ids(entry: Entry, records: Mapping[str, Record]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for owner, name in entry.borrows.items():
        record = records.get(owner)
        ids = [c.id for c in record.containers if not name or c.name == name] if record else []
        found |= {owner: ids[0]} if ids else {}
    return found


def _why(step: Step, result: Result, hook: Hook | None = None) -> str:
    if result.lost:
        lost = result.stderr.strip() or f"the connection to {step.host.name} was lost"
        return f"{lost}; what it was doing may have been done: run the same again"
    if hook:
        return _why_not(hook, result)
    if result.exit == 124:
        return f"{step.verb.doing} took longer than {_limit(step.commands):g} s and was ended"
    return _last_words(result)


def _why_not(hook: Hook, result: Result) -> str:
    late = f"took longer than {hook.timeout:g} s and was ended"
    what = late if result.exit == 124 else f"failed: {_last_words(result)}"
    spared = "" if hook.moment is Moment.AFTER_DEPLOY else "; its containers were not touched"
    return f"its hook {hook.moment.value} {what}{spared}"


def _last_words(result: Result) -> str:
    said = compose.without_values(result.stderr or result.text)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {result.exit}"


def _limit(acts: Iterable[Command | Gate | Switch | Call]) -> float:
    return max((act.timeout for act in acts if isinstance(act, Command)), default=0)
