"""The page as shapes: the head, a region for each group, the lines, the boxes with their words."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from itertools import accumulate

from ...model import Reason, Service
from ..diagram import NO_GROUP, Diagram
from .geometry import Lane, Layout, OrderLine, Point, Rect, Route
from .layout import laid_out
from .legend import legend
from .look import BACKGROUND, INK, NEUTRAL, PAPER, SOFT, STYLES, colours_of, mixed
from .page import INSET, MARGIN
from .shapes import Box, Curve, Head, Picture, Shape, Words
from .words import fitted, shortened

_HEAD = 84.0


def drawn(diagram: Diagram) -> Picture:
    """The page as shapes, the undermost first."""
    colours = colours_of(diagram)
    layout = laid_out(diagram, _HEAD)
    below, height = legend(diagram, colours, layout)
    shapes: list[Shape] = [*_head(diagram, layout)]
    for lane in layout.lanes:
        shapes += _lane(lane, diagram, colours)
    for line in layout.order:
        shapes += _order(line)
    for route in layout.routes:
        shapes += _route(route)
    for frame in layout.frames:
        shapes.append(Box(frame, PAPER, NEUTRAL, 1.0, 12))
    for name in sorted(layout.boxes):
        shapes += _service(diagram.repo.services[name], layout.boxes[name], colours, focused=name in diagram.focus)
    return Picture(layout.width, height, _title(diagram), BACKGROUND, (*shapes, *below))


def _title(diagram: Diagram) -> str:
    return ", ".join(sorted(diagram.focus)) if diagram.focus else "Homelab"


def _head(diagram: Diagram, layout: Layout) -> Iterator[Shape]:
    room = layout.width - 2 * MARGIN
    commit = f", at commit {diagram.repo.commit[:10]}" if diagram.repo.commit else ""
    under = f"with all that it needs and all that needs it: {diagram.counts()}" if diagram.focus else diagram.counts()
    yield Words(shortened(_title(diagram), 22, room), (MARGIN, 44), 22, INK, room, bold=True)
    yield Words(shortened(under + commit, 12.5, room), (MARGIN, 65), 12.5, SOFT, room)


def _lane(lane: Lane, diagram: Diagram, colours: Mapping[str, str]) -> Iterator[Shape]:
    if not any(diagram.lanes):
        return
    colour = colours[lane.name]
    yield Box(lane.rect, mixed(colour, 0.08, BACKGROUND), mixed(colour, 0.30), 1.0, 14, title=lane.name or "no group")
    text = shortened(lane.name or "no group", 13, lane.title_width)
    yield Words(text, (lane.rect.x + 18, lane.rect.y + 24), 13, mixed(colour, 0.85, INK), lane.title_width, bold=True)


def _order(line: OrderLine) -> Iterator[Shape]:
    style = STYLES[Reason.GROUP]
    *corners, (x, y) = line.corners
    title = f"all of {line.after} comes after all of {line.before}"
    yield Curve(_rounded((*corners, (x - 8, y)), 8), style.stroke, style.width, title=title)
    yield Head((x, y), style.stroke, 11)


def _rounded(corners: tuple[Point, ...], radius: float) -> tuple[Point, ...]:
    """Straight lines with round corners, as curves; all lines are level or upright."""
    points: list[Point] = [corners[0]]
    for before, corner, after in zip(corners, corners[1:], corners[2:], strict=False):
        enter, leave = _towards(corner, before, radius), _towards(corner, after, radius)
        points += [points[-1], enter, enter, corner, corner, leave]
    return (*points, points[-1], corners[-1], corners[-1])


def _towards(start: Point, end: Point, distance: float) -> Point:
    across, down = end[0] - start[0], end[1] - start[1]
    share = min(0.5, distance / max(abs(across) + abs(down), 1e-9))
    return (start[0] + across * share, start[1] + down * share)


def _route(route: Route) -> Iterator[Shape]:
    style = STYLES[route.arrows[0].reason]
    title = "\n".join(map(str, route.arrows))
    *points, control, tip = route.points
    end = (tip[0] - 6, tip[1])
    yield Curve((*points, (min(control[0], end[0]), control[1]), end), style.stroke, style.width, style.dash, title)
    yield Head(tip, style.stroke, 8 + style.width)


def _service(service: Service, box: Rect, colours: Mapping[str, str], *, focused: bool) -> Iterator[Shape]:
    first, *others = service.groups or (NO_GROUP,)
    colour = colours[first]
    fill = mixed(colour, 0.22) if focused else PAPER
    yield Box(box, fill, colour, 3.0 if focused else 1.2, title=_tooltip(service))
    yield Box(Rect(box.x + 5, box.y + 8, 3.5, box.height - 16), colour, radius=1.75)
    for n, group in enumerate(others[:4]):
        yield Box(Rect(box.right - 13 - 10 * n, box.y + 6, 7, 7), colours[group], radius=3.5, title=group)
    yield from _words(service, box)


def _tooltip(service: Service) -> str:
    hosts, groups = ", ".join(host.name for host in service.hosts), ", ".join(service.groups)
    return "\n".join(
        [service.name, *filter(None, (service.description, hosts and f"on {hosts}", groups and f"in {groups}"))]
    )


def _words(service: Service, box: Rect) -> Iterator[Shape]:
    room = box.width - 2 * INSET
    name = fitted(service.name, room)
    host = shortened(", ".join(host.name for host in service.hosts), 10, room)
    heights = [name.size * 1.15] * len(name.lines) + ([12.0] if host else [])
    tops = [box.middle - sum(heights) / 2 + above for above in accumulate(heights, initial=0.0)]
    for line, top in zip(name.lines, tops, strict=False):
        yield Words(line, (box.x + INSET + 1, top + name.size * 0.93), name.size, INK, room, bold=True)
    if host:
        yield Words(host, (box.x + INSET + 1, tops[len(name.lines)] + 9.6), 10, SOFT, room)
