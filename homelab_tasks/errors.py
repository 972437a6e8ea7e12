"""Every error that a user can cause, as a tree; each takes facts and writes its own sentence.

HomelabError            what went wrong, where, and the next move; tasks print it and exit 1
├── RepoInvalid         the repo's files hold problems; carries all of them
├── UnknownName         a word on the command line names nothing; carries the nearest names
└── Refused             a request that is understood and not carried out, with the reason
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from enum import Enum


class HomelabError(Exception):
    """A sentence for the user: lower case, what, where, the next move. `str()` gives it."""


class Severity(Enum):
    """How much a problem matters: an error stops a deploy, the others are shown."""

    ERROR = "error"
    WARNING = "warning"
    NOTICE = "notice"


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where in the repo: a path relative to its root, line and column from 1 (0: the whole file)."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return ":".join([self.file, *(str(n) for n in (self.line, self.column) if n)])


@dataclass(frozen=True, slots=True)
class Problem:
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


@dataclass(frozen=True, slots=True)
class Rule:
    """One rule: its code never changes its meaning. `docs/rules.md` has a section for each."""

    code: str  # family letter and three digits: E004
    name: str  # kebab-case: missing-key
    severity: Severity
    summary: str

    def at(self, place: Place, what: str, move: str = "", *, also: tuple[Place, ...] = ()) -> Problem:
        """A problem of this rule: `file:line:column: what; the next move`."""
        return Problem(place, what, move, self.severity, self.code, also)


class RepoInvalid(HomelabError):
    """The repo cannot be loaded; `problems` holds every fault of it, not the first only."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(problems, key=lambda p: (p.place, p.what)))
        super().__init__("\n".join(map(str, self.problems)))


class UnknownName(HomelabError):
    """`no service 'tdar'; did you mean 'tdarr'?`, or the names that there are."""

    def __init__(self, kind: str, name: str, known: Iterable[str]) -> None:
        self.kind, self.name = kind, name
        super().__init__(f"no {kind} {name!r}; {suggestion(name, sorted(known), kind)}")


class Refused(HomelabError):
    """Understood, and not done: `refused("what", move="the next move")`."""

    def __init__(self, what: str, *, move: str = "") -> None:
        self.what, self.move = what, move
        super().__init__(f"{what}; {move}" if move else what)


def suggestion(name: str, known: Sequence[str], kind: str = "name") -> str:
    """The next move after an unknown name: the nearest known one, else the known ones."""
    known = list(dict.fromkeys(known))
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not known:
        return f"there is no {kind} yet"
    shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    return f"there is {shown}"
