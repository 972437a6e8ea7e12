"""Every error that a user can cause, as a tree; each takes facts and writes its own sentence.

HomelabError            what went wrong, where, and the next move; tasks print it and exit 1
├── RepoInvalid         the repo's files hold problems; carries all of them
├── UnknownName         a word on the command line names nothing; carries the nearest names
└── Refused             a request that is understood and not carried out, with the reason
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from .problem import Problem


class HomelabError(Exception):
    """A sentence for the user: lower case, what, where, the next move. `str()` gives it."""


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
    from difflib import get_close_matches

    known = list(dict.fromkeys(known))
    near = get_close_matches(name, known, n=1, cutoff=0.6)
    if near:
        return f"did you mean {near[0]!r}?"
    if not known:
        return f"there is no {kind} yet"
    shown = ", ".join(known[:8]) + (", ..." if len(known) > 8 else "")
    return f"there is {shown}"
