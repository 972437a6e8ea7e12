"""The region of each group: those with lines below each other, those without side by side on shelves."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from math import ceil

from msgspec import Struct

from ..diagram import Diagram
from .geometry import Rect
from .page import BOX_HEIGHT, Page, Sketch, extent, steps

_APART = 26.0  # from what lines join to what stands alone
_LANE_GAP = 16.0


class Region(Struct, frozen=True):
    """A lane's place: the top of its drawn content, and the grid of what stands alone: its columns and its top."""

    name: str
    rect: Rect
    top: float
    drawn: bool
    slots: tuple[float, ...]
    grid_top: float
    alone: tuple[str, ...]


def regions_of(diagram: Diagram, sketch: Sketch, page: Page, top: float) -> list[Region]:
    """Lanes with lines below each other over the whole width, then the others side by side."""
    drawn = {node.lane for node in sketch.plan.nodes}
    ordered = {lane for pair in diagram.order for lane in pair}
    lone = [lane for n, lane in enumerate(diagram.lanes) if n not in drawn and lane not in ordered]
    touched = {name for node in sketch.plan.nodes for name in node.names}
    regions: list[Region] = []
    for n, lane in enumerate(diagram.lanes):
        if lane not in lone:
            alone = tuple(name for name in diagram.lanes[lane] if name not in touched)
            regions.append(_wide_region(lane, alone, sketch.height(n), page, top))
            top = regions[-1].rect.bottom + _LANE_GAP
    return regions + _shelves([(lane, diagram.lanes[lane]) for lane in lone], page, top)


def _wide_region(name: str, alone: tuple[str, ...], height: float, page: Page, top: float) -> Region:
    slots = page.slots()
    inside = top + page.title
    grid_top = inside + height + (_APART if height and alone else 0.0)
    bottom = grid_top + max(0.0, extent(ceil(len(alone) / len(slots)), BOX_HEIGHT)) + page.pad
    rect = Rect(page.left - page.pad, top, page.width + 2 * page.pad, bottom - top)
    return Region(name, rect, inside, bool(page.rights), slots, grid_top, alone)


def _shelves(lanes: Sequence[tuple[str, tuple[str, ...]]], page: Page, top: float) -> list[Region]:
    """Side by side while they fit; all of one shelf are equally high, and the last reaches the right side."""
    regions: list[Region] = []
    for shelf in _shelved(lanes, page):
        inside = top + page.title
        bottom = inside + max(extent(ceil(len(names) / across), BOX_HEIGHT) for _, names, across in shelf) + page.pad
        x = page.left - page.pad
        for n, (name, names, across) in enumerate(shelf):
            last = n == len(shelf) - 1
            width = page.left + page.width + page.pad - x if last else extent(across, page.box) + 2 * page.pad
            slots = steps(x + page.pad, across, page.box)
            regions.append(Region(name, Rect(x, top, width, bottom - top), inside, False, slots, inside, names))
            x += width + _LANE_GAP
        top = bottom + _LANE_GAP
    return regions


_Shelf = list[tuple[str, tuple[str, ...], int]]


def _shelved(lanes: Sequence[tuple[str, tuple[str, ...]]], page: Page) -> Iterator[_Shelf]:
    shelf: _Shelf = []
    used = 0.0
    for name, names in lanes:
        across = ceil(len(names) / ceil(len(names) / page.across))
        width = extent(across, page.box) + 2 * page.pad
        if shelf and used + width > page.width + 2 * page.pad:
            yield shelf
            shelf, used = [], 0.0
        shelf.append((name, names, across))
        used += width + _LANE_GAP
    if shelf:
        yield shelf
