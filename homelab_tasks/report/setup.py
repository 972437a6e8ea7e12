"""A setup as text: what a host lacks, why it needs it, the commands; then how each step ended."""

from __future__ import annotations

from collections.abc import Iterator

from ..provision import Outcome, Plan, Step
from ..runner.known_hosts import Stranger
from .columns import block, flow, plain
from .phrase import clean, count
from .services import address_of
from .terminal import Style, Symbol, Tint


def plan_text(plan: Plan, *, style: Style, dry_run: bool = False) -> str:
    """The whole plan; `dry_run` says that nothing was done."""
    if not plan.steps and not plan.faults:
        lines = flow(style, [], [plain(f"nothing to do: {plan.host.name} has all that a deploy needs")])
        return "\n".join([*lines, *_notes(plan, style)])
    name = f" ({plan.seen.release.name})" if plan.seen.release.name else ""
    head = flow(style, [(f"setup {plan.host.name}  ", Tint.BOLD)], [plain(f"{address_of(plan.host)}{name}")])
    parts = [head, *(_step(plan, step, style) for step in plan.steps)]
    parts.append([*_notes(plan, style), *_faults(plan, style)])
    parts.append(_ending(plan, style, dry_run=dry_run))
    return "\n\n".join("\n".join(lines) for lines in parts if lines)


def outcome_text(outcome: Outcome, *, style: Style) -> str:
    """How one step ended."""
    symbol, tint = (Symbol.FAILED, Tint.RED) if outcome.why else (Symbol.DONE, Tint.GREEN)
    why = f": {clean(outcome.why)}" if outcome.why else ""
    return "\n".join(flow(style, [(f"{style.mark(symbol)} ", tint)], [plain(outcome.step.what + why)]))


def ready_text(plan: Plan, *, style: Style) -> str:
    """The last look, after the last step: ready, or what is left."""
    name = plan.host.name
    if not plan.steps and not plan.faults:
        lines = flow(style, [(f"{style.mark(Symbol.DONE)} ", Tint.GREEN)], [plain(f"{name} is ready")])
        lines += flow(style, [("next  ", Tint.BOLD)], [(f"inv deploy-all --host {name}", Tint.CYAN)])
        return "\n".join(lines)
    left = [line for step in plan.steps for line in flow(style, [plain("  ")], [plain(f"{step.what}: {step.why}")])]
    lines = flow(style, [], [(f"{name} is not ready yet", Tint.BOLD)])
    return "\n".join([*lines, *left, *_faults(plan, style)])


def stranger_text(stranger: Stranger, how: str, *, style: Style) -> str:
    """A key that is to be compared."""
    shown = f"{stranger.key.kind} {stranger.key.fingerprint}"
    lines = flow(style, [(f"{stranger.name} ", Tint.BOLD)], [plain("shows a host key that nobody knows here:")])
    lines += [f"  {shown}"]
    lines += flow(style, [], [plain("compare it with what the host itself says, at its own console:")])
    return "\n".join([*lines, f"  {how}"])


def _step(plan: Plan, step: Step, style: Style) -> list[str]:
    lines = flow(style, [("  + ", Tint.GREEN), (f"{step.what}  ", Tint.BOLD)], [plain(step.why)], hang=6)
    for act in step.acts:
        lines += block(style, act.typed(plan.seen.rights), Tint.DIM, 6)
    return lines


def _notes(plan: Plan, style: Style) -> Iterator[str]:
    for note in plan.notes:
        yield from flow(style, [("note: ", Tint.YELLOW)], [plain(note)])


def _faults(plan: Plan, style: Style) -> Iterator[str]:
    for fault in (*plan.faults, *([plan.blocked] if plan.blocked else [])):
        yield from flow(style, [(f"{style.mark(Symbol.FAILED)} ", Tint.RED)], [plain(fault)])


def _ending(plan: Plan, style: Style, *, dry_run: bool) -> list[str]:
    parts = [count(len(plan.steps), "step")] if plan.steps else []
    parts += [f"{len(plan.faults)} to mend by hand"] if plan.faults else []
    undone = "; nothing was changed" if dry_run or plan.blocked else ""
    lines = flow(style, [], [(", ".join(parts) + undone, Tint.BOLD)])
    if dry_run and plan.steps and not plan.blocked:
        lines += flow(style, [], [plain(f"to do it: inv setup {plan.host.name}")])
    return lines
