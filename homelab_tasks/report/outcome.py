"""One step of a run as the lines that stay: started, healthy, failed with the container's last words, skipped."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from msgspec import Struct

from ..outcome import Outcome, Phase, Progress, Status
from ..plan import Plan, Step, Verb
from .columns import Span, block, cells, flow, padded, plain
from .phrase import clean, did, duration, grouped, subject
from .terminal import Style, Symbol, Tint

_WIDEST = 24
_LOOKS = {
    Status.DONE: (Symbol.DONE, Tint.GREEN),
    Status.FAILED: (Symbol.FAILED, Tint.RED),
    Status.SKIPPED: (Symbol.SKIPPED, Tint.YELLOW),
}


class Widths(Struct, frozen=True):
    """How wide the columns of names are, so that all lines of a run stand below each other."""

    subject: int = 0
    host: int = 0


def widths_of(steps: Iterable[Step]) -> Widths:
    """Wide enough for the names of these steps, within reason."""
    known = list(steps)
    subjects = max((cells(subject(step.verb, step.subject)) for step in known), default=0)
    hosts = max((cells(step.host.name) for step in known), default=0)
    return Widths(min(subjects, _WIDEST), min(hosts, _WIDEST))


def name_columns(symbol: str, tint: Tint, step: Step, widths: Widths) -> list[Span]:
    """`✓ plex  hl15  `, the beginning of every line about a step."""
    name = padded((subject(step.verb, step.subject), Tint.BOLD), widths.subject)
    host = padded(plain(step.host.name), widths.host)
    return [(f"{symbol} ", tint), name, plain("  "), host, plain("  ")]


def started_lines(step: Step, style: Style, widths: Widths, phase: Phase = Phase.WORKING) -> list[str]:
    """`▸ plex  hl15  updating`; why was said with the plan."""
    doing = phase.value if phase in (Phase.PULLING, Phase.BUILDING) else step.verb.doing
    return flow(style, name_columns(style.mark(Symbol.WORKING), Tint.PLAIN, step, widths), [plain(doing)])


def ended_lines(outcome: Outcome, style: Style, widths: Widths) -> list[str]:
    """How a step ended; below a failure, what its container wrote last."""
    symbol, tint = _LOOKS[outcome.status]
    head = name_columns(style.mark(symbol), tint, outcome.step, widths)
    log = [line for text in outcome.log for line in block(style, clean(text), Tint.DIM, 6)]
    return [*flow(style, head, _ending(outcome, tint)), *log]


def blocked_lines(plan: Plan, style: Style) -> Iterator[str]:
    """What cannot be tried at all, once for each reason."""
    for why, steps in grouped((step.blocked, step) for step in plan.steps if step.blocked).items():
        head = [(f"{style.mark(Symbol.FAILED)} ", Tint.RED)]
        names = ", ".join(dict.fromkeys(step.subject for step in steps))
        yield from flow(style, head, [(why, Tint.RED), plain(f"(not tried: {names})")])


def permanent(progress: Progress, style: Style, widths: Widths) -> list[str]:
    """The lines that a pipe gets for an event; none for one that matters only while it lasts."""
    if progress.outcome:
        return [] if progress.step.blocked else ended_lines(progress.outcome, style, widths)
    if progress.phase in (Phase.PULLING, Phase.BUILDING, Phase.WORKING) and progress.step.verb is not Verb.NOTE:
        return started_lines(progress.step, style, widths, progress.phase)
    return []


def _ending(outcome: Outcome, tint: Tint) -> list[Span]:
    step = outcome.step
    match outcome.status:
        case Status.DONE:
            took = f"{', healthy' if step.gate else ''} in {duration(outcome.seconds)}"
            return [plain(did(step.verb) + took)]
        case Status.FAILED:
            return [("failed:", tint), plain(f"{clean(outcome.why)} ({duration(outcome.seconds)})")]
        case Status.SKIPPED:
            return [("skipped:", tint), plain(outcome.why)]
