"""What a run leaves as it is, and says so: unchanged services, those stopped on purpose, those gone from the repo."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from ..plan import AS_THEN, UNCHANGED, Plan, Unit
from .columns import flow, plain
from .phrase import count, grouped, listed, moment, short
from .terminal import Style, Tint


def nothing_to_do(plan: Plan) -> str:
    """`nothing to do: 20 services on 2 hosts are as the repo says (1a2b3c4)`."""
    if not plan.unchanged:
        return "nothing to do" + ("" if plan.held else ": no service is meant")
    return f"nothing to do: {'; '.join([*_as_meant(plan), *_otherwise(plan)])}"


def _as_meant(plan: Plan) -> Iterator[str]:
    commit = short(plan.commit)
    if now := [unit for unit in plan.unchanged if unit.why == UNCHANGED]:
        yield f"{_who(now)} as the repo says{commit and f' ({commit})'}"
    if then := [unit for unit in plan.unchanged if unit.why == AS_THEN]:
        yield f"{_who(then)} as {'it was' if len({u.subject for u in then}) == 1 else 'they were'} at {commit}"


def _otherwise(plan: Plan) -> Iterator[str]:
    others = (unit for unit in plan.unchanged if unit.why not in (UNCHANGED, AS_THEN))
    for (why, host), names in grouped(((u.why, u.host.name), u.subject) for u in others).items():
        yield f"{listed(names)} {'is' if len(names) == 1 else 'are'} {why} on {host}"


def _who(units: Sequence[Unit]) -> str:
    """`20 services on 2 hosts are`."""
    services = {unit.subject for unit in units}
    hosts = {unit.host.name for unit in units}
    where = next(iter(hosts)) if len(hosts) == 1 else count(len(hosts), "host")
    verb = "is" if len(services) == 1 else "are"
    who = next(iter(services)) if len(services) == 1 else count(len(services), "service")
    return f"{who} on {where} {verb}"


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
