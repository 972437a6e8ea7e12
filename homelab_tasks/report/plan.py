"""A plan as text: host by host in the order of start, each step with its cause and what it changes."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from msgspec.structs import replace

from ..model import Moment
from ..plan import Delivery, Plan, Step, Verb
from ..plan.hooks import hooks_of
from .aside import aside_lines, nothing_to_do, unchanged_lines
from .columns import Span, cells, flow, padded, plain
from .phrase import clean, count, grouped, listed, short, subject
from .terminal import Style, Symbol, Tint

_MARKS = {
    Verb.SYSTEM: ("~", Tint.YELLOW),
    Verb.NETWORK: ("+", Tint.GREEN),
    Verb.CREATE: ("+", Tint.GREEN),
    Verb.UPDATE: ("~", Tint.YELLOW),
    Verb.START: (">", Tint.GREEN),
    Verb.RESTART: ("~", Tint.YELLOW),
    Verb.RECREATE: ("~", Tint.YELLOW),
    Verb.STOP: ("-", Tint.YELLOW),
    Verb.REMOVE: ("-", Tint.RED),
    Verb.NOTE: ("=", Tint.DIM),
}
_WIDEST_NAME = 24
_MOST_CHANGES = 8
_MOST_NEEDS = 4


def plan_text(plan: Plan, *, style: Style, verbose: bool = False, dry_run: bool = False) -> str:
    """The whole plan. `verbose` names what stays unchanged and folds nothing; `dry_run` says that nothing was done."""
    plan = replace(plan, steps=tuple(nearest(plan.steps)))
    if not plan.steps and not plan.faults:
        parts = [flow(style, [], [plain(nothing_to_do(plan))])]
    else:
        parts = [[style.paint(_title(plan), Tint.BOLD)], *_hosts(plan, style, verbose=verbose)]
    parts.append(list(unchanged_lines(plan, style=style)) if verbose else [])
    parts.append([*aside_lines(plan, style=style), *_notices(plan, style), *_questions(plan, style)])
    parts.append(list(_faults(plan, style)))
    if plan.steps or plan.faults:
        parts.append(list(_ending(plan, style, dry_run=dry_run)))
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def notice_lines(plan: Plan, *, style: Style) -> Iterator[str]:
    """What a person should know although the plan may run."""
    yield from _notices(plan, style)


def nearest(steps: Sequence[Step]) -> Iterator[Step]:
    """The steps with the nearest of their needs only: what those need themselves goes without saying."""
    every = {step.key: step for step in steps}
    before: dict[str, frozenset[str]] = {}

    def all_before(key: str) -> frozenset[str]:
        if key not in before:
            needs = [need for need in every[key].needs if need in every] if key in every else []
            before[key] = frozenset(needs).union(*map(all_before, needs))
        return before[key]

    for step in steps:
        yield replace(step, needs=step.needs - frozenset().union(*map(all_before, step.needs)))


def _title(plan: Plan) -> str:
    return plan.title + (f" at {short(plan.commit)}" if plan.commit else "")


def _hosts(plan: Plan, style: Style, *, verbose: bool) -> Iterator[list[str]]:
    deliveries = {delivery.host.name: delivery for delivery in plan.deliveries}
    by_host = grouped((step.host.name, step) for step in plan.steps)
    every = {step.key: step for step in plan.steps}
    for name in sorted({*by_host, *deliveries}):
        steps = by_host.get(name, [])
        yield [
            *_heading(name, deliveries.get(name), plan, style),
            *_blocked(steps, style),
            *(line for step in steps if not step.blocked for line in _step(step, steps, every, style, verbose=verbose)),
        ]


def _heading(host: str, delivery: Delivery | None, plan: Plan, style: Style) -> list[str]:
    moves = f": {_move(delivery, plan.commit)}" if delivery else ""
    return flow(style, [(host + moves, Tint.BOLD)], [])


def _move(delivery: Delivery, commit: str) -> str:
    if not delivery.commit:
        return f"first delivery, {short(commit)}"
    if delivery.base == commit and not delivery.half:
        return f"{short(commit)}, other services pinned"
    if delivery.base == commit:
        return f"{short(commit)} again, the last delivery did not end"
    return f"{short(delivery.base)} -> {short(commit)}"


def _blocked(steps: Iterable[Step], style: Style) -> Iterator[str]:
    for why, blocked in grouped((step.blocked, step) for step in steps if step.blocked).items():
        head = f"  {style.mark(Symbol.FAILED)} "
        names = ", ".join(step.subject for step in blocked)
        yield from flow(style, [(head, Tint.RED)], [(f"cannot be tried: {why}", Tint.RED), plain(f"({names})")])


def _step(
    step: Step, beside: Sequence[Step], every: Mapping[str, Step], style: Style, *, verbose: bool
) -> Iterator[str]:
    mark, tint = _MARKS[step.verb]
    width = min(max(cells(other.subject) for other in beside), _WIDEST_NAME)
    head = [(f"  {mark} ", tint), padded((step.subject, Tint.BOLD), width), plain("  ")]
    yield from flow(style, head, _sentence(step, every, verbose=verbose, tint=tint))
    for change in _changes(step, verbose=verbose):
        yield from flow(style, [plain("      ")], [plain(change)])
    for hook in hooks_of(step):
        when = "after: " if hook.moment is Moment.AFTER_DEPLOY else "before: "
        yield from flow(style, [plain(f"      {when}")], [plain(clean(hook.run.strip().replace("\n", "; ")))])
    if step.pulls:
        yield from flow(style, [plain("      pulls ")], [plain(", ".join(step.pulls))])


def _sentence(step: Step, every: Mapping[str, Step], *, verbose: bool, tint: Tint) -> Iterator[Span]:
    yield step.verb.value + (":" if step.cause else ""), tint
    after = _after(step, every, verbose=verbose)
    yield plain(step.cause + (";" if after and step.cause else ""))
    if after:
        yield "after " + listed(after, len(after) if verbose else _MOST_NEEDS), Tint.DIM


def _after(step: Step, every: Mapping[str, Step], *, verbose: bool) -> list[str]:
    """What a step waits for by name; of several that only their group puts first, the group."""
    group_of = {} if verbose else dict(step.by_group)
    groups = grouped((group_of.get(key, ""), key) for key in sorted(step.needs & every.keys()))
    folded = {key for group, keys in groups.items() if group and len(keys) > 1 for key in keys}
    names = [_name(every[key], step) for key in sorted((step.needs & every.keys()) - folded)]
    return [*names, *(f"group {group}" for group in dict.fromkeys(group_of[key] for key in sorted(folded)))]


def _name(needed: Step, step: Step) -> str:
    where = "" if needed.host.name == step.host.name else f" (on {needed.host.name})"
    return subject(needed.verb, needed.subject) + where


def _changes(step: Step, *, verbose: bool) -> list[str]:
    texts = [clean(str(change)) for change in step.changes]
    if verbose or len(texts) <= _MOST_CHANGES + 1:
        return texts
    return [*texts[:_MOST_CHANGES], f"and {len(texts) - _MOST_CHANGES} more changes (--verbose)"]


def _notices(plan: Plan, style: Style) -> Iterator[str]:
    for notice in plan.notices:
        yield from flow(style, [("note: ", Tint.YELLOW)], [plain(notice)])


def _questions(plan: Plan, style: Style) -> Iterator[str]:
    for question in plan.asks:
        yield from flow(style, [("note: ", Tint.YELLOW)], [plain(f"asks first: {question}")])


def _faults(plan: Plan, style: Style) -> Iterator[str]:
    for fault in plan.faults:
        yield from flow(style, [(f"{style.mark(Symbol.FAILED)} ", Tint.RED)], [plain(fault)])


def _ending(plan: Plan, style: Style, *, dry_run: bool) -> Iterator[str]:
    done = "; nothing was changed" if dry_run or plan.faults else ""
    yield from flow(style, [], [(_counts(plan) + done, Tint.BOLD)])
    if plan.faults:
        faults = f"{count(len(plan.faults), 'fault')} to mend first (marked {style.mark(Symbol.FAILED)})"
        yield from flow(style, [], [plain(f"{faults}, then: inv {plan.title}")])
    elif dry_run:
        yield from flow(style, [], [plain(f"to do it: inv {plan.title}")])


def _counts(plan: Plan) -> str:
    steps = [step for step in plan.steps if not step.blocked]
    verbs = grouped((step.verb, step) for step in steps)
    kinds = ", ".join(f"{len(found)} {verb.value}" for verb, found in verbs.items())
    parts = [f"{len(steps)} to change" + (f" ({kinds})" if kinds else "")]
    blocked = len(plan.steps) - len(steps)
    parts += [f"{blocked} cannot be tried"] if blocked else []
    parts += [f"{len(plan.unchanged)} unchanged"] if plan.unchanged else []
    parts += [f"{len(plan.held)} left stopped"] if plan.held else []
    return ", ".join(parts)
