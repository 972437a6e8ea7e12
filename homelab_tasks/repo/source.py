"""Where a repo's files are read from: the folder as it lies there. A commit is in `git.py`; both are a `Source`."""

from __future__ import annotations

import errno
import os
import stat
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Protocol

from msgspec import Struct, field

from ..errors import HomelabError

FILE = "hosts.yaml"
EXAMPLE = "hosts:\n  nas:\n    address: 10.0.0.5\n    user: admin"
SERVICES = "services"
LINK = "120000"  # Git's mode of a symlink
PLAIN = "100644"  # Git's mode of a file that is neither executable nor a symlink
_SKIPPED = frozenset({".git", "node_modules"})


class Tree(Struct, frozen=True):
    """The files of a commit as Git tells them apart, from the homelab's root."""

    entries: Mapping[str, str] = field(default_factory=dict)  # path -> blob id, mode, and the text of a symlink
    paths: Sequence[str] = ()  # sorted
    links: Mapping[str, str] = field(default_factory=dict)  # path of each symlink -> the place that it leads to


class Source(Protocol):
    """The homelab's files: paths are relative to its root, with `/`."""

    @property
    def root(self) -> Path:
        """The homelab's folder on this machine."""

    @property
    def prefix(self) -> str:
        """The homelab's folder inside its Git repo, with a trailing slash; "" if they are the same."""

    @property
    def commit(self) -> str:
        """The commit's id; "" for a worktree."""

    @property
    def branch(self) -> str:
        """The branch that is checked out; "" if none or not asked for."""

    @property
    def files(self) -> Mapping[str, str]:
        """Each file's Git blob id; "" in a worktree, which lists `services/` two folders deep and `hosts.yaml`."""

    def tree(self) -> Tree:
        """All files of the commit; none for a worktree."""

    def read(self, path: str) -> bytes:
        """A file's content. Raises OSError."""

    def prefetch(self, paths: Iterable[str]) -> None:
        """Get ready to `read` these; paths that do not exist are ignored."""


def homelab_root(start: Path) -> Path:
    """The folder with `hosts.yaml`, here or above. Raises HomelabError."""
    here = Path(os.path.realpath(start))  # a symlink may lead into a Git repo that its own parents are not part of
    for folder in (here, *here.parents):
        if (folder / FILE).is_file():
            return folder
    raise HomelabError(f"no {FILE} here or above ({here}); create one in the homelab's folder:\n{EXAMPLE}")


def git_top(root: Path) -> Path | None:
    """The top of the Git checkout that holds `root`, found without a process; None outside of one."""
    return next((folder for folder in (root, *root.parents) if (folder / ".git").exists()), None)


def git_prefix(root: Path) -> str:
    """`root` as seen from the top of its Git checkout, with a trailing slash; "" for the top itself."""
    relative = root.relative_to(git_top(root) or root).as_posix()
    return "" if relative == "." else f"{relative}/"


def rebasing(root: Path) -> str:
    """A sentence, where the checkout that holds `root` is in the middle of a rebase; found without a process."""
    folder = (git_top(root) or root) / ".git"
    if folder.is_file():  # of a worktree
        folder = folder.parent / folder.read_text().partition(": ")[2].strip()
    under_way = any((folder / name).is_dir() for name in ("rebase-merge", "rebase-apply"))
    return "a rebase is under way here, and HEAD in the middle of it" if under_way else ""


class Worktree(Struct, frozen=True):
    """The files as they lie there, committed or not."""

    root: Path
    prefix: str
    files: Mapping[str, str]
    commit: str = ""
    branch: str = ""

    @staticmethod
    def tree() -> Tree:
        """None are of a commit."""
        return Tree()

    def read(self, path: str) -> bytes:
        """A file's content; OSError for what is no regular file, as reading a pipe would wait for ever."""
        full = self.root / path
        if not stat.S_ISREG(full.stat().st_mode):
            raise FileNotFoundError(errno.ENOENT, "it is no regular file", path)
        return full.read_bytes()

    def prefetch(self, paths: Iterable[str]) -> None:
        """Nothing to do: a file is read when it is asked for."""


def worktree(start: Path) -> Worktree:
    """The homelab around `start`, as it lies there. Raises HomelabError if there is none."""
    root = homelab_root(start)
    names = dict.fromkeys(_walk(root / SERVICES, f"{SERVICES}/", depth=2), "")
    return Worktree(root, git_prefix(root), {FILE: "", **names})


def _walk(folder: Path, prefix: str, depth: int) -> Iterator[str]:
    """Names of files, as deep as services lie; symlinked folders are left out, as Git does, so no loop can catch us."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except OSError:
        return  # data that belongs to a container's user, or no services yet
    for entry in entries:
        if entry.is_dir(follow_symlinks=False):
            if depth and entry.name not in _SKIPPED:
                yield from _walk(Path(entry.path), f"{prefix}{entry.name}/", depth - 1)
        else:
            yield prefix + entry.name
