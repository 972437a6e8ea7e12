"""Lines of several services, interleaved, each with the name of who wrote it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TextIO

from .columns import cells, padded, plain
from .phrase import clean
from .terminal import Style, Tint, say
from .terminal import style as style_of

_TINTS = (Tint.CYAN, Tint.YELLOW, Tint.GREEN, Tint.MAGENTA, Tint.BLUE)


class LogPrinter:
    """Prints lines below each other with aligned names; a name keeps its colour. One name alone is not printed."""

    def __init__(self, names: Sequence[str], stream: TextIO, style: Style | None = None) -> None:
        self._stream = stream
        self._style = style or style_of(stream)
        self._prefixes = _prefixes(names, self._style)

    def line(self, name: str, text: str) -> None:
        """One line of the service `name`, safe to show; it is never cut or wrapped."""
        say(self._prefixes.get(name, "") + clean(text), self._stream)


def _prefixes(names: Sequence[str], style: Style) -> dict[str, str]:
    ordered = sorted(set(names))
    if len(ordered) < 2:
        return {}
    width = max(map(cells, ordered))
    tints = {name: _TINTS[n % len(_TINTS)] for n, name in enumerate(ordered)}
    return {name: style.paint(padded(plain(name), width)[0] + " |", tints[name]) + " " for name in ordered}
