"""Sugiyama's second half: a place on the page for every lane, box and line."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from ..diagram import Diagram
from .geometry import Lane, Layout, Rect
from .layering import Layered, Node
from .page import BOX_HEIGHT, FRAME, GAP, MARGIN, Page, Sketch, across_frame, page_of, sketched, steps
from .regions import Region, regions_of
from .routes import order_lines, routes


def laid_out(diagram: Diagram, top: float) -> Layout:
    """Place everything below `top`, where the page's head ends."""
    sketch = sketched(diagram)
    page = page_of(diagram, sketch)
    regions = regions_of(diagram, sketch, page, top)
    tops = {region.name: region.top for region in regions}
    rects = {n: _rect(sketch, page, tops[name], n) for n, name in enumerate(_lane_names(diagram, sketch.plan))}
    boxes = {name: box for n, rect in rects.items() for name, box in _inside(sketch.plan.nodes[n], rect, page.box)}
    for region in regions:
        boxes |= dict(_rows(region.alone, region.slots, region.grid_top, page.box))
    lanes = tuple(Lane(r.name, r.rect, _title_width(page, r)) for r in regions)
    return Layout(
        width=page.left + page.width + page.pad + MARGIN,
        height=max((lane.rect.bottom for lane in lanes), default=top),
        boxes=boxes,
        frames=tuple(rects[n] for n, node in enumerate(sketch.plan.nodes) if len(node.names) > 1),
        lanes=lanes,
        routes=routes(sketch.plan, rects, page.rights),
        order=tuple(order_lines(diagram, {lane.name: lane.rect for lane in lanes})),
    )


def _lane_names(diagram: Diagram, plan: Layered) -> list[str]:
    lanes = list(diagram.lanes)
    return [lanes[node.lane] for node in plan.nodes]


def _rect(sketch: Sketch, page: Page, top: float, n: int) -> Rect:
    node = sketch.plan.nodes[n]
    width, height = sketch.sizes[n]
    left = page.lefts[node.column]
    return Rect(
        left,
        round(top + sketch.centres[n] - height / 2),
        width if node.names else page.rights[node.column] - left,
        height,
    )


def _inside(node: Node, rect: Rect, box: float) -> Iterator[tuple[str, Rect]]:
    """The boxes of a node: itself, or those in its frame."""
    if len(node.names) == 1:
        yield node.names[0], rect
    else:
        slots = steps(rect.x + FRAME, across_frame(len(node.names)), box)
        yield from _rows(node.names, slots, rect.y + FRAME, box)


def _rows(names: Sequence[str], slots: Sequence[float], top: float, box: float) -> Iterator[tuple[str, Rect]]:
    for n, name in enumerate(names):
        down, right = divmod(n, len(slots))
        yield name, Rect(slots[right], top + down * (BOX_HEIGHT + GAP), box, BOX_HEIGHT)


def _title_width(page: Page, region: Region) -> float:
    """Only the first column: the gaps after it belong to the lines."""
    return page.rights[0] - page.left if region.drawn else region.rect.width - 2 * page.pad
