"""Paints a picture as SVG: one file, no scripts, no fonts from elsewhere."""

from __future__ import annotations

from collections.abc import Sequence
from xml.sax.saxutils import escape, quoteattr

from .geometry import Point
from .shapes import Box, Curve, Head, Picture, Shape, Words

_FONT = "system-ui, 'Segoe UI', Roboto, 'Helvetica Neue', Arial, 'Noto Sans', sans-serif"


def svg(picture: Picture) -> str:
    """The whole file."""
    width, height = _number(picture.width), _number(picture.height)
    size = f'width="{width}" height="{height}" viewBox="0 0 {width} {height}"'
    label = f"aria-label={quoteattr(picture.title)}"
    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" {label} font-family="{_FONT}">',
        f"<title>{escape(picture.title)}</title>",
        f'<rect width="100%" height="100%" fill="{picture.background}"/>',
        *map(_painted, picture.shapes),
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def _painted(shape: Shape) -> str:
    match shape:
        case Box():
            return _box(shape)
        case Curve():
            return _curve(shape)
        case Head():
            return f'<path d="{_path(_triangle(shape))} Z" fill="{shape.fill}"/>'
        case Words():
            return _words(shape)


def _box(box: Box) -> str:
    rect = box.rect
    place = f'x="{_number(rect.x)}" y="{_number(rect.y)}" width="{_number(rect.width)}" height="{_number(rect.height)}"'
    stroke = f' stroke="{box.stroke}" stroke-width="{_number(box.stroke_width)}"' if box.stroke else ""
    return _titled("rect", f'{place} rx="{_number(box.radius)}" fill="{box.fill}"{stroke}', box.title)


def _curve(curve: Curve) -> str:
    start, *rest = curve.points
    pieces = [" ".join(map(_point, rest[n : n + 3])) for n in range(0, len(rest), 3)]
    path = f"M{_point(start)} " + " ".join(f"C{piece}" for piece in pieces)
    dash = f' stroke-dasharray="{" ".join(map(_number, curve.dash))}"' if curve.dash else ""
    style = f'fill="none" stroke="{curve.stroke}" stroke-width="{_number(curve.width)}" stroke-linecap="round"{dash}'
    return _titled("path", f'd="{path}" {style}', curve.title)


def _triangle(head: Head) -> tuple[Point, ...]:
    x, y = head.tip
    return (x, y), (x - head.size, y - head.size * 0.46), (x - head.size, y + head.size * 0.46)


def _path(points: Sequence[Point]) -> str:
    return "M" + " L".join(map(_point, points))


def _words(words: Words) -> str:
    weight = ' font-weight="600"' if words.bold else ""
    place = f'x="{_number(words.at[0])}" y="{_number(words.at[1])}" font-size="{_number(words.size)}"'
    return f'<text {place} fill="{words.fill}"{weight}>{escape(words.text)}</text>'


def _titled(tag: str, attributes: str, title: str) -> str:
    return f"<{tag} {attributes}><title>{escape(title)}</title></{tag}>" if title else f"<{tag} {attributes}/>"


def _point(point: Point) -> str:
    return f"{_number(point[0])},{_number(point[1])}"


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".")
