"""A close look at hosts, for who asks whether they are fit: tools, disks, clock, ports, and all that a plan sees."""

from __future__ import annotations

from .ask import Answer, inspect
from .fitness import OLDEST, nearly_full, too_old
from .parse import version
from .seen import Disk, Engine, Folder, Inspection, Published, Socket, Sudo

__all__ = [
    "OLDEST",
    "Answer",
    "Disk",
    "Engine",
    "Folder",
    "Inspection",
    "Published",
    "Socket",
    "Sudo",
    "inspect",
    "nearly_full",
    "too_old",
    "version",
]
