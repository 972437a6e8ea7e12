"""A template as something to fill in: which of its values are still to come, and its text with them put in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from msgspec import Struct

from ..dotenv import Entry, parse, quoted
from ..dotenv.placeholder import is_placeholder, names_a_secret
from ..errors import Refused
from . import secrets
from .secrets import Recipe


class Blank(Struct, frozen=True):
    """A key of a template whose value is still to come, and how it can be made."""

    entry: Entry
    start: int  # where the key stands in the text
    end: int  # where its value ends
    tail: str = ""  # of the line, from a comment on
    recipe: Recipe | None = None  # None: only a person knows it
    placeholder: bool = False

    @property
    def key(self) -> str:
        """The key."""
        return self.entry.key


def blanks(text: str, path: str) -> tuple[Blank, ...]:
    """What is to be filled in, in the order of the lines: empty values, placeholders, secrets, and what is marked.

    Raises Refused for a template that Compose could not read, and for a mark that asks for what is not known.
    """
    parsed = parse(text)
    if parsed.faults:
        fault = parsed.faults[0]
        raise Refused(f"{path}:{fault.line}: {fault.what}", move="mend the template first")
    lines = text.split("\n")
    starts = [0]
    for line in lines:
        starts.append(starts[-1] + len(line) + 1)
    found = (_blank(text, lines, starts, entry) for entry in parsed.entries if not entry.inherited)
    return tuple(blank for blank in found if blank is not None)


def filled(text: str, blanks: Iterable[Blank], values: Mapping[str, str]) -> str:
    """The text with values in the place of blanks; everything else as it was. Raises Refused where that fails.

    A blank without a value stays what it was; an empty one is written so that a comment behind it stays a comment.
    """
    for blank in sorted(blanks, key=lambda b: -b.start):
        value = values.get(blank.key)
        if value is None and (blank.placeholder or not blank.tail):
            continue
        line = quoted(blank.key, value) if value else f"{blank.key}=''"
        text = text[: blank.start] + line + blank.tail + text[blank.end :]
    written = parse(text).values()
    wrong = [key for key, value in values.items() if written.get(key) != value]
    if wrong:
        raise Refused(
            f"{', '.join(wrong)} cannot be filled in", move="write each key of the template on one line, once"
        )
    return text


def _blank(text: str, lines: list[str], starts: list[int], entry: Entry) -> Blank | None:
    start = starts[entry.line - 1] + entry.column - 1
    at = text.index(entry.raw, start + len(entry.key) + 1) if entry.raw else _after_sign(text, start + len(entry.key))
    end = at + len(entry.raw)
    tail = "" if entry.quote else _tail(entry.raw)
    shown = "" if tail[1:] == entry.raw else entry.value or ""  # Compose takes `KEY= # this` for a value
    above = lines[entry.line - 2].strip() if entry.line > 1 else ""
    behind = text[end:].partition("\n")[0] if entry.quote else tail
    recipe = secrets.marked(behind) or (secrets.marked(above) if above.startswith("#") else None)
    known_to_all = is_placeholder(shown) or (names_a_secret(entry.key) and not entry.expanded)
    if recipe is None and shown and not known_to_all:
        return None
    return Blank(entry, start, end, tail, recipe or secrets.guessed(entry.key), placeholder=bool(shown))


def _after_sign(text: str, at: int) -> int:
    while text[at] not in "=:":
        at += 1
    return at + 1


def _tail(raw: str) -> str:
    """What follows an unquoted value on its line."""
    if raw.startswith("# ") or (raw.startswith("#") and secrets.marked(raw)):
        return f" {raw}"
    value, sign, comment = raw.partition(" #")
    return sign + comment if sign else raw[len(value.rstrip("\r")) :]
