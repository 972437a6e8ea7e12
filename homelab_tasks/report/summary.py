"""The last lines of a run: did it work, what changed, what failed and why, what was skipped, what to type next."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..outcome import Outcome, Report, Status
from ..plan import Plan, Step, Verb
from .aside import aside_lines, nothing_to_do
from .columns import flow, plain
from .phrase import clean, did, duration, grouped, listed, subject
from .plan import notice_lines
from .terminal import Style, Symbol, Tint

INTERRUPTED = "interrupted"  # the reason that the walk gives for what a Ctrl-C ended


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
    return "\n".join([*lines, *_notes(report, style), *_next(report, style)])


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
        "" if report.undone else _tally(len(_changed(report)), "changed"),
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


def _changed(report: Report) -> list[Outcome]:
    return [outcome for outcome in report.of(Status.DONE) if outcome.step.verb is not Verb.NOTE]


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
        back = [outcome for outcome in report.undone.outcomes if outcome.status is Status.DONE]
        if back:
            told = f"{_names(back, report)}: as before, in {duration(report.undone.seconds)}"
            yield from _entry("put back", Tint.GREEN, told, style)
        for left in report.undone.left:
            yield from _entry("NOT BACK", Tint.RED, left, style)


def _entry(label: str, tint: Tint, text: str, style: Style) -> list[str]:
    return flow(style, [(f"  {label:<11} ", tint)], [plain(text)])


def _failures(report: Report) -> Iterator[str]:
    failed = [(clean(o.why), o) for o in report.of(Status.FAILED) if o.why != INTERRUPTED]
    for why, outcomes in grouped(failed).items():
        yield f"{_names(outcomes, report)}: {why}"


def _skipped(report: Report) -> Iterator[str]:
    failed = {outcome.step.key for outcome in report.of(Status.FAILED)}
    needs = {step.key: step for step in report.plan.steps}
    waiting = [outcome for outcome in report.of(Status.SKIPPED) if outcome.why != INTERRUPTED]
    by_cause = grouped((_roots(o.step, needs, failed), o) for o in waiting)
    for roots, outcomes in by_cause.items():
        names = _names(outcomes, report)
        causes = listed([subject(needs[key].verb, needs[key].subject) for key in roots])
        verb = "needs" if len(outcomes) == 1 else "need"
        yield f"{names}: {verb} {causes}, which failed" if roots else f"{names}: {outcomes[0].why}"
    idle = [o for o in report.of(Status.SKIPPED) if o.why == INTERRUPTED]
    if idle:
        yield f"{_names(idle, report)}: as before, nothing was started"


def _roots(step: Step, steps: dict[str, Step], failed: set[str]) -> tuple[str, ...]:
    """The failed steps that `step` needs, directly or through others that were skipped."""
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
    return tuple(sorted(found))


def _names(outcomes: Sequence[Outcome], report: Report) -> str:
    """`plex, tdarr`; where the run was on several hosts, `plex, tdarr on nas; blog on hl15`."""
    found = grouped((o.step.host.name, subject(o.step.verb, o.step.subject)) for o in outcomes)
    several = len({step.host.name for step in report.plan.steps}) > 1
    return "; ".join(", ".join(names) + (f" on {host}" if several else "") for host, names in found.items())


def _next(report: Report, style: Style) -> Iterator[str]:
    head = "next  "
    for command, reason in _commands(report):
        yield from flow(style, [(head, Tint.BOLD)], [(command, Tint.CYAN), (reason, Tint.DIM)])
        head = " " * len(head)


def _commands(report: Report) -> Iterator[tuple[str, str]]:
    title = f"inv {report.plan.title}"
    if report.interrupted:
        yield title, "(begins anew)" if report.undone else "(goes on from here)"
        return
    if report.trouble:
        yield title, "(once that is mended)"
        return
    silent = [] if report.undone else _worth_reading(report.of(Status.FAILED))  # their containers are gone
    if silent:
        others = f"({len(silent) - 3} more failed)" if len(silent) > 3 else ""
        yield f"inv logs {','.join(silent[:3])} --tail 50", others
    if not report.ok:
        yield title, "(once that is mended)" if report.undone else "(once that is mended: it goes on from here)"
    elif stopped := [o.step.subject for o in report.outcomes if o.step.verb is Verb.STOP]:
        _, dashes, flags = report.plan.title.partition(" --")
        yield f"inv start {','.join(dict.fromkeys(stopped))}{dashes}{flags}", "(until then it stays stopped)"
    elif _changed(report):
        yield "inv status", ""


def _worth_reading(failed: Sequence[Outcome]) -> list[str]:
    """Services whose containers may say more."""
    subjects: Iterable[str] = (o.step.subject for o in failed if o.step.gate and o.why != INTERRUPTED)
    return list(dict.fromkeys(subjects))
