"""What painters paint: boxes, lines, arrowheads and words, in the order in which they lie on each other."""

from __future__ import annotations

from msgspec import Struct

from .geometry import Point, Rect


class Box(Struct, frozen=True):
    """A rectangle with round corners; `title` is shown where the mouse rests on it."""

    rect: Rect
    fill: str
    stroke: str = ""
    stroke_width: float = 1.0
    radius: float = 8.0
    title: str = ""


class Curve(Struct, frozen=True):
    """A start, then for each piece two control points and the end of a cubic curve. `dash` is line, space, ..."""

    points: tuple[Point, ...]
    stroke: str
    width: float
    dash: tuple[float, ...] = ()
    title: str = ""


class Head(Struct, frozen=True):
    """An arrowhead that points to the right, with its tip at `tip`."""

    tip: Point
    fill: str
    size: float


class Words(Struct, frozen=True):
    """One line of text from `at`, the left end of its baseline, at most `room` wide."""

    text: str
    at: Point
    size: float
    fill: str
    room: float
    bold: bool = False


Shape = Box | Curve | Head | Words


class Picture(Struct, frozen=True):
    """A page of shapes; `title` says what it shows to those who do not see it."""

    width: float
    height: float
    title: str
    background: str
    shapes: tuple[Shape, ...]
