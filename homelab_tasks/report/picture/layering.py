"""Sugiyama's first half: which column each box stands in, and in which order, so that few lines cross."""

from __future__ import annotations

from bisect import bisect_right, insort
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise

from msgspec import Struct
from msgspec.structs import replace

from ...graph import layers
from ...model import Reason
from ..diagram import Arrow, Diagram, lane_of

_SWEEPS = 24

Columns = tuple[tuple[int, ...], ...]


class Node(Struct, frozen=True):
    """A box; several boxes in one frame; or, without names, the place where a long line passes through a column."""

    lane: int
    column: int
    names: tuple[str, ...] = ()


class Wire(Struct, frozen=True):
    """A line through `nodes` from left to right; it stands for `arrows`, which have the same ends and reason."""

    nodes: tuple[int, ...]
    arrows: tuple[Arrow, ...]


class Layered(Struct, frozen=True):
    """Nodes by index, the lines between them, and each column from top to bottom. Lanes keep their order in each."""

    nodes: tuple[Node, ...]
    wires: tuple[Wire, ...]
    columns: Columns

    def links(self) -> tuple[tuple[int, int], ...]:
        """Each pair of nodes of neighbouring columns that a line joins."""
        return tuple(sorted({pair for wire in self.wires for pair in pairwise(wire.nodes)}))


def layered(diagram: Diagram) -> Layered:
    """Every service that an arrow touches, in columns of what can start at the same time."""
    blocks = _blocks(diagram)
    nodes, wires = _wired(blocks, diagram.arrows)
    start = _start(nodes)
    plan = Layered(nodes, wires, start)
    return replace(plan, columns=_uncrossed(plan))


def _blocks(diagram: Diagram) -> tuple[Node, ...]:
    lanes = {lane: n for n, lane in enumerate(diagram.lanes)}
    columns = _columns(diagram)
    alike = _alike(diagram)
    return tuple(Node(lanes[lane_of(diagram.repo, names[0])], columns[names[0]], names) for names in alike)


def _alike(diagram: Diagram) -> list[tuple[str, ...]]:
    """Services of one lane with the same arrows share a frame, where that saves at least three lines."""
    ties = _ties(diagram.arrows)
    same: dict[object, list[str]] = defaultdict(list)
    for name in sorted(ties):
        same[lane_of(diagram.repo, name), frozenset(ties[name])].append(name)
    found: list[tuple[str, ...]] = []
    for names in same.values():
        saved = (len(names) - 1) * len(ties[names[0]])
        found += [tuple(names)] if saved >= 3 else [(name,) for name in names]
    return found


def _ties(arrows: Iterable[Arrow]) -> Mapping[str, set[tuple[str, str, Reason]]]:
    ties: dict[str, set[tuple[str, str, Reason]]] = defaultdict(set)
    for arrow in arrows:
        ties[arrow.dependent].add(("after", arrow.dependency, arrow.reason))
        ties[arrow.dependency].add(("before", arrow.dependent, arrow.reason))
    return ties


def _columns(diagram: Diagram) -> dict[str, int]:
    """The longest way from a start; what needs nothing moves right, next to the first that waits for it."""
    edges = tuple(edge for arrow in diagram.arrows for edge in arrow.edges)
    names = tuple(sorted({name for edge in edges for name in (edge.dependency, edge.dependent)}))
    waves = layers(replace(diagram.repo, edges=edges), names)
    column = {name: n for n, wave in enumerate(waves) for name in wave}
    moved = dict(column)
    for name in column.keys() - diagram.needs().keys():
        moved[name] = min(column[arrow.dependent] for arrow in diagram.arrows if arrow.dependency == name) - 1
    return moved


def _wired(blocks: tuple[Node, ...], arrows: Iterable[Arrow]) -> tuple[tuple[Node, ...], tuple[Wire, ...]]:
    """Lines of one source and one reason to one lane run together as far as they can: one bend a column."""
    nodes = list(blocks)
    at = {name: n for n, block in enumerate(blocks) for name in block.names}
    bends: dict[tuple[int, Reason, int, int], int] = {}
    wires = []
    for (source, target, reason), bundle in _bundles(arrows, at).items():
        lane = nodes[target].lane
        path = [source]
        for column in range(nodes[source].column + 1, nodes[target].column):
            key = (source, reason, lane, column)
            if key not in bends:
                bends[key] = len(nodes)
                nodes.append(Node(lane, column))
            path.append(bends[key])
        wires.append(Wire((*path, target), tuple(bundle)))
    return tuple(nodes), tuple(wires)


def _bundles(arrows: Iterable[Arrow], at: Mapping[str, int]) -> dict[tuple[int, int, Reason], list[Arrow]]:
    found: dict[tuple[int, int, Reason], list[Arrow]] = defaultdict(list)
    for arrow in arrows:
        found[at[arrow.dependency], at[arrow.dependent], arrow.reason].append(arrow)
    return found


def _start(nodes: Sequence[Node]) -> Columns:
    last = max((node.column for node in nodes), default=-1)
    rows: list[list[int]] = [[] for _ in range(last + 1)]
    for n in sorted(range(len(nodes)), key=lambda n: (nodes[n].lane, not nodes[n].names, nodes[n].names, n)):
        rows[nodes[n].column].append(n)
    return tuple(map(tuple, rows))


def _uncrossed(plan: Layered) -> Columns:
    """Barycentre sweeps to the right and to the left; the best order that was met wins."""
    links = plan.links()
    ahead, behind = neighbours(links), neighbours([(b, a) for a, b in links])
    columns = best = plan.columns
    fewest = crossings(columns, ahead)
    for sweep in range(_SWEEPS):
        columns = _swept(plan.nodes, columns, (behind, ahead)[sweep % 2], backwards=bool(sweep % 2))
        found = crossings(columns, ahead)
        if found < fewest:
            fewest, best = found, columns
        if not fewest:
            break
    return best


def neighbours(links: Iterable[tuple[int, int]]) -> Mapping[int, list[int]]:
    """The second of each pair, by the first."""
    found: dict[int, list[int]] = defaultdict(list)
    for a, b in links:
        found[a].append(b)
    return found


def _swept(nodes: Sequence[Node], columns: Columns, near: Mapping[int, list[int]], *, backwards: bool) -> Columns:
    rows = list(columns)
    place = {n: float(i) for row in rows for i, n in enumerate(row)}
    steps = range(len(rows) - 2, -1, -1) if backwards else range(1, len(rows))
    for column in steps:
        wish = {n: _mean([place[m] for m in near.get(n, ())], place[n]) for n in rows[column]}
        rows[column] = tuple(sorted(rows[column], key=lambda n: (nodes[n].lane, wish[n])))
        place.update((n, float(i)) for i, n in enumerate(rows[column]))
    return tuple(rows)


def _mean(values: Sequence[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def crossings(columns: Columns, ahead: Mapping[int, Sequence[int]]) -> int:
    """How many pairs of links cross; `ahead` holds each node's neighbours in the next column."""
    total = 0
    for here, there in pairwise(columns):
        place = {n: i for i, n in enumerate(there)}
        ends = [place[m] for n in here for m in sorted(ahead.get(n, ()), key=place.__getitem__)]
        seen: list[int] = []
        for end in ends:
            total += len(seen) - bisect_right(seen, end)
            insort(seen, end)
    return total
