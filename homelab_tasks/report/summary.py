"""The last lines of a run: did it work, what changed, what failed and why, what was skipped, what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..outcome import Outcome, Report, Status, Undone
from ..plan import Plan, Step, Verb
from .aside import aside_lines, nothing_to_do
from .columns import flow, plain
from .next_move import INTERRUPTED, next_lines
from .phrase import clean, did, duration, grouped, listed, subject
from .plan import notice_lines
from .terminal import Style, Symbol, Tint


def summary_text(report: Report, *, style: Style) -> str:
    """What became of a plan; the last thing that a run prints."""
    plan = report.plan
    if report.trouble:
        lines = [*_trouble(report, style)]
    elif not plan.steps and not report.interrupted:
        lines = [
            *flow(style, [], [plain(nothing_to_do(plan))]),
            *aside_lines(plan, style=style),
            *notice_lines(plan, style=style),
        ]
    else:
        lines = [*_verdict(report, style), *_account(report, style)]
    return "\n".join([*lines, *_notes(report, style), *next_lines(report, style)])


def going_back_text(plan: Plan, *, style: Style) -> str:
    """What is about to be put back, after a failure."""
    names = ", ".join(dict.fromkeys(subject(step.verb, step.subject) for step in plan.steps))
    return "\n".join(flow(style, [("going back: ", Tint.YELLOW)], [plain(names or "files only")]))


def _notes(report: Report, style: Style) -> Iterator[str]:
    for note in report.notes:
        yield from flow(style, [("note: ", Tint.YELLOW)], [plain(note)])


def _trouble(report: Report, style: Style) -> Iterator[str]:
    head = f"{style.mark(Symbol.FAILED)} {report.plan.title}: "
    yield from flow(style, [(head, Tint.RED)], [("nothing was changed", Tint.RED)])
    for trouble in report.trouble:
        yield from flow(style, [("  ", Tint.PLAIN)], [plain(trouble)])


def _verdict(report: Report, style: Style) -> list[str]:
    tint, symbol = (Tint.GREEN, Symbol.DONE) if report.ok else (Tint.RED, Symbol.FAILED)
    if report.interrupted:
        tint = Tint.YELLOW
    head = f"{style.mark(symbol)} {report.plan.title}: "
    return flow(style, [(head, tint)], [(_sentence(report), tint)])


def _sentence(report: Report) -> str:
    took = duration(report.seconds)
    parts = [
        _tally(len(report.of(Status.FAILED)) - len(_unfinished(report)), "failed"),
        _tally(len(_unfinished(report)), "unfinished"),
        _tally(len(report.of(Status.SKIPPED)), "not started" if report.interrupted else "skipped"),
        "" if report.undone else _tally(len(report.changed), "changed"),
        _tally(len(report.plan.unchanged), "unchanged"),
        _tally(len(report.plan.held), "left stopped"),
    ]
    told = ", ".join(part for part in parts if part)
    if report.interrupted:
        return f"interrupted after {took}: {told}{_whereto(report)}"
    if report.ok:
        return f"done in {took}: {told or 'nothing differed'}"
    return f"{told}, after {took}{_whereto(report)}"


def _whereto(report: Report) -> str:
    if not report.undone:
        return ""
    return "; NOT ALL is as before" if report.undone.left else "; all is as before"


def _tally(number: int, word: str) -> str:
    return f"{number} {word}" if number else ""


def _unfinished(report: Report) -> list[Outcome]:
    return [outcome for outcome in report.of(Status.FAILED) if outcome.why == INTERRUPTED]


def _account(report: Report, style: Style) -> Iterator[str]:
    kept = () if report.undone else report.of(Status.DONE)
    for verb, outcomes in grouped((o.step.verb, o) for o in kept).items():
        names = _names(outcomes, report)
        told = f"{names} (no container differs)" if verb is Verb.NOTE else names
        yield from _entry(did(verb), Tint.DIM if verb is Verb.NOTE else Tint.GREEN, told, style)
    for told in _failures(report):
        yield from _entry("failed", Tint.RED, told, style)
    for outcome in _unfinished(report):
        told = f"{_names([outcome], report)}: was {outcome.step.verb.doing}, its health was not awaited"
        yield from _entry("unfinished", Tint.YELLOW, told, style)
    for told in _skipped(report):
        yield from _entry("skipped", Tint.YELLOW, told, style)
    for outcome in report.outcomes:
        if outcome.kept:
            told = f"of {outcome.step.subject} on {outcome.step.host.name}: {clean(outcome.kept)}"
            yield from _entry("kept", Tint.DIM, told, style)
    if report.undone:
        yield from _way_back(report.undone, report, style)


def _way_back(undone: Undone, report: Report, style: Style) -> Iterator[str]:
    back = [outcome for outcome in undone.outcomes if outcome.status is Status.DONE]
    if back:
        told = f"{_names(back, report)}: as before, in {duration(undone.seconds)}"
        yield from _entry("put back", Tint.GREEN, told, style)
    for told in _as_sick_as_before(undone, report):
        yield from _entry("as it was", Tint.YELLOW, told, style)
    for left in undone.left:
        yield from _entry("NOT BACK", Tint.RED, left, style)


def _as_sick_as_before(undone: Undone, report: Report) -> Iterator[str]:
    sick = ((", ".join(step.causes), step) for step in undone.sick)
    for causes, steps in grouped(sick).items():
        yield f"{_named(steps, report)}: {clean(causes)}, as before; only a restart was tried"


def _entry(label: str, tint: Tint, text: str, style: Style) -> list[str]:
    return flow(style, [(f"  {label:<11} ", tint)], [plain(text)])


def _failures(report: Report) -> Iterator[str]:
    failed = [(clean(o.why), o) for o in report.of(Status.FAILED) if o.why != INTERRUPTED]
    for why, outcomes in grouped(failed).items():
        yield f"{_names(outcomes, report)}: {why}"


def _skipped(report: Report) -> Iterator[str]:
    waiting = [outcome for outcome in report.of(Status.SKIPPED) if outcome.why != INTERRUPTED]
    by_cause = grouped((tuple(root.step.key for root in report.roots(o.step)), o) for o in waiting)
    for roots, outcomes in by_cause.items():
        names = _names(outcomes, report)
        causes = listed([subject(r.step.verb, r.step.subject) for r in report.roots(outcomes[0].step)])
        verb = "needs" if len(outcomes) == 1 else "need"
        yield f"{names}: {verb} {causes}, which failed" if roots else f"{names}: {outcomes[0].why}"
    idle = [o for o in report.of(Status.SKIPPED) if o.why == INTERRUPTED]
    if idle:
        yield f"{_names(idle, report)}: as before, nothing was started"


def _names(outcomes: Sequence[Outcome], report: Report) -> str:
    """`plex, tdarr`; where the run was on several hosts, `plex, tdarr on nas; blog on hl15`."""
    return _named([outcome.step for outcome in outcomes], report)


def _named(steps: Iterable[Step], report: Report) -> str:
    found = grouped((step.host.name, subject(step.verb, step.subject)) for step in steps)
    several = len({step.host.name for step in report.plan.steps}) > 1
    return "; ".join(", ".join(names) + (f" on {host}" if several else "") for host, names in found.items())
