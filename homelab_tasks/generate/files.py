"""What each generated file should say, and what lies there."""

from __future__ import annotations

from collections.abc import Iterator
from enum import Enum
from itertools import zip_longest

from msgspec import Struct

from ..model import Repo
from ..repo.source import Source
from . import firewall, homepage

MARK = "# Made by `inv generate` "  # how the first line of each begins; a file without it is somebody's own


class State(Enum):
    """How what lies there compares with what should."""

    CURRENT = "current"
    MISSING = "missing"
    STALE = "stale"
    BY_HAND = "by hand"  # a person wrote it, so it is left alone


class File(Struct, frozen=True):
    """A file that follows from the services: what it should say, and what it says; None where it is not there."""

    path: str
    text: str
    there: str | None

    @property
    def state(self) -> State:
        """What is to be done about it."""
        if self.there is None:
            return State.MISSING
        if not self.there.startswith(MARK):
            return State.BY_HAND
        return State.CURRENT if self.there == self.text else State.STALE

    @property
    def differs_at(self) -> int:
        """The first line that is not as it should be, counted from 1."""
        lines = zip_longest(self.text.splitlines(), (self.there or "").splitlines())
        return next((number for number, (ours, theirs) in enumerate(lines, 1) if ours != theirs), 0)


def generated(repo: Repo, source: Source) -> Iterator[File]:
    """Every file that has a folder to lie in, by path. Raises RepoInvalid for a docker.yaml that is no YAML."""
    for path, text in sorted({**homepage.pages(repo, source), **firewall.modules(repo)}.items()):
        if (source.root / path).parent.is_dir():
            yield File(path, f"{MARK}{text}", _there(source, path))


def _there(source: Source, path: str) -> str | None:
    try:
        return source.read(path).decode("utf-8", "replace")
    except FileNotFoundError:
        return None
    except OSError:
        return ""  # whatever it is, it is not ours
