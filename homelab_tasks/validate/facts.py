"""What the rules may look at: the repo as it lies there, and the tools of this machine."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event

from ..model import Repo
from ..repo.compose import Documents
from ..repo.discover import Folder
from ..repo.loader import Examined
from ..repo.source import Source


@dataclass(frozen=True, slots=True)
class Facts:
    """The examined repo. A rule reads it and nothing else, and yields problems.

    Whatever a rule looks at beside `source`, `documents` and the listed files is asked here (`about`, `watch`): a
    result is kept until one of these changes.
    """

    examined: Examined
    watched: dict[str, None] = field(default_factory=dict, repr=False)  # full paths, whether they exist or not
    quick: bool = False  # ask no other program
    unchecked: list[str] = field(default_factory=list, repr=False)  # `what was not checked: why`
    under_way: Event = field(default_factory=Event, repr=False)  # Compose works, and the rest can be checked meanwhile
    fleeting: list[str] = field(default_factory=list, repr=False)  # those of them that may be checked the next time

    @property
    def repo(self) -> Repo:
        """The part that could be read."""
        return self.examined.repo

    @property
    def source(self) -> Source:
        """The files."""
        return self.examined.source

    @property
    def documents(self) -> Documents:
        """Parsed YAML files, each parsed once."""
        return self.examined.documents

    @property
    def folders(self) -> tuple[Folder, ...]:
        """The service folders."""
        return self.examined.folders

    def full(self, path: str) -> Path:
        """A path of the repo on this machine."""
        return self.source.root / path

    def about(self, path: str) -> os.stat_result | None:
        """A file or folder of the repo, links followed; None if there is none. An absolute path is taken as it is."""
        full = self.full(path)
        self.watch(full)
        try:
            return full.stat()
        except (OSError, ValueError):
            return None

    def is_file(self, path: str) -> bool:
        """There is a regular file."""
        found = self.about(path)
        return found is not None and stat.S_ISREG(found.st_mode)

    def watch(self, path: Path) -> None:
        """The result depends on this file or folder, or on its absence: a tool's binary, `.git/index`."""
        self.watched[str(path)] = None

    def left_out(self, what: str, why: str, *, fleeting: bool = False) -> None:
        """Something could not be checked here: `left_out("what Compose says", "no docker compose here")`.

        `fleeting` is what the next run may find otherwise although nothing has changed: no answer in time, a full disk.
        """
        said = f"{what}: {why}"
        self.unchecked.append(said)
        if fleeting:
            self.fleeting.append(said)
