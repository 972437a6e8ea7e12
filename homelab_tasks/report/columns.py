"""Text in columns: words that wrap under their own beginning, and tables that fold where the terminal is narrow."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Iterator, Sequence

from .terminal import Style, Tint

Span = tuple[str, Tint]  # its words; a new span begins a new word
Row = Sequence[Span]

_WIDEST_CELL = 30
_NARROWEST_NOTE = 16


def plain(text: str) -> Span:
    """A span without colour."""
    return text, Tint.PLAIN


def cells(text: str) -> int:
    """The columns that a text takes on a terminal."""
    if text.isascii():
        return len(text)
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in text)
    return len(text) + wide - sum(unicodedata.combining(letter) > 0 for letter in text)


def padded(span: Span, width: int) -> Span:
    """The span with blanks up to `width` columns."""
    text, tint = span
    return text + " " * (width - cells(text)), tint


def flow(style: Style, head: Sequence[Span], body: Iterable[Span], *, hang: int = 0) -> list[str]:
    """`head` as it is, then the words of `body`, wrapped below where they began (or at `hang`). A longer word stays
    whole.
    """
    start = "".join(text for text, _ in head)
    lines: list[list[Span]] = [list(head)]
    indent = hang or _indent(style, start)
    used, fresh = cells(start), True
    for text, tint in body:
        for word in text.split():
            size = cells(word) + (0 if fresh else 1)
            if style.width and used + size > style.width and used > indent:
                lines.append([plain(" " * indent)])
                used, fresh, size = indent, True, cells(word)
            lines[-1].append((word if fresh else " " + word, tint))
            used, fresh = used + size, False
    return [_painted(style, line) for line in lines]


def block(style: Style, text: str, tint: Tint, indent: int) -> list[str]:
    """A line of somebody else's, every character kept, cut into pieces that fit."""
    room = max(style.width - indent, 20) if style.width else len(text) or 1
    pieces = [text[at : at + room] for at in range(0, len(text), room)] or [""]
    return [" " * indent + style.paint(piece, tint) for piece in pieces]


def table(style: Style, titles: Sequence[str], rows: Sequence[Row]) -> list[str]:
    """Rows below their titles; the last column wraps. Where the others leave it no room, each row is folded instead."""
    widths = [_width(n, titles, rows) for n in range(len(titles) - 1)]
    lead = sum(width + 2 for width in widths)
    if style.width and lead + _NARROWEST_NOTE > style.width:
        return [line for row in rows for line in _folded(style, row)]
    head = [(title, Tint.DIM) for title in titles]
    return [line for row in (head, *rows) for line in _row(style, row, widths)]


def _width(column: int, titles: Sequence[str], rows: Sequence[Row]) -> int:
    return min(max(cells(titles[column]), *(cells(row[column][0]) for row in rows), 0), _WIDEST_CELL)


def _row(style: Style, row: Row, widths: Sequence[int]) -> list[str]:
    if any(cells(text) > width for (text, _), width in zip(row[:-1], widths, strict=True)):
        return _folded(style, row)
    head = [padded(span, width + 2) for span, width in zip(row[:-1], widths, strict=True)]
    return flow(style, head, row[-1:], hang=sum(width + 2 for width in widths))


def _folded(style: Style, row: Row) -> list[str]:
    return flow(style, [(row[0][0] + "  ", row[0][1])], row[1:])


def _indent(style: Style, head: str) -> int:
    size = cells(head)
    if not style.width or size <= style.width // 2:
        return size
    return len(head) - len(head.lstrip()) + 4


def _painted(style: Style, line: Sequence[Span]) -> str:
    """One pair of codes for each run of a colour; no blanks at the end."""
    runs: list[Span] = []
    for text, tint in line:
        if runs and runs[-1][1] is tint:
            runs[-1] = (runs[-1][0] + text, tint)
        else:
            runs.append((text, tint))
    return "".join(style.paint(text, tint) for text, tint in _stripped(runs))


def _stripped(runs: list[Span]) -> Iterator[Span]:
    while runs and not runs[-1][0].strip():
        runs.pop()
    if runs:
        runs[-1] = (runs[-1][0].rstrip(), runs[-1][1])
    yield from runs
