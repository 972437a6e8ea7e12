"""What an env file says, with the place of everything; values never show in a representation."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from msgspec import Struct

_COMMENTED = re.compile(r"^[ \t]*#[ \t#]*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)[ \t]*=", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Entry:
    """One `KEY=value`, or `KEY` alone, which hands on the variable of the environment (`value` None: it has none)."""

    key: str
    value: str | None = field(repr=False)
    line: int
    column: int
    quote: str = ""  # "", ' or "
    inherited: bool = False
    raw: str = field(default="", repr=False)  # what stands after the `=`, quotes and comment included
    expanded: tuple[str, ...] = field(default=(), repr=False)  # variables that the value used
    unset: tuple[str, ...] = field(default=(), repr=False)  # those of them that became nothing


class Fault(Struct, frozen=True):
    """A line at which Compose stops and reads nothing of the file. The sentence never holds a value."""

    line: int
    column: int
    what: str


class Parsed(Struct, frozen=True):
    """What a file says. With faults, the entries are those of the lines that could be read."""

    entries: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()

    def values(self) -> dict[str, str]:
        """Keys to values: of a key that is given twice the last."""
        return {entry.key: entry.value for entry in self.entries if entry.value is not None}


def offered(text: str) -> frozenset[str]:
    """The keys that comments of a template offer, `#KEY=`: they may be given, and blank is meant where they are not."""
    return frozenset(_COMMENTED.findall(text))
