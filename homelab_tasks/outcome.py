"""What becomes of a plan: how each step ended, and how the whole run did."""

from __future__ import annotations

from collections.abc import Callable
from enum import Enum

from msgspec import Struct

from .plan import Plan, Step, Verb


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


class Outcome(Struct, frozen=True):
    """How one step ended, and why if not well. `seconds` count from its own start to its end."""

    step: Step
    status: Status
    seconds: float = 0.0
    why: str = ""
    log: tuple[str, ...] = ()
    kept: str = ""  # what a hook kept of it, such as the name of a dump


class Progress(Struct, frozen=True):
    """Something that a person may want to see at once."""

    step: Step
    phase: Phase
    outcome: Outcome | None = None


Tell = Callable[[Progress], None]


class Undone(Struct, frozen=True):
    """How a failed run went back. `left` says what is not as it was before, and why."""

    outcomes: tuple[Outcome, ...] = ()
    left: tuple[str, ...] = ()
    seconds: float = 0.0
    sick: tuple[Step, ...] = ()  # of what was sick before too: only a restart was tried, nothing had to be put back


class Report(Struct, frozen=True):
    """What became of a plan."""

    plan: Plan
    outcomes: tuple[Outcome, ...] = ()
    seconds: float = 0.0
    interrupted: bool = False
    trouble: tuple[str, ...] = ()  # why nothing could be started at all: `what; the next move`
    notes: tuple[str, ...] = ()  # what a person should know of a run that may have gone well
    touched: frozenset[str] = frozenset()  # keys of the steps that began to change something
    restarted: frozenset[str] = frozenset()  # hosts whose Docker was restarted meanwhile, as far as is known
    undone: Undone | None = None

    @property
    def changed(self) -> tuple[Outcome, ...]:
        """What containers have seen."""
        return tuple(outcome for outcome in self.of(Status.DONE) if outcome.step.verb is not Verb.NOTE)

    @property
    def ok(self) -> bool:
        """Everything that was planned is done."""
        return not self.interrupted and not self.trouble and all(o.status is Status.DONE for o in self.outcomes)

    @property
    def broke(self) -> bool:
        """Something that was begun did not come to its end. What cannot be tried in the first place breaks nothing: the
        services of a host that is off, and what needs them.
        """
        begun = (outcome for outcome in self.outcomes if outcome.step.key in self.touched)
        return self.interrupted or bool(self.trouble) or any(outcome.status is not Status.DONE for outcome in begun)

    def roots(self, step: Step) -> tuple[Outcome, ...]:
        """The failures for which `step` was skipped: of what it needs, directly or through others that were skipped."""
        steps = {known.key: known for known in self.plan.steps}
        failed = {outcome.step.key: outcome for outcome in self.of(Status.FAILED)}
        found: set[str] = set()
        queue, visited = list(step.needs), set[str]()
        while queue:
            key = queue.pop()
            if key in visited or key not in steps:
                continue
            visited.add(key)
            if key in failed:
                found.add(key)
            else:
                queue += steps[key].needs
        return tuple(failed[key] for key in sorted(found))

    def of(self, status: Status) -> tuple[Outcome, ...]:
        """The outcomes of one kind, in the order in which they came."""
        return tuple(o for o in self.outcomes if o.status is status)
