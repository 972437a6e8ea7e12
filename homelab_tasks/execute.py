"""The parallel walk over a plan: each step starts the moment its own needs are met. Decides nothing; the plan did.

Threads work, this module's main loop keeps the books: all state below is touched by one thread only.
"""

from __future__ import annotations

import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import FIRST_COMPLETED, Future
from concurrent.futures import wait as wait_for
from functools import partial
from itertools import chain
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from . import act
from .background import in_background
from .crew import Crew
from .events import Events
from .graph import behind
from .health import INTERRUPTED, Start, Verdict, Watch
from .interrupt import Interrupts
from .last_look import LastLook
from .model import OnFailure
from .outcome import Outcome, Phase, Progress, Report, Status, Tell
from .plan import Gate, Plan, Step

BRISK = 1.0  # seconds in which a step starts containers, if it need not wait for others to stop


class _Books(Struct):
    waiting: dict[str, Step]
    outcomes: dict[str, Outcome] = field(default_factory=dict)
    started: dict[str, float] = field(default_factory=dict)
    watches: dict[str, Watch] = field(default_factory=dict)
    up: dict[str, Start] = field(default_factory=dict)  # container -> the start by which it was found to be up
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
        self.running: dict[Future[Verdict], tuple[Step, Phase]] = {}
        self.writing: dict[Future[str], Outcome] = {}  # done; whether it is written down too, the host will tell
        self.keys = frozenset(step.key for step in plan.steps)
        self.behind = behind({step.key: step.needs for step in plan.steps})
        self.last_look = LastLook()
        self.held: float | None = None  # seconds until a step that is held back may start
        self.events = {name: Events(crew.runner) for name, crew in crews.items()}

    def run(self) -> Report:
        start = time.monotonic()
        for name in {step.host.name for step in self.plan.steps if step.gate and not step.blocked} & {*self.events}:
            in_background(self.events[name].begin)  # done before the first container is up; a failure shows there
        try:
            with Interrupts() as interrupts:
                self._loop(interrupts)
                self._look_again(interrupts)
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
            restarted=frozenset(name for name, events in self.events.items() if events.hung_up),
        )

    def _look_again(self, interrupts: Interrupts) -> None:
        """What came up in this run and is down by its end failed, however well it started."""
        self._begin_to_look_again()
        try:
            interrupts.during(self.last_look.wait)
        except KeyboardInterrupt:
            if self.books.stopping or interrupts.insisted:
                raise
            self._interrupt()
        for step, verdict in self.last_look.fallen():
            outcome = self.books.outcomes[step.key]
            if outcome.status is Status.DONE:
                self._end(replace(outcome, status=Status.FAILED, why=verdict.why, log=verdict.log))

    def _begin_to_look_again(self) -> None:
        """As soon as nothing works any more: what was done may still be being written down."""
        ended = (*self.books.outcomes.values(), *self.writing.values())
        done = {outcome.step.key: outcome.step for outcome in ended if outcome.status is Status.DONE}
        self.last_look.begin(self.crews, done.values(), self.books.up)

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
            if self.writing and not self.running and not self.books.waiting:
                self._begin_to_look_again()

    def _wait(self) -> None:
        pending: set[Future[Any]] = {*self.running, *self.writing}
        wait_for(pending, self.held, FIRST_COMPLETED)

    def _interrupt(self) -> None:
        self.books.stopping = True
        self._stop("interrupted")

    def _stop(self, why: str, *, wait: bool = False) -> None:
        """Start nothing more; with `wait` what is at work may become healthy."""
        for watch in self.books.watches.values() if not wait else ():
            watch.cancelled.set()
            watch.wake.set()
        if not wait:
            self.last_look.cancelled.set()
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
        self.held, longest, full = None, self._longest(), set[str]()
        for step in self._ready():
            crew, name = self.crews[step.host.name], step.host.name
            if name in full or (step.lane and step.lane in self._lanes()):
                continue
            if not self._has_place(step, crew, longest[name]):
                full.add(name)  # also for those that come after it: none of them is more urgent
                continue
            crew.busy += 1
            del self.books.waiting[step.key]
            self.books.started[step.key] = time.monotonic()
            self.tell(Progress(step, Phase.WORKING))
            watch = self.books.watches[step.key] = Watch(skew=crew.skew)
            work = partial(act.apply, crew, step, watch, self.events[step.host.name])
            work = partial(act.once_noted, crew.note_begin(step), work)
            self.running[in_background(work)] = (step, Phase.WORKING)

    def _lanes(self) -> set[str]:
        """Lanes in which somebody works."""
        return {step.lane for step, _ in self.running.values()}

    def _longest(self) -> Mapping[str, int]:
        """Of each host the longest chain behind a step that has not ended: what belongs to it is urgent."""
        found: dict[str, int] = {}
        for step in chain(self.books.waiting.values(), (step for step, _ in self.running.values())):
            found[step.host.name] = max(found.get(step.host.name, 0), self.behind[step.key])
        return found

    def _has_place(self, step: Step, crew: Crew, longest: int) -> bool:
        """The host has a place for one more. While others start, half of the places are for its longest chain alone.

        So what could be done at its end does not slow it down. A step that has worked for longer than `BRISK` mostly
        waits for a container to stop, and needs no processor: of such ones only one place stays free.
        """
        places = step.host.parallel
        if crew.busy >= places or self.behind[step.key] >= longest:
            return crew.busy < places
        beside = ((other, phase) for other, phase in self.running.values() if other.host.name == step.host.name)
        working = [other.key for other, phase in beside if phase is Phase.WORKING]
        if sum(self.behind[key] < longest for key in working) >= max(1, places - 1):
            return False
        now = time.monotonic()
        calm_in = sorted(left for key in working if (left := self.books.started[key] + BRISK - now) > 0)
        half = max(1, places // 2)
        if len(calm_in) < half:
            return True
        self.held = min(calm_in[-half], self.held or BRISK)
        return False

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
        return iter(sorted(ready, key=lambda step: (-self.behind[step.key], step.key)))

    def _take(self, future: Future[Verdict]) -> None:
        step, phase = self.running.pop(future)
        verdict, crew = future.result(), self.crews[step.host.name]
        self.books.up |= verdict.started
        if phase is Phase.WORKING:
            crew.busy -= 1
        if phase is Phase.WORKING and step.gate and not verdict.why:
            self._await_health(step, step.gate, crew)
        else:
            self._conclude(step, crew, verdict)

    def _await_health(self, step: Step, gate: Gate, crew: Crew) -> None:
        self.tell(Progress(step, Phase.CHECKING))
        watch, events = self.books.watches[step.key], self.events[step.host.name]
        self.running[in_background(partial(act.check, crew.runner, gate, watch, events))] = (step, Phase.CHECKING)

    def _conclude(self, step: Step, crew: Crew, verdict: Verdict) -> None:
        done = Outcome(step, Status.DONE, self._seconds(step))
        if verdict.why == INTERRUPTED and self.books.blamed:
            why = f"its health was not awaited, as {self.books.blamed} failed"
            self._end(replace(done, status=Status.SKIPPED, why=why))
            return
        if verdict.why:
            self._end(replace(done, status=Status.FAILED, why=verdict.why, log=verdict.log))
            return
        if not step.entry:
            self._end(done)
            return
        answer = crew.note_done(step.entry, self.plan.commit, verdict.containers if step.gate else None)
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
