"""How high each node stands: in the order that is given, apart from its neighbours, near to what it is joined with."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct

from .layering import Layered, Node, neighbours

_SWEEPS = 60
_SPACE = {0: 8.0, 1: 10.0, 2: 14.0}  # between two neighbours, by how many of them are boxes
_STRAIGHT = 6.0  # how much more a long line wants to be straight than to be short

Heights = Mapping[int, float]


class Wish(Struct, frozen=True):
    """Where something wants to stand, and how much; `size` counts the wishes that were pooled."""

    at: float
    weight: float
    size: int = 1


def placed(plan: Layered, heights: Heights) -> dict[int, float]:
    """The centre of every node, counted from the top of its lane's content."""
    found: dict[int, float] = {}
    for lane in sorted({node.lane for node in plan.nodes}):
        found |= _lane(_lane_part(plan, heights, lane))
    return found


class _Part(Struct, frozen=True):
    """One lane: its nodes column by column, how far below the first of its column each must stand, and its links."""

    rows: tuple[tuple[int, ...], ...]
    heights: Heights
    offsets: Mapping[int, float]
    links: Mapping[int, list[int]]
    chains: Mapping[int, tuple[int, ...]]  # the bends of a long line, by each of them


def _lane_part(plan: Layered, heights: Heights, lane: int) -> _Part:
    rows = tuple(tuple(n for n in column if plan.nodes[n].lane == lane) for column in plan.columns)
    inside = [(a, b) for a, b in plan.links() if plan.nodes[a].lane == plan.nodes[b].lane == lane]
    offsets = {n: offset for row in rows for n, offset in _stacked(plan.nodes, heights, row).items()}
    links = neighbours([*inside, *((b, a) for a, b in inside)])
    return _Part(rows, heights, offsets, links, _chains(plan.nodes, inside))


def _stacked(nodes: Sequence[Node], heights: Heights, row: Sequence[int]) -> dict[int, float]:
    offsets = dict.fromkeys(row[:1], 0.0)
    for above, n in pairwise(row):
        boxes = bool(nodes[above].names) + bool(nodes[n].names)
        offsets[n] = offsets[above] + (heights[above] + heights[n]) / 2 + _SPACE[boxes]
    return offsets


def _chains(nodes: Sequence[Node], links: Iterable[tuple[int, int]]) -> dict[int, tuple[int, ...]]:
    """Links come from left to right, so that each bend finds the chain of the one before it."""
    chains: dict[int, tuple[int, ...]] = {n: (n,) for n, node in enumerate(nodes) if not node.names}
    for a, b in sorted(links, key=lambda link: nodes[link[0]].column):
        if not nodes[a].names and not nodes[b].names:
            whole = (*chains[a], *chains[b])
            chains |= dict.fromkeys(whole, whole)
    return chains


def _lane(part: _Part) -> dict[int, float]:
    y = {n: part.offsets[n] - part.offsets[row[-1]] / 2 for row in part.rows for n in row}
    column = {n: i for i, row in enumerate(part.rows) for n in row}
    for sweep in range(_SWEEPS):
        sides = _sides(sweep)
        for row in part.rows[:: 1 if sweep % 2 == 0 else -1]:
            near = {n: [m for m in part.links.get(n, ()) if column[m] - column[n] in sides] for n in row}
            wishes = [_wish(part, n, y, near[n]) for n in row]
            y.update((n, at + part.offsets[n]) for n, at in zip(row, settled(wishes), strict=True))
    return _closed(y, part.heights)


def _closed(y: Mapping[int, float], heights: Heights) -> dict[int, float]:
    """From 0 downwards, and without bands in which nothing stands that are broader than the space between boxes."""
    found: dict[int, float] = {}
    bottom = -_SPACE[2]  # of what is placed, where it stands now
    shift = 0.0
    for n in sorted(y, key=lambda n: (y[n] - heights[n] / 2, n)):
        half = heights[n] / 2
        if not found:
            shift = half - y[n]
        shift = min(shift, bottom + _SPACE[2] + half - y[n])
        found[n] = y[n] + shift
        bottom = max(bottom, found[n] + half)
    return found


def _sides(sweep: int) -> tuple[int, ...]:
    """Which neighbours count: those on the side where the sweep comes from, later both."""
    if sweep > _SWEEPS // 3:
        return (-1, 1)
    return (-1,) if sweep % 2 == 0 else (1,)


def _wish(part: _Part, n: int, y: Mapping[int, float], near: Sequence[int]) -> Wish:
    """A box wants to stand in the middle of its neighbours, a bend level with all of its line and near to its ends."""
    chain = part.chains.get(n, ())
    ends = [m for bend in chain for m in part.links.get(bend, ()) if m not in part.chains] or near
    pulls = [*((y[m], _STRAIGHT) for m in chain), *((y[m], 1.0) for m in (ends if chain else near))]
    weight = sum(pull for _, pull in pulls)
    at = sum(at * pull for at, pull in pulls) / weight if weight else y[n]
    return Wish(at - part.offsets[n], weight or 0.1)


def settled(wishes: Sequence[Wish]) -> list[float]:
    """The nearest values to the wishes, in least squares, that never decrease (pool adjacent violators)."""
    pools: list[Wish] = []
    for wish in wishes:
        pools.append(wish)
        while len(pools) > 1 and pools[-2].at >= pools[-1].at:
            lower, upper = pools.pop(), pools.pop()
            pools.append(_pooled(upper, lower))
    return [pool.at for pool in pools for _ in range(pool.size)]


def _pooled(a: Wish, b: Wish) -> Wish:
    weight = a.weight + b.weight
    return Wish((a.at * a.weight + b.at * b.weight) / weight, weight, a.size + b.size)
