"""The legend below a page: what each line says, and the colour of each group."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ...model import Reason
from ..diagram import NO_GROUP, Diagram
from .geometry import Layout, Rect
from .look import INK, SOFT, STYLES
from .page import MARGIN
from .shapes import Box, Curve, Head, Shape, Words
from .words import shortened, width_of

_ROW = 26.0
_SIZE = 11.5

Entry = tuple[str, str | Reason]  # what it says, and the colour of a group or the reason of a line


def legend(diagram: Diagram, colours: Mapping[str, str], layout: Layout) -> tuple[list[Shape], float]:
    """The shapes below everything, and how high the page is with them."""
    shapes: list[Shape] = []
    y = layout.height + MARGIN
    framed = "; at a frame it counts for all inside" if layout.frames else ""
    if layout.routes:
        text = f"An arrow leads from what starts first to what waits for it{framed}:"
        shapes.append(Words(text, (MARGIN, y + 10), _SIZE, SOFT, width_of(text, _SIZE)))
        y += _ROW
    for entries in (_reasons(diagram), _groups(diagram, colours)):
        for row in _rows(entries, layout.width):
            for x, entry in row:
                shapes += _entry(entry, x, y + 6)
            y += _ROW
    return shapes, y + (MARGIN - _ROW + 16 if shapes else 0)


def _reasons(diagram: Diagram) -> list[Entry]:
    shown = {arrow.reason for arrow in diagram.arrows} | ({Reason.GROUP} if diagram.order else set())
    return [(STYLES[reason].says, reason) for reason in STYLES if reason in shown]


def _groups(diagram: Diagram, colours: Mapping[str, str]) -> list[Entry]:
    """Those of every service, its second group too, which is a dot in its box and has no lane to name it."""
    groups = {group for service in diagram.repo.services.values() for group in service.groups}
    nameless = [("no group", colours[NO_GROUP])] if groups and NO_GROUP in diagram.lanes else []
    return [*((group, colours[group]) for group in sorted(groups)), *nameless]


def _rows(entries: Iterable[Entry], width: float) -> Iterator[list[tuple[float, Entry]]]:
    """Entries with their x, as many in a row as fit."""
    row: list[tuple[float, Entry]] = []
    x = MARGIN
    for text, sample in entries:
        label = shortened(text, _SIZE, width - 2 * MARGIN - 54)
        wide = width_of(label, _SIZE) + (54 if isinstance(sample, Reason) else 32)
        if row and x + wide > width - MARGIN:
            yield row
            row, x = [], MARGIN
        row.append((x, (label, sample)))
        x += wide
    if row:
        yield row


def _entry(entry: Entry, x: float, y: float) -> Iterator[Shape]:
    label, sample = entry
    room = width_of(label, _SIZE)
    if isinstance(sample, Reason):
        style = STYLES[sample]
        yield Curve(((x, y), (x, y), (x + 26, y), (x + 26, y)), style.stroke, style.width, style.dash)
        yield Head((x + 34, y), style.stroke, 8 + style.width)
        yield Words(label, (x + 42, y + 4), _SIZE, INK, room)
    else:
        yield Box(Rect(x, y - 6, 12, 12), sample, radius=3)
        yield Words(label, (x + 19, y + 4), _SIZE, INK, room)
