"""The control groups of one host: they hold all its processes, so that none is missed when it is frozen or killed."""

from __future__ import annotations

import errno
import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError

ROOT = Path("/sys/fs/cgroup")
IS_V2 = (ROOT / "cgroup.controllers").exists()


@dataclass(frozen=True, slots=True)
class Cgroup:
    """The group `path` in the one tree of version 2, or in each tree of version 1."""

    path: str

    def enter_files(self) -> list[Path]:
        """The files that a process writes its pid to in order to enter; the groups are made."""
        trees = [ROOT] if IS_V2 else [ROOT / name for name in ("freezer", "memory", "pids")]
        # Version 2 allows processes in leaves only, and dockerd makes groups beside this one.
        leaves = [tree / self.path / "init" for tree in trees]
        for leaf in leaves:
            leaf.mkdir(parents=True, exist_ok=True)
        return [leaf / "cgroup.procs" for leaf in leaves]

    def holds(self, pid: int) -> bool:
        try:
            return f"/{self.path}/init" in Path(f"/proc/{pid}/cgroup").read_text()
        except (FileNotFoundError, ProcessLookupError):
            return False

    def freeze(self) -> None:
        top = self._top()
        (top / "cgroup.freeze").write_text("1") if IS_V2 else (top / "freezer.state").write_text("FROZEN")

    def thaw(self) -> None:
        """Let this group run again, and every paused container in it: a frozen process cannot be killed."""
        name, word = ("cgroup.freeze", "0") if IS_V2 else ("freezer.state", "THAWED")
        for folder in self._folders():
            with _may_be_gone():
                (folder / name).write_text(word)

    def kill(self) -> None:
        """Kill every process of the group and wait until they are gone."""
        self.thaw()
        deadline = time.monotonic() + 20
        while pids := self.pids():
            if time.monotonic() > deadline:
                raise LabError(f"processes of {self.path} do not end: {sorted(pids)}")
            for pid in pids:
                _kill(pid)
            time.sleep(0.01)

    def remove(self) -> None:
        tops = [ROOT / self.path] if IS_V2 else [tree / self.path for tree in ROOT.iterdir()]
        for top in tops:
            for folder in sorted((Path(name) for name, _, _ in os.walk(top)), reverse=True):
                _rmdir(folder)

    def _top(self) -> Path:
        return ROOT / self.path if IS_V2 else ROOT / "freezer" / self.path

    def pids(self) -> set[int]:
        """The processes of the group, as this machine numbers them."""
        found: set[int] = set()
        for folder in self._folders():
            with _may_be_gone():
                found.update(int(pid) for pid in (folder / "cgroup.procs").read_text().split())
        return found

    def _folders(self) -> list[Path]:
        """This group and those in it, the outer ones first; os.walk bears that one is removed meanwhile."""
        return sorted(Path(name) for name, _, _ in os.walk(self._top()))


@contextmanager
def _may_be_gone() -> Iterator[None]:
    """Dockerd removes a container's group whenever it ends: before its file is opened (ENOENT) or read (ENODEV)."""
    try:
        yield
    except OSError as error:
        if error.errno not in (errno.ENOENT, errno.ENODEV):
            raise


def _kill(pid: int) -> None:
    try:
        os.kill(pid, signal.SIGKILL)
    except ProcessLookupError:
        return


def _rmdir(folder: Path) -> None:
    """A group whose last process just ended stays busy for a moment."""
    for _ in range(100):
        try:
            folder.rmdir()
        except FileNotFoundError:
            return
        except OSError:
            time.sleep(0.01)
        else:
            return
    raise LabError(f"cannot remove {folder}; a process of it still runs")
