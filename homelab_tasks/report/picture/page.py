"""The sizes that a page is made of: boxes, columns with the gaps between them, and the width of it all."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import accumulate
from math import ceil, sqrt

from msgspec import Struct

from ..diagram import Diagram
from .layering import Layered, Node, layered
from .placement import placed
from .routes import TRACK, tracks
from .words import NAME_SIZE, width_of

MARGIN = 28.0
INSET = 14.0  # from a box's left side to its name
BOX_HEIGHT = 44.0
GAP = 12.0  # between the boxes of a grid
FRAME = 10.0  # from a frame to its boxes
_BOX_WIDTH = (124.0, 248.0)  # the least and the most
_BEND_HEIGHT = 4.0
_PAD = 18.0  # from a lane to what it holds
_TITLE = 36.0  # the height of a lane's title
_LEAST_WIDTH = 640.0  # for the legend's words


class Sketch(Struct, frozen=True):
    """What arrows touch, with sizes, and heights counted from the top of each lane's content."""

    plan: Layered
    box: float
    sizes: tuple[tuple[float, float], ...]
    centres: Mapping[int, float]

    def height(self, lane: int) -> float:
        """The height of a lane's content, without what stands alone."""
        inside = (n for n, node in enumerate(self.plan.nodes) if node.lane == lane)
        return max((self.centres[n] + self.sizes[n][1] / 2 for n in inside), default=0.0)


class Page(Struct, frozen=True):
    """The width of a box, the left side and width of all content, and the columns' sides."""

    box: float
    left: float
    width: float
    pad: float
    lefts: tuple[float, ...]
    rights: tuple[float, ...]

    @property
    def title(self) -> float:
        """The height of a lane's title."""
        return _TITLE if self.pad else 0.0

    @property
    def across(self) -> int:
        """How many boxes stand side by side where no line passes."""
        return self.fit(self.width)

    def fit(self, width: float) -> int:
        """How many boxes fit into a width."""
        return int((width + GAP) / (self.box + GAP))

    def slots(self) -> tuple[float, ...]:
        """Where boxes may stand in any lane: in the columns and right of them, not in the gaps of the lines."""
        spans = [*zip(self.lefts, self.rights, strict=True)]
        end = self.rights[-1] + GAP if self.rights else self.left
        spans.append((end, self.left + self.width))
        return tuple(left + n * (self.box + GAP) for left, right in spans for n in range(self.fit(right - left)))


def sketched(diagram: Diagram) -> Sketch:
    """Layers and places, before anything has its place on the page."""
    least, most = _BOX_WIDTH
    widest = max((width_of(name, NAME_SIZE, bold=True) for name in diagram.repo.services), default=0)
    box = float(ceil(min(max(widest + 2 * INSET, least), most)))
    plan = layered(diagram)
    sizes = tuple(_size(node, box) for node in plan.nodes)
    return Sketch(plan, box, sizes, placed(plan, {n: height for n, (_, height) in enumerate(sizes)}))


def page_of(diagram: Diagram, sketch: Sketch) -> Page:
    """As wide as the columns, as a grid of what stands alone, and as the legend."""
    margin = len(set(tracks(diagram).values()))
    left = MARGIN + _pad(diagram) + TRACK * margin + (4 if margin else 0)
    widths = [max(sketch.sizes[n][0] for n in column) for column in sketch.plan.columns]
    gaps = [0.0, *_gaps(sketch, len(diagram.lanes))][: len(widths)]
    rights = [left + right for right in accumulate(width + gap for width, gap in zip(widths, gaps, strict=True))]
    lefts = tuple(right - width for right, width in zip(rights, widths, strict=True))
    alone = len(diagram.repo.services) - sum(len(node.names) for node in sketch.plan.nodes)
    grid = extent(ceil(sqrt(alone * BOX_HEIGHT / _BOX_WIDTH[0] * 1.6)), sketch.box)
    width = max([_LEAST_WIDTH if rights else _LEAST_WIDTH / 2, grid, *(right - left for right in rights)])
    return Page(sketch.box, left, width, _pad(diagram), lefts, tuple(rights))


def across_frame(count: int) -> int:
    """How many boxes of a frame stand side by side: one while that is not high; from there as high as wide."""
    return 1 if count <= 4 else max(1, round(sqrt(count * BOX_HEIGHT / _BOX_WIDTH[0])))


def extent(count: int, length: float) -> float:
    """The length of so many boxes of a grid, one after the other."""
    return count * (length + GAP) - GAP


def steps(start: float, count: int, box: float) -> tuple[float, ...]:
    """The left sides of so many boxes of a grid."""
    return tuple(start + n * (box + GAP) for n in range(count))


def _size(node: Node, box: float) -> tuple[float, float]:
    match len(node.names):
        case 0:
            return 0.0, _BEND_HEIGHT
        case 1:
            return box, BOX_HEIGHT
        case count:
            across = across_frame(count)
            return extent(across, box) + 2 * FRAME, extent(ceil(count / across), BOX_HEIGHT) + 2 * FRAME


def _gaps(sketch: Sketch, lanes: int) -> list[float]:
    """Room for the lines between columns: more where they climb higher."""
    tops = list(accumulate((sketch.height(lane) for lane in range(lanes)), initial=0.0))
    nodes = sketch.plan.nodes
    climbs = [0.0] * len(sketch.plan.columns)
    for a, b in sketch.plan.links():
        climb = sketch.centres[a] + tops[nodes[a].lane] - sketch.centres[b] - tops[nodes[b].lane]
        climbs[nodes[a].column] = max(climbs[nodes[a].column], abs(climb))
    return [float(round(min(64 + climb * 0.12, 170))) for climb in climbs[:-1]]


def _pad(diagram: Diagram) -> float:
    """Without groups there are no lanes to be seen, and nothing is indented."""
    return _PAD if any(diagram.lanes) else 0.0
