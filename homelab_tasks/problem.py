"""What is wrong at a place of the repo, and the rule that it breaks: data, of which `errors` tells."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct


class Severity(Enum):
    """How much a problem matters: an error stops a deploy, the others are shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


class Place(Struct, frozen=True, order=True):
    """Where in the repo: a path relative to its root, line and column from 1 (0: the whole file)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


class Problem(Struct, frozen=True):
    """One thing that is wrong at one place: `file:line:column: what; the next move`. `rule` is its code.

    `also` are the other places that it is about: both of two services that want one port.
    """

    place: Place
    what: str
    move: str = ""
    severity: Severity = Severity.ERROR
    rule: str = ""
    also: tuple[Place, ...] = ()

    def __str__(self) -> str:
        return f"{self.place}: {self.what}" + (f"; {self.move}" if self.move else "")


class Rule(Struct, frozen=True):
    """One rule: its code never changes its meaning. `docs/rules.md` has a section for each."""

    code: str  # family letter and three digits: E004
    name: str  # kebab-case: missing-key
    severity: Severity
    summary: str

    def at(self, place: Place, what: str, move: str = "", *, also: tuple[Place, ...] = ()) -> Problem:
        """A problem of this rule: `file:line:column: what; the next move`."""
        return Problem(place, what, move, self.severity, self.code, also)
