"""What a run leaves as it is, and says so: unchanged services, those stopped on purpose, those gone from the repo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..plan import Plan, Unit
from .columns import flow, plain
from .phrase import count, grouped, listed, moment, short
from .terminal import Style, Tint


def nothing_to_do(plan: Plan) -> str:
    """`nothing to do: 20 services on 2 hosts are as the repo says (1a2b3c4)`."""
    if not plan.unchanged:
        return "nothing to do" + ("" if plan.held else ": no service is meant")
    reasons = grouped((unit.why, unit) for unit in plan.unchanged)
    if set(reasons) == {"unchanged"}:
        return f"nothing to do: {_as_the_repo_says(plan)}"
    return "nothing to do: " + "; ".join(f"{_names(units)} {why}" for why, units in reasons.items())


def _as_the_repo_says(plan: Plan) -> str:
    services = {unit.subject for unit in plan.unchanged}
    hosts = {unit.host.name for unit in plan.unchanged}
    where = next(iter(hosts)) if len(hosts) == 1 else count(len(hosts), "host")
    commit = f" ({short(plan.commit)})" if plan.commit else ""
    verb = "is" if len(services) == 1 else "are"
    who = next(iter(services)) if len(services) == 1 else count(len(services), "service")
    return f"{who} on {where} {verb} as the repo says{commit}"


def aside_lines(plan: Plan, *, style: Style) -> Iterator[str]:
    """One paragraph each: left stopped, gone from the repo. Nothing where there is nothing."""
    for why, units in grouped((_since(unit), unit) for unit in plan.held).items():
        text = f"{_at(units)}, {why}; inv start {','.join(sorted({u.subject for u in units}))}"
        yield from flow(style, [("left stopped  ", Tint.YELLOW)], [plain(text)])
    for why, units in grouped((unit.why, unit) for unit in plan.gone).items():
        text = f"{_at(units)}, {why}; --prune removes {'it' if len(units) == 1 else 'them'}"
        yield from flow(style, [("left behind   ", Tint.YELLOW)], [plain(text)])


def unchanged_lines(plan: Plan, *, style: Style) -> Iterator[str]:
    """The names of what stays as it is, host by host."""
    for (host, why), units in grouped(((u.host.name, u.why), u) for u in plan.unchanged).items():
        names = ", ".join(u.subject for u in units)
        head = f"{why} on {host}: "
        yield from flow(style, [(head, Tint.DIM)], [(names, Tint.DIM)])


def _since(unit: Unit) -> str:
    """The planner's `stopped by ann@desk, 2026-01-31T21:14:00Z`, with a time that a person reads."""
    who, comma, at = unit.why.rpartition(", ")
    return f"{who} since {moment(at)}" if comma and at.endswith("Z") else unit.why


def _at(units: Iterable[Unit]) -> str:
    by_host = grouped((unit.host.name, unit.subject) for unit in units)
    return ", ".join(f"{listed(names)} on {host}" for host, names in by_host.items())


def _names(units: Iterable[Unit]) -> str:
    units = list(units)
    return listed(list(dict.fromkeys(unit.subject for unit in units))) + (" is" if len(units) == 1 else " are")
