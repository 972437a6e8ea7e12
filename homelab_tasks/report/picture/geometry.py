"""A page of the graph as rectangles and lines. Lengths are in CSS pixels; y grows downwards."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct

from ..diagram import Arrow

Point = tuple[float, float]


class Rect(Struct, frozen=True):
    """A rectangle by its upper left corner."""

    x: float
    y: float
    width: float
    height: float

    @property
    def right(self) -> float:
        """The x of its right side."""
        return self.x + self.width

    @property
    def bottom(self) -> float:
        """The y of its lower side."""
        return self.y + self.height

    @property
    def middle(self) -> float:
        """The y of its centre."""
        return self.y + self.height / 2


class Lane(Struct, frozen=True):
    """The region of a group; its name may take `title_width`."""

    name: str
    rect: Rect
    title_width: float


class Route(Struct, frozen=True):
    """A line for `arrows`: its start, then for each piece the two control points of a cubic curve and its end."""

    arrows: tuple[Arrow, ...]
    points: tuple[Point, ...]


class OrderLine(Struct, frozen=True):
    """A line in the margin from a group to one that comes after it, by its corners."""

    before: str
    after: str
    corners: tuple[Point, ...]


class Layout(Struct, frozen=True):
    """Everything's place. A frame holds boxes that share their lines."""

    width: float
    height: float
    boxes: Mapping[str, Rect]
    frames: tuple[Rect, ...]
    lanes: tuple[Lane, ...]
    routes: tuple[Route, ...]
    order: tuple[OrderLine, ...]
