"""How much room words take, as the widest of the usual fonts sets them, and how a long name is fitted into a box."""

from __future__ import annotations

from collections.abc import Iterable

from msgspec import Struct

NAME_SIZE = 13.0
_SMALLER = 11.0
_SMALLEST = 8.0
_EMS = {0.40: "iljI.,:;'!| ", 0.52: "ftr()[]/-·", 1.05: "mwMW@%…", 0.82: "ABCDEFGHJKLNOPQRSTUVXYZ_"}
_EM = {letter: ems for ems, letters in _EMS.items() for letter in letters}
_OTHER = 0.72  # small letters and digits of a bold sans serif
_REGULAR = 0.88  # of the width of bold letters
_WIDE = 1.1  # anything beyond Latin


class Fitted(Struct, frozen=True):
    """One line or two, and their font size in pixels."""

    lines: tuple[str, ...]
    size: float


def width_of(text: str, size: float, *, bold: bool = False) -> float:
    """An upper bound of the width in pixels."""
    return (
        size
        * (1.0 if bold else _REGULAR)
        * sum(_EM.get(letter, _OTHER if letter < "\u0250" else _WIDE) for letter in text)
    )


def fitted(name: str, width: float) -> Fitted:
    """The whole name, always: on two lines and smaller where it is long."""
    if width_of(name, NAME_SIZE, bold=True) <= width:
        return Fitted((name,), NAME_SIZE)
    halves = [_sized(name, cut, width) for cut in _cuts(name)]
    best = min(halves, key=lambda f: (-f.size, max(map(len, f.lines))), default=None)
    if best is None or best.size < _SMALLEST:
        best = _sized(name, (len(name) + 1) // 2, width)
    return best


def shortened(text: str, size: float, width: float) -> str:
    """The text, or its beginning and `…`, in bold letters at most."""
    shown = text
    while shown and width_of(shown + "…" * (shown != text), size, bold=True) > width:
        shown = shown[:-1]
    return text if shown == text else shown.rstrip() + "…"


def _cuts(name: str) -> Iterable[int]:
    return [n + 1 for n, letter in enumerate(name[:-1]) if letter in "-_." and n]


def _sized(name: str, cut: int, width: float) -> Fitted:
    lines = (name[:cut], name[cut:])
    widest = max(width_of(line, 1, bold=True) for line in lines)
    return Fitted(lines, min(_SMALLER, width / widest))
