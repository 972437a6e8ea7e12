"""What a result depends on, in short: files by path, kind, size, time and inode, as Git knows them. Nothing is read."""

from __future__ import annotations

import hashlib
import os
import stat
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from msgspec import Struct

from ..repo.source import FILE, SERVICES, git_top

_DEEPEST = 3  # folders below services/ are listed so far
_CODE = ("", "repo", "validate", "validate/env", "validate/nixos", "validate/schema", "dotenv", "envs", "generate")


class Look(Struct, frozen=True):
    """One look: `newest` is the time of the youngest file, `folders` are those of which every entry was seen."""

    stamp: str
    newest: float
    folders: frozenset[str] = frozenset()


def look(root: Path) -> Look:
    """A homelab's files as deep as services lie, what Git knows, this program and the folders of others."""
    said = "\0".join([sys.version, str(root), *_environment()])
    parts = hashlib.sha256(said.encode("utf-8", "surrogateescape"))
    for asked in (*_code(), *_tools(), *_git(root)):
        parts.update(_known(asked)[0])
    folders: set[str] = set()
    newest = _known(Path(root, FILE))[1]
    for path, about in _listed(root, folders):
        parts.update(f"{path}{_said(about)}".encode("utf-8", "surrogateescape"))
        if not stat.S_ISDIR(about.st_mode):
            newest = max(newest, about.st_mtime)
    return Look(parts.hexdigest(), newest, frozenset(folders))


def look_at(paths: Iterable[str]) -> Look:
    """These files and folders, whether they exist or not."""
    parts, newest = hashlib.sha256(), 0.0
    for path in paths:
        said, time = _known(Path(path))
        parts.update(said)
        newest = max(newest, time)
    return Look(parts.hexdigest(), newest)


def git_folder(root: Path) -> Path | None:
    """The `.git` of the checkout that holds `root`, found without a process; None outside of one."""
    top = git_top(root)
    if top is None:
        return None
    entry = top / ".git"
    if entry.is_dir():
        return entry
    try:
        return top / entry.read_text().strip().removeprefix("gitdir: ")
    except (OSError, UnicodeDecodeError):
        return None


def _code() -> Iterator[Path]:
    """The files of this package, which make the result."""
    package = Path(__file__).parents[1]
    for name in _CODE:
        try:
            entries = sorted(os.scandir(package / name), key=lambda entry: entry.name)
        except OSError:
            continue
        yield from (Path(entry.path) for entry in entries if entry.is_file())


def _environment() -> Iterator[str]:
    """What else decides where things are; a Git hook has an index of its own."""
    yield from (os.environ.get(name, "") for name in ("PATH", "HOME", "DOCKER_CONFIG", "GIT_DIR", "GIT_INDEX_FILE"))


def _tools() -> Iterator[Path]:
    """The folders where programs are looked for: another Docker or Nix is another answer."""
    yield from (Path(folder) for folder in os.environ.get("PATH", "").split(os.pathsep) if folder)


def _git(root: Path) -> Iterator[Path]:
    """What Git tracks and leaves out."""
    folder, top = git_folder(root), git_top(root)
    if folder and top:
        yield from (folder / name for name in ("index", "config", "info/exclude"))
        yield from (top / ".gitignore", root / ".gitignore")
    home = Path(os.environ.get("HOME") or "/")
    yield from (home / name for name in (".gitconfig", ".config/git/config", ".config/git/ignore"))
    yield from (Path(root, FILE), Path(root, "flake.lock"))


def _listed(root: Path, folders: set[str]) -> Iterator[tuple[str, os.stat_result]]:
    waiting = [(f"{root}/{SERVICES}", _DEEPEST)]
    while waiting:
        folder, depth = waiting.pop()
        try:
            with os.scandir(folder) as entries:
                found = sorted(entries, key=lambda entry: entry.name)
        except OSError:
            continue
        folders.add(folder)
        for entry in found:
            if entry.name == ".git":
                continue
            if depth > 1 and entry.is_dir(follow_symlinks=False):
                waiting.append((entry.path, depth - 1))
            about = _about(entry)
            if about:
                yield entry.path, about


def _about(entry: os.DirEntry[str]) -> os.stat_result | None:
    """What a link leads to, or the link itself where it leads nowhere; None for what is gone meanwhile."""
    for follow in (True, False):
        try:
            return entry.stat(follow_symlinks=follow)
        except OSError:
            continue
    return None


def _known(path: Path) -> tuple[bytes, float]:
    try:
        about = path.stat()
    except (OSError, ValueError):
        return f"{path} is not there\0".encode("utf-8", "surrogateescape"), 0.0
    return f"{path}{_said(about)}".encode("utf-8", "surrogateescape"), about.st_mtime


def _said(about: os.stat_result) -> str:
    return f"\0{about.st_size} {about.st_mtime_ns} {about.st_ino} {about.st_mode}\0"
