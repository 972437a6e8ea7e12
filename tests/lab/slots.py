"""Where labs live and whose they are: numbered folders, each with the network of its number."""

from __future__ import annotations

import fcntl
from pathlib import Path
from typing import IO

from .base import cache
from .errors import LabUnavailable
from .network import Network

BOOT_ID = Path("/proc/sys/kernel/random/boot_id")


def labs() -> Path:
    """The folder of all labs of this machine."""
    folder = cache() / "labs"
    folder.mkdir(exist_ok=True)
    return folder


def slots() -> list[Path]:
    """The folders of labs, running or left behind."""
    return sorted(folder for folder in labs().iterdir() if folder.is_dir())


def free_slot() -> Path:
    """The first folder that nobody has, with a network that is free. Raises LabUnavailable."""
    for number in range(200):
        if not (labs() / str(number)).exists() and Network(number).is_free():
            return labs() / str(number)
    raise LabUnavailable("no network 10.77.x.0/24 is free for a lab")


def own(directory: Path) -> IO[str]:
    """Say that this process uses the lab, for as long as it lives and the file is open."""
    owner = (directory / "owner").open("w")
    fcntl.flock(owner, fcntl.LOCK_EX)
    return owner


def keep(directory: Path, name: str) -> None:
    """Say that the lab stays until somebody stops it, or the machine restarts."""
    (directory / "kept").write_text(f"{name}\n{BOOT_ID.read_text()}")


def kept_as(directory: Path) -> str:
    """The name of a kept lab, "" for another one, and for one of before the machine was restarted."""
    try:
        name, boot_id = (directory / "kept").read_text().split()
    except FileNotFoundError:
        return ""
    return name if boot_id == BOOT_ID.read_text().strip() else ""


def is_used(directory: Path) -> bool:
    """The lab is kept, or the process that owns it lives."""
    if kept_as(directory):
        return True
    try:
        with (directory / "owner").open() as owner:
            fcntl.flock(owner, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except FileNotFoundError:
        return False
    except BlockingIOError:
        return True
    return False
