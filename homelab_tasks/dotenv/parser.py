"""A `.env` file as Compose reads it (compose-go, package dotenv), with the place of everything and all faults.

Where versions differ, this is Docker Compose 2.40; older ones differ in nothing that is accepted.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from types import MappingProxyType

from .entry import Entry, Fault, Parsed
from .variables import Expanded, Stops, expand

_BLANK = "\t\v\f\r \x85\xa0"
_SPACE = (
    _BLANK + "\n\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)
_BETWEEN = re.compile(rf"(?:[{_SPACE}]+|#[^\n]*)*")
_EXPORT = re.compile(rf"export(?=[\t\n\f\r ])[{_BLANK}]*")
_BLANKS = re.compile(rf"[{_BLANK}]*")
_KEY = re.compile(rf"[A-Za-z0-9_.\-\[\]{_BLANK}]*")
_ESCAPE = re.compile(r'\\(?:[abcfnrtv$"\\]|0[0-9]{0,3})')
_PAIR = re.compile(r"\\[\s\S]")
_ESCAPED = {
    "a": "\a",
    "b": "\b",
    "f": "\f",
    "n": "\n",
    "r": "\r",
    "t": "\t",
    "v": "\v",
    "$": "$$",
    '"': '"',
    "\\": "\\",
}
_OCTAL = re.compile(r"[0-3][0-7]{2}")
_INSIDE = {quote: re.compile(rf"(?:[^\\{quote}]|\\[\s\S])*") for quote in "\"'"}
_NONE: Mapping[str, str] = MappingProxyType({})


def parse(text: str, environment: Mapping[str, str] = _NONE) -> Parsed:
    """A file's entries and faults. `environment` wins over the file where a value refers to a variable."""
    reading = _Reading(text.removeprefix("\ufeff"), environment)
    while reading.statement():
        pass
    return Parsed(tuple(reading.entries), tuple(reading.faults))


class _Stop(Exception):
    def __init__(self, at: int, what: str) -> None:
        self.at, self.what = at, what
        super().__init__(what)


class _Reading:
    def __init__(self, text: str, environment: Mapping[str, str]) -> None:
        self.text, self.environment = text, environment
        self.values: dict[str, str] = {}
        self.entries: list[Entry] = []
        self.faults: list[Fault] = []
        self._at = 0
        self._line, self._line_start = 1, 0

    def statement(self) -> bool:
        """Read one more; False at the end."""
        start = _end(_BETWEEN, self.text, self._at)
        if start == len(self.text):
            return False
        try:
            self._at = self._entry(start)
        except _Stop as stop:
            self.faults.append(Fault(*self._place(stop.at), stop.what))
            self._at = _line_end(self.text, stop.at)
        return True

    def _entry(self, start: int) -> int:
        """Read the statement at `start`; where it ends."""
        if export := _EXPORT.match(self.text, start):
            start = export.end()
        if start == len(self.text):
            raise _Stop(start, "export without a name")
        end = self._key_end(start)
        key = self.text[start:end].rstrip(_SPACE) if end < len(self.text) else ""
        if " " in key:
            raise _Stop(start + key.index(" "), "a name cannot hold a space")
        line, column = self._place(start)
        if self.text[end : end + 1] == "\n":
            value = self.environment.get(key)
            self._add(Entry(key, value, line, column, inherited=True))
            return end + 1
        at = _end(_BLANKS, self.text, end + 1 if end < len(self.text) else start)
        quote = self.text[at : at + 1] if self.text[at : at + 1] in ("'", '"') else ""
        after = self._closing(at, quote) + 1 if quote else _line_end(self.text, at)
        found = self._value(at, after, quote)
        raw = self.text[at:after]
        self._add(
            Entry(key, found.text, line, column, quote, raw=raw, expanded=found.names, unset=found.unset),
        )
        return after if quote else after + 1

    def _add(self, entry: Entry) -> None:
        self.entries.append(entry)
        if entry.value is not None:
            self.values[entry.key] = entry.value

    def _key_end(self, start: int) -> int:
        """Where the name ends: at = or :, at the line's end, or at the file's end."""
        at = start
        while (at := _end(_KEY, self.text, at)) < len(self.text):
            char = self.text[at]
            if char in "=:\n":
                break
            if char.isascii() or unicodedata.category(char)[0] not in "LN":
                raise _Stop(at, _unexpected(self.text, start, at))
            at += 1
        return at

    def _closing(self, at: int, quote: str) -> int:
        end = _end(_INSIDE[quote], self.text, at + 1)
        if self.text[end : end + 1] != quote:
            raise _Stop(at, f"the quote {quote} that starts here is never closed")
        return end

    def _value(self, at: int, after: int, quote: str) -> Expanded:
        inside = self.text[at + 1 : after - 1]
        try:
            match quote:
                case "'":
                    return Expanded(_PAIR.sub(lambda pair: "'" if pair[0] == "\\'" else pair[0], inside))
                case '"':
                    return expand(_ESCAPE.sub(_unescaped, inside), self._lookup)
                case _:
                    return expand(self.text[at:after].partition(" #")[0].rstrip(_SPACE), self._lookup)
        except Stops as stop:
            raise _Stop(at, str(stop)) from None

    def _lookup(self, name: str) -> str | None:
        return self.environment[name] if name in self.environment else self.values.get(name)

    def _place(self, at: int) -> tuple[int, int]:
        """Line and column. Only ever asked further on, so that each line is counted once."""
        self._line += self.text.count("\n", self._line_start, at)
        self._line_start = max(self._line_start, self.text.rfind("\n", 0, at) + 1)
        return self._line, at - self._line_start + 1


def _unescaped(match: re.Match[str]) -> str:
    after = match[0][1:]
    if not after.startswith("0"):
        return _ESCAPED.get(after, match[0])
    digits = after[1:]  # compose-go drops the 0 even where what is left is no octal number
    return chr(int(digits, 8)) if _OCTAL.fullmatch(digits) else f"\\{digits}"


def _unexpected(text: str, start: int, at: int) -> str:
    """What is wrong with a name. What stands on a line without `=` may be part of a secret: then no character."""
    line = text[start : _line_end(text, start)]
    named = "=" in line[at - start :] and text[at].isprintable()
    return f"{text[at]} cannot be part of a name" if named else "this line is no NAME=value"


def _end(pattern: re.Pattern[str], text: str, at: int) -> int:
    match = pattern.match(text, at)
    return match.end() if match else at


def _line_end(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end
