"""Compose's variables in a text: `$X`, `${X:-d}`, `${X:+r}`, `${X:?e}`, `$$`, nested (compose-go, package template)."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from itertools import chain

from msgspec import Struct

Lookup = Callable[[str], str | None]  # a variable's value; None if it is not set

MOST_LEVELS = 20  # of variables in the defaults of others; Compose has no limit, and nobody needs it
MOST_TEXT = 1_000_000  # characters: lines that double each other's value grow without end

# Ignoring case as Go does, which lets the long s and the Kelvin sign pass for letters.
_START = re.compile(r"\$(?:(\$)|([_a-z][_a-z0-9]*)|\{(?:([_a-z][_a-z0-9]*)(?:(\})|(:?[-+?])))?)", re.IGNORECASE)
_BRACE = re.compile(r"[{}]")
_NAME = re.compile(r"[_a-z][_a-z0-9]*", re.IGNORECASE)


class Stops(ValueError):
    """Compose stops at this text. The sentence names variables at most, never a value."""


class Reference(Struct, frozen=True):
    """One use of a variable: `${name operator argument}`; `$name` has no operator."""

    name: str
    operator: str = ""  # "", ":-", "-", ":+", "+", ":?", "?"
    argument: str = ""
    offset: int = 0  # of its `$` in the text
    braced: bool = True


class Expanded(Struct, frozen=True):
    """A text with its variables replaced; `names` were used, `unset` of them became nothing."""

    text: str
    names: tuple[str, ...] = ()
    unset: tuple[str, ...] = ()


def is_name(text: str) -> bool:
    """Compose could refer to a variable of this name."""
    return bool(_NAME.fullmatch(text))


def references(text: str) -> Iterator[Reference]:
    """The variables of a text, those in the arguments of others left out. Raises Stops."""
    return (piece for piece in _pieces(text) if isinstance(piece, Reference))


def expand(text: str, lookup: Lookup, level: int = 0) -> Expanded:
    """The text as Compose would read it. Raises Stops."""
    if "$" not in text:
        return Expanded(text)
    if level > MOST_LEVELS:
        raise Stops(f"variables are nested deeper than {MOST_LEVELS} levels")
    parts = [Expanded(piece) if isinstance(piece, str) else _replaced(piece, lookup, level) for piece in _pieces(text)]
    if sum(len(part.text) for part in parts) > MOST_TEXT:
        raise Stops(f"the value grows to more than {MOST_TEXT} characters")
    return Expanded(
        "".join(part.text for part in parts),
        tuple(chain.from_iterable(part.names for part in parts)),
        tuple(chain.from_iterable(part.unset for part in parts)),
    )


def _replaced(found: Reference, lookup: Lookup, level: int) -> Expanded:
    value = lookup(found.name)
    # Compose looks into the argument whether it is used or not: a fault in there always stops it.
    other = expand(found.argument, lookup, level + 1)
    filled = value is not None and (bool(value) or not found.operator.startswith(":"))
    names = (found.name,)
    match found.operator[-1:]:
        case "-" if not filled:
            return Expanded(other.text, names + other.names, other.unset)
        case "+" if filled:
            return Expanded(other.text, names + other.names, other.unset)
        case "+":
            return Expanded("", names, names if value is None else ())
        case "?" if not filled:
            raise Stops(f"needs {found.name}, which has no value here")
        case _:
            return Expanded(value or "", names, names if value is None else ())


def _pieces(text: str) -> Iterator[str | Reference]:
    position, line_end = 0, -1
    while match := _START.search(text, position):
        yield text[position : match.start()]
        dollar, plain, braced, closed, operator = match.groups()
        position = match.end()
        if dollar:
            yield "$"
        elif plain or closed:
            yield Reference(plain or braced, offset=match.start(), braced=not plain)
        else:
            if line_end < position:
                line_end = (text.find("\n", position) + 1 or len(text) + 1) - 1
            end = _end(text, match.start(), text.rfind("}", position, line_end)) if operator else -1
            if end < 0:
                raise Stops("holds a ${ that is no variable: its name is missing or its } is")
            yield Reference(braced, operator, text[position:end], match.start())
            position = end + 1
    yield text[position:]


def _end(text: str, start: int, last: int) -> int:
    """Where the argument of the variable at `start` ends: at the brace that closes it, else at the line's last."""
    depth, skipped = 0, -1
    for brace in _BRACE.finditer(text, start, last + 1):
        at = brace.start()
        if at == skipped:
            continue
        depth += 1 if brace[0] == "{" else -1
        if brace[0] == "{":
            skipped = at + 1  # compose-go steps over the character after an opening brace
        elif not depth:
            return at
    return last
