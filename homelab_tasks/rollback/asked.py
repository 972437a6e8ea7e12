"""What was asked for, and what is known before anything is decided."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from ..fleet import Fleet
from ..history import Journal
from ..model import Repo


@dataclass(frozen=True, slots=True)
class Asked:
    """The words of the command line. `title` gives what to type for the same again, with the commit that was meant."""

    title: Callable[[str], str]
    to: str | None = None
    services: str | None = None  # names, globs; None: everything
    hosts: frozenset[str] = frozenset()
    system: bool = False
    reboot: bool = False
    force: bool = False
    on_failure: str = ""
    timeout: float = 0


@dataclass(frozen=True, slots=True)
class Scene:
    """The homelab as it is here and now, and its hosts with what they remember."""

    asked: Asked
    repo: Repo
    fleet: Fleet
    journals: Mapping[str, Journal]

    @property
    def root(self) -> Path:
        """The homelab's folder on this machine."""
        return Path(self.repo.root)

    @property
    def deployed(self) -> Mapping[str, str]:
        """Host -> the commit that it is at."""
        seen = self.fleet.seen
        return {name: seen[name].base for name in self.repo.hosts if name in seen and seen[name].commit}
