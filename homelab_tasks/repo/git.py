"""A commit as a Source, with three git processes in all, and what is not committed yet."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path
from posixpath import dirname, join, normpath
from types import MappingProxyType

from msgspec import Struct, field

from ..errors import HomelabError
from .source import FILE, git_prefix, homelab_root

_SYMLINK = "120000"
_MOST_LINKS = 10  # that lead to one another


class Commit(Struct, frozen=True):
    """The files of one commit, whatever lies in the worktree."""

    root: Path
    prefix: str
    commit: str
    branch: str
    files: Mapping[str, str]
    symlinks: frozenset[str]
    _contents: dict[str, bytes] = field(default_factory=dict)  # by blob id

    def read(self, path: str) -> bytes:
        """A file's content; a symlink is followed inside the homelab."""
        for _ in range(_MOST_LINKS):
            if path not in self.files:
                raise FileNotFoundError(2, "No such file in the commit", path)
            content = self._blob(path)
            if path not in self.symlinks:
                return content
            path = normpath(join(dirname(path), os.fsdecode(content)))
        raise FileNotFoundError(2, "Symlinks go in a circle", path)

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read the blobs of all these paths through one `git cat-file`."""
        blobs = dict.fromkeys(blob for path in paths if (blob := self.files.get(path)) and blob not in self._contents)
        if blobs:
            output = _git(self.root, "cat-file", "--batch", stdin="\n".join([*blobs, ""]).encode())
            self._contents.update(_batch(output))

    def _blob(self, path: str) -> bytes:
        self.prefetch([path])
        try:
            return self._contents[self.files[path]]
        except KeyError:
            raise FileNotFoundError(2, "Missing from the Git repo, which may be a partial clone", path) from None


class Location(Struct, frozen=True):
    """A homelab and one of its commits, by name only."""

    root: Path
    prefix: str
    commit: str
    branch: str
    git_folder: Path  # shared by all worktrees of the repo


def locate(start: Path, rev: str = "HEAD") -> Location:
    """The homelab around `start` and a commit of it. Raises HomelabError: no homelab, no Git repo, no such commit."""
    root = homelab_root(start)
    prefix, git_folder, commit_id, branch = _where(root, rev)
    return Location(root, prefix, commit_id, branch, root / git_folder)


def commit(found: Location) -> Commit:
    """The files of a located commit. Raises HomelabError."""
    root, prefix, commit_id, branch = found.root, found.prefix, found.commit, found.branch
    listing = _git(root, "ls-tree", "-r", "-z", "--full-tree", commit_id, *([prefix] if prefix else []))
    files: dict[str, str] = {}
    symlinks = set()
    for line in os.fsdecode(listing).split("\0")[:-1]:
        about, path = line.split("\t", 1)
        mode, kind, blob = about.split(" ")
        if kind != "blob":
            continue  # a submodule
        name = path.removeprefix(prefix)
        files[name] = blob
        if mode == _SYMLINK:
            symlinks.add(name)
    if FILE not in files:
        raise HomelabError(f"no {FILE} in commit {commit_id[:10]}; add and commit it: git add {FILE} && git commit")
    return Commit(root, prefix, commit_id, branch, files, frozenset(symlinks))


def uncommitted(root: Path) -> tuple[str, ...]:
    """What in the homelab's folder differs from HEAD, untracked files included; relative to `root`, one process."""
    status = _git(root, "--no-optional-locks", "status", "--porcelain", "-z", "--no-renames", "--", ".")
    prefix = git_prefix(root)
    return tuple(sorted(line[3:].removeprefix(prefix) for line in os.fsdecode(status).split("\0")[:-1]))


def _where(root: Path, rev: str) -> tuple[str, str, str, str]:
    if rev.startswith("-") or not rev.isprintable() or not rev.strip():
        raise HomelabError(f"no commit {rev!r}; give a commit, branch or tag")
    done = _run(root, "rev-parse", "--show-prefix", "--git-common-dir", f"{rev}^{{commit}}", "--abbrev-ref", "HEAD")
    if done.returncode == 0:
        prefix, folder, *commits, branch = os.fsdecode(done.stdout).removesuffix("\n").split("\n")
        if len(commits) == 1 and not commits[0].startswith("^"):  # else it is a range
            return prefix, folder, commits[0], "" if branch == "HEAD" else branch
        raise HomelabError(f"{rev!r} is not one commit; give a commit, branch or tag")
    said = done.stderr.decode("utf-8", "replace").strip()
    if "not a git repository" in said:
        raise HomelabError(
            f"{root} is in no Git repo; only commits are deployed: git init && git add --all && git commit"
        )
    if "dubious ownership" in said:
        raise HomelabError(f"git does not trust {root}, which another user owns; {said.splitlines()[-1].strip()}")
    if rev == "HEAD":
        raise HomelabError(f"no commit yet in {root}; make the first: git add --all && git commit")
    raise HomelabError(f"no commit {rev!r} in {root}; see git log --oneline")


def _batch(output: bytes) -> Mapping[str, bytes]:
    """What `git cat-file --batch` answers: `ID blob SIZE`, the content, a newline; or `ID missing`."""
    found: dict[str, bytes] = {}
    position = 0
    while position < len(output):
        end = output.index(b"\n", position)
        words = output[position:end].decode().split(" ")
        position = end + 1
        if len(words) == 3:
            size = int(words[2])
            found[words[0]] = output[position : position + size]
            position += size + 1
    return found


def _git(root: Path, *words: str, stdin: bytes = b"", also: Mapping[str, str] = MappingProxyType({})) -> bytes:
    done = _run(root, *words, stdin=stdin, also=also)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().removeprefix("fatal: ")
        raise HomelabError(f"git {words[0]} failed in {root}: {said or f'exit status {done.returncode}'}")
    return done.stdout


def _run(
    root: Path, *words: str, stdin: bytes = b"", also: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[bytes]:
    """Run git with `also` in its environment."""
    # English messages to recognise. Inside a Git hook, GIT_DIR and its like point at the repo that is committed to.
    env = {**os.environ, "LC_ALL": "C", "LANGUAGE": "", **also}
    try:
        return subprocess.run(["git", *words], cwd=root, input=stdin, capture_output=True, env=env, check=False)
    except FileNotFoundError:
        raise HomelabError("git is not installed; install it, e.g. apt install git") from None
