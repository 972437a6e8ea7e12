"""What an env file says, with the place of everything; values never show in a representation."""

from __future__ import annotations

from dataclasses import dataclass, field


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


@dataclass(frozen=True, slots=True)
class Fault:
    """A line at which Compose stops and reads nothing of the file. The sentence never holds a value."""

    line: int
    column: int
    what: str


@dataclass(frozen=True, slots=True)
class Parsed:
    """What a file says. With faults, the entries are those of the lines that could be read."""

    entries: tuple[Entry, ...] = ()
    faults: tuple[Fault, ...] = ()

    def values(self) -> dict[str, str]:
        """Keys to values: of a key that is given twice the last."""
        return {entry.key: entry.value for entry in self.entries if entry.value is not None}
