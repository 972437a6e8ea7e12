"""The state of a run as a value, and the few lines that show it while it lasts; pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct, field
from msgspec.structs import replace

from ..outcome import Phase, Progress, Status
from ..plan import Plan, Step
from .columns import Span, cells, flow, plain
from .outcome import Widths, name_columns, widths_of
from .phrase import duration, listed, subject
from .plan import nearest
from .terminal import Style, Symbol, Tint

LEAST_LINES = 4


class Active(Struct, frozen=True):
    """A step that somebody works on, and since when (seconds of the caller's clock)."""

    step: Step
    phase: Phase
    since: float


class Board(Struct, frozen=True):
    """Where every step of a run is. `waiting` holds those that nobody works on yet, in the order of the plan."""

    start: float
    waiting: Mapping[str, Step] = field(default_factory=dict)
    active: Mapping[str, Active] = field(default_factory=dict)
    ended: Mapping[str, Status] = field(default_factory=dict)
    failed: tuple[str, ...] = ()
    widths: Widths = field(default_factory=Widths)

    @property
    def over(self) -> bool:
        """Nothing is open any more."""
        return not self.waiting and not self.active

    def after(self, progress: Progress, now: float) -> Board:
        """The board once this is known."""
        step = progress.step
        waiting = {key: other for key, other in self.waiting.items() if key != step.key}
        active = {key: other for key, other in self.active.items() if key != step.key}
        if progress.phase is Phase.WAITING:
            return replace(self, waiting={**waiting, step.key: step}, active=active)
        if not progress.outcome:
            since = self.active[step.key].since if step.key in self.active else now
            active[step.key] = Active(step, progress.phase, since)
            return replace(self, waiting=waiting, active=active)
        status = progress.outcome.status
        failed = (*self.failed, step.subject) if status is Status.FAILED else self.failed
        return replace(self, waiting=waiting, active=active, ended={**self.ended, step.key: status}, failed=failed)


def board_of(plan: Plan, now: float) -> Board:
    """The board before the first step."""
    return Board(now, {step.key: step for step in plan.steps}, widths=widths_of(plan.steps))


def region(board: Board, now: float, height: int, style: Style) -> list[str]:
    """At most half of the terminal's `height`: what is worked on, then what waits for it, then one line of counts.

    Each is one line; what does not fit is counted. A failure stays named here until the run ends.
    """
    most = max(LEAST_LINES, height // 2) - 1
    lines = [*_active(board, now, style), *_waiting(board, style)]
    if len(lines) > most:
        hidden = len(lines) - most + 1
        what = "waiting" if hidden <= len(board.waiting) else "open"
        lines = [*lines[: most - 1], [(f"  ... and {hidden} {what}", Tint.DIM)]]
    return [_one_line(style, line) for line in [*lines, _counts(board, now)]]


Line = list[Span]


def _active(board: Board, now: float, style: Style) -> Iterator[Line]:
    for active in sorted(board.active.values(), key=lambda active: active.since):
        head = name_columns(style.mark(Symbol.WORKING), Tint.CYAN, active.step, board.widths)
        yield [*head, plain(f"{_doing(active)}  {round(now - active.since)} s")]


def _doing(active: Active) -> str:
    match active.phase:
        case Phase.PULLING:
            return " ".join(["pulling", *([listed(active.step.pulls, 2)] if active.step.pulls else [])])
        case Phase.BUILDING:
            return "building"
        case Phase.DELIVERING:
            return "receiving the commit"
        case Phase.CHECKING:
            return "checking health"
        case _:
            return active.step.verb.doing


def _waiting(board: Board, style: Style) -> Iterator[Line]:
    steps = [*board.waiting.values(), *(active.step for active in board.active.values())]
    still_open = {step.key: step for step in nearest(steps)}
    for key in board.waiting:
        step = still_open[key]
        head = name_columns(style.mark(Symbol.WAITING), Tint.DIM, step, board.widths)
        yield [*head, (_waits_for(step, still_open), Tint.DIM)]


def _waits_for(step: Step, still_open: Mapping[str, Step]) -> str:
    needs = [still_open[key] for key in sorted(step.needs) if key in still_open]
    return f"waiting for {listed([subject(s.verb, s.subject) for s in needs], 3)}" if needs else "waiting for its turn"


def _counts(board: Board, now: float) -> Line:
    total = len(board.waiting) + len(board.active) + len(board.ended)
    done = sum(status is Status.DONE for status in board.ended.values())
    skipped = sum(status is Status.SKIPPED for status in board.ended.values())
    parts = [plain(f"{done} of {total} done, {duration(now - board.start)}")]
    if board.failed:
        parts.append((f", {len(board.failed)} failed: {listed(board.failed, 6)}", Tint.RED))
    return [*parts, *([(f", {skipped} skipped", Tint.YELLOW)] if skipped else [])]


def _one_line(style: Style, spans: Line) -> str:
    """The spans, cut where the terminal ends: a line that wraps would break the region."""
    room = (style.width or 80) - 1
    shown: list[Span] = []
    for text, tint in spans:
        piece = text
        while cells(piece) > room:
            piece = piece[:-1]
        room -= cells(piece)
        shown.append((piece, tint))
    return flow(style, shown, [])[0]
