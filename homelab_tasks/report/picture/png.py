"""Paints a picture as PNG, two pixels a CSS pixel, strip by strip: larger first, then smaller, for smooth lines."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from io import BytesIO
from itertools import cycle, pairwise
from math import ceil, dist

from PIL import Image, ImageDraw, ImageFont

from .geometry import Point
from .shapes import Box, Curve, Head, Picture, Shape, Words

_SCALE = 2
_OVERSAMPLE = 3
_FINE = _SCALE * _OVERSAMPLE
_STRIP = 256  # CSS pixels: bounds the memory that the large strip takes
_MOST_PIECES = 96  # straight ones, for one curve


def png(picture: Picture) -> bytes:
    """The whole file."""
    width, height = ceil(picture.width), ceil(picture.height)
    image = Image.new("RGB", (width * _SCALE, height * _SCALE), picture.background)
    for top in range(0, height, _STRIP):
        strip = _strip(picture, width, min(_STRIP, height - top), top)
        image.paste(strip, (0, top * _SCALE))
    buffer = BytesIO()
    image.save(buffer, "PNG", dpi=(192, 192))
    return buffer.getvalue()


def _strip(picture: Picture, width: int, height: int, top: int) -> Image.Image:
    large = Image.new("RGB", (width * _FINE, height * _FINE), picture.background)
    painter = _Painter(ImageDraw.Draw(large), top)
    for shape in picture.shapes:
        low, high = _span(shape)
        if low < top + height and high > top:
            painter.paint(shape)
    return large.reduce(_OVERSAMPLE)


def _span(shape: Shape) -> tuple[float, float]:
    """From which y to which y a shape may leave ink."""
    match shape:
        case Box(rect=rect):
            return rect.y - 4, rect.bottom + 4
        case Curve(points=points):
            return min(y for _, y in points) - 4, max(y for _, y in points) + 4
        case Head(tip=(_, y), size=size):
            return y - size, y + size
        case Words(at=(_, y), size=size):
            return y - 1.5 * size, y + size


class _Painter:
    """Paints shapes on a strip that begins at `top`."""

    def __init__(self, draw: ImageDraw.ImageDraw, top: float) -> None:
        self._draw = draw
        self._top = top

    def paint(self, shape: Shape) -> None:
        match shape:
            case Box():
                self._box(shape)
            case Curve():
                self._curve(shape)
            case Head():
                self._head(shape)
            case Words():
                self._words(shape)

    def _fine(self, point: Point) -> Point:
        return point[0] * _FINE, (point[1] - self._top) * _FINE

    def _box(self, box: Box) -> None:
        """Pillow draws a stroke inside of the shape, SVG on its edge: half of it is added."""
        half = box.stroke_width / 2 if box.stroke else 0.0
        corner = self._fine((box.rect.x - half, box.rect.y - half))
        opposite = self._fine((box.rect.right + half, box.rect.bottom + half))
        self._draw.rounded_rectangle(
            (corner, opposite),
            (box.radius + half) * _FINE,
            box.fill,
            box.stroke or None,
            round(box.stroke_width * _FINE) if box.stroke else 0,
        )

    def _curve(self, curve: Curve) -> None:
        points = [self._fine(point) for point in _flat(curve.points)]
        dashes = _dashed(points, [length * _FINE for length in curve.dash]) if curve.dash else [points]
        for dash in dashes:
            self._draw.line(dash, curve.stroke, round(curve.width * _FINE), "curve")
            for end in (dash[0], dash[-1]):
                self._draw.circle(end, curve.width * _FINE / 2, curve.stroke)

    def _head(self, head: Head) -> None:
        x, y = head.tip
        corners = ((x, y), (x - head.size, y - head.size * 0.46), (x - head.size, y + head.size * 0.46))
        self._draw.polygon([self._fine(corner) for corner in corners], head.fill)

    def _words(self, words: Words) -> None:
        size = words.size * _FINE
        size *= min(1.0, words.room * _FINE / max(_font(size).getlength(words.text), 1.0))
        weight = 1 if words.bold else 0  # the built-in font has no bold: a hairline around its letters
        self._draw.text(self._fine(words.at), words.text, words.fill, _font(size), "ls", stroke_width=weight)


@cache
def _font(size: float) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size)
    if not isinstance(font, ImageFont.FreeTypeFont):
        raise ImportError(  # noqa: TRY004 - nobody passed a wrong type: this Pillow lacks a part
            "this Pillow was built without FreeType; install the pillow wheel"
        )
    return font


def _flat(points: Sequence[Point]) -> list[Point]:
    flat = [points[0]]
    for n in range(1, len(points) - 2, 3):
        a, b, c, d = points[n - 1 : n + 3]
        straight = a[0] == b[0] == c[0] == d[0] or a[1] == b[1] == c[1] == d[1]
        pieces = 1 if straight else ceil(min(12 + dist(a, d) / 8, _MOST_PIECES))
        flat += [_cubic(a, b, c, d, step / pieces) for step in range(1, pieces + 1)]
    return flat


def _cubic(a: Point, b: Point, c: Point, d: Point, t: float) -> Point:
    shares = ((1 - t) ** 3, 3 * (1 - t) ** 2 * t, 3 * (1 - t) * t**2, t**3)
    ends = (a, b, c, d)
    return sum(s * p[0] for s, p in zip(shares, ends, strict=True)), sum(
        s * p[1] for s, p in zip(shares, ends, strict=True)
    )


def _dashed(points: Sequence[Point], pattern: Sequence[float]) -> Iterator[list[Point]]:
    """The parts of a line that are drawn; `pattern` is the length of a dash, of the space after it, and so on."""
    lengths = cycle(pattern)
    left, inked, dash = next(lengths), True, [points[0]]
    for start, end in pairwise(points):
        at, rest = start, dist(start, end)
        while rest > left:
            at = (at[0] + (end[0] - at[0]) * left / rest, at[1] + (end[1] - at[1]) * left / rest)
            rest -= left
            if inked:
                yield [*dash, at]
            left, inked, dash = next(lengths), not inked, [at]
        left -= rest
        dash.append(end)
    if inked and len(dash) > 1:
        yield dash
