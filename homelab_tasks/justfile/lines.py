"""The text of a file by lines, and the bodies of recipes in it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator

from msgspec import Struct, field

from .recipe import Line

_PREFIX = re.compile(r"[@-]*")


class Text(Struct):
    """A text that is read from its begin to its end."""

    text: str
    at: int = 0
    starts: list[int] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.starts = [0, *(found.end() for found in re.finditer("\n", self.text))]

    @property
    def done(self) -> bool:
        """All of it was read."""
        return self.at >= len(self.text)

    @property
    def line(self) -> str:
        """The line that comes, with its end."""
        return self.text[self.at : self.after(self.at)]

    def after(self, at: int) -> int:
        """Where the line after this place begins."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end + 1

    def number(self, at: int) -> int:
        """The line of a place, from 1."""
        return bisect_right(self.starts, at)

    def body(self) -> tuple[Line, ...]:
        """Read the lines that are indented, and what is blank between them."""
        found = tuple(self._joined())
        if found and found[0].text.startswith("#!"):
            return found
        return tuple(Line(line.number, _PREFIX.sub("", line.text, count=1).strip()) for line in found)

    def _joined(self) -> Iterator[Line]:
        """A line that ends in a backslash goes on in the next."""
        number, parts = 0, list[str]()
        for at, text in self._indented():
            if not parts and not text:
                continue
            number = number if parts else self.number(at)
            parts.append(text.removesuffix("\\"))
            if not text.endswith("\\"):
                yield Line(number, " ".join(parts))
                parts.clear()
        if parts:
            yield Line(number, " ".join(parts))

    def _indented(self) -> Iterator[tuple[int, str]]:
        while not self.done:
            line = self.line
            if line.strip() and line[0] not in " \t":
                return
            at, self.at = self.at, self.after(self.at)
            yield at, line.strip()
