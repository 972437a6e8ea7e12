"""The lines of the page: from box to box in the gaps between the columns, from group to group in the margin."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence

from ..diagram import Diagram
from .geometry import OrderLine, Point, Rect, Route
from .layering import Layered, Wire
from .placement import Wish, settled

TRACK = 16.0  # between two lines in the margin
_PORT = 9.0  # between two lines that arrive at one box, at most


def routes(plan: Layered, rects: Mapping[int, Rect], rights: Sequence[float]) -> tuple[Route, ...]:
    """Curves stay in the gap between two columns, and long lines pass a column where nothing else stands."""
    ends = _ports(plan, rects)
    return tuple(
        Route(wire.arrows, tuple(_points(plan, wire, rects, rights, ends[n]))) for n, wire in enumerate(plan.wires)
    )


def _ports(plan: Layered, rects: Mapping[int, Rect]) -> dict[int, float]:
    """The y at which each wire arrives; in the order in which they come, so that they do not cross at the box."""
    arriving: dict[int, list[int]] = defaultdict(list)
    for n, wire in enumerate(plan.wires):
        arriving[wire.nodes[-1]].append(n)
    ports: dict[int, float] = {}
    for target, wires in arriving.items():
        starts = {n: rects[plan.wires[n].nodes[-2]].middle for n in wires}
        ordered = sorted(wires, key=lambda n: (starts[n], n))
        ports |= zip(ordered, _spread(rects[target], [starts[n] for n in ordered]), strict=True)
    return ports


def _spread(rect: Rect, starts: Sequence[float]) -> Iterator[float]:
    """Level with where each comes from if that is near the middle, else in the middle; apart from each other."""
    step = min(_PORT, rect.height * 0.6 / len(starts))
    level = [abs(start - rect.middle) <= rect.height / 4 for start in starts]
    near = [start if is_level else rect.middle for start, is_level in zip(starts, level, strict=True)]
    wishes = settled([Wish(at - n * step, 50.0 if level[n] else 1.0) for n, at in enumerate(near)])
    reach = rect.height * 0.36
    for n, at in enumerate(wishes):
        upper, lower = rect.middle - reach, rect.middle + reach - (len(starts) - 1) * step
        yield min(max(at, upper), lower) + n * step


def _points(
    plan: Layered, wire: Wire, rects: Mapping[int, Rect], rights: Sequence[float], end: float
) -> Iterator[Point]:
    source = rects[wire.nodes[0]]
    at = (source.right, source.middle)
    yield at
    for n in wire.nodes[1:]:
        start = (rights[plan.nodes[n].column - 1], at[1])
        yield from (at, start, start)
        rect = rects[n]
        at = (rect.x, end if n == wire.nodes[-1] else rect.middle)
        middle = (start[0] + at[0]) / 2
        yield from ((middle, start[1]), (middle, at[1]), at)


def tracks(diagram: Diagram) -> dict[str, int]:
    """Which line of the margin leads away from each group; 0 is nearest to the lanes, and short lines are near."""
    place = {lane: n for n, lane in enumerate(diagram.lanes)}
    last: dict[str, int] = {}
    for before, after in diagram.order:
        last[before] = max(last.get(before, 0), place[after])
    taken: list[list[tuple[int, int]]] = []
    found: dict[str, int] = {}
    for before in sorted(last, key=lambda lane: (last[lane] - place[lane], place[lane])):
        span = (place[before], last[before])
        free = (n for n, spans in enumerate(taken) if not any(a <= span[1] and span[0] <= b for a, b in spans))
        found[before] = next(free, len(taken))
        taken += [[]] if found[before] == len(taken) else []
        taken[found[before]].append(span)
    return found


def order_lines(diagram: Diagram, lanes: Mapping[str, Rect]) -> Iterator[OrderLine]:
    """From the lower half of the earlier group's left side, down the margin, to the upper half of the later one's."""
    track = tracks(diagram)
    for before, after in diagram.order:
        arriving = sorted((b for b, a in diagram.order if a == after), key=lambda b: -lanes[b].y)
        x = lanes[before].x - TRACK * (track[before] + 1)
        start, end = lanes[before].bottom - 20, lanes[after].y + 18 + 7 * arriving.index(before)
        yield OrderLine(before, after, ((lanes[before].x, start), (x, start), (x, end), (lanes[after].x, end)))
