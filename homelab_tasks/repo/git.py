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
from .source import FILE, LINK, PLAIN, Tree, git_prefix, homelab_root

_MOST_LINKS = 10  # that lead to one another
# Git sets these for hooks, and they mean the repo of the hook; a deploy from there finds its own. Others change what a
# path means.
_OF_A_HOOK = frozenset(
    f"GIT_{what}"
    for what in (
        *("DIR", "COMMON_DIR", "WORK_TREE", "PREFIX", "INDEX_FILE", "OBJECT_DIRECTORY", "NAMESPACE"),
        *("LITERAL_PATHSPECS", "GLOB_PATHSPECS", "NOGLOB_PATHSPECS", "ICASE_PATHSPECS"),
    )
)


class Commit(Struct, frozen=True):
    """The files of one commit, whatever lies in the worktree."""

    root: Path
    prefix: str
    commit: str
    branch: str
    files: Mapping[str, str]
    modes: Mapping[str, str]  # of those files that are executable or symlinks
    _contents: dict[str, bytes] = field(default_factory=dict)  # by blob id

    def read(self, path: str) -> bytes:
        """A file's content; a symlink is followed inside the homelab."""
        for _ in range(_MOST_LINKS):
            if path not in self.files:
                raise FileNotFoundError(2, "No such file in the commit", path)
            content = self._blob(path)
            if self.modes.get(path) != LINK:
                return content
            path = normpath(join(dirname(path), os.fsdecode(content)))
        raise FileNotFoundError(2, "Symlinks go in a circle", path)

    def tree(self) -> Tree:
        """All of its files."""
        from .links import links_of  # a commit that was read before needs none of that

        self.prefetch([])
        texts = {path: os.fsdecode(self._contents.get(self.files[path], b"")) for path in self._links}
        known = {path: f"{blob} {self.modes.get(path, PLAIN)}" for path, blob in self.files.items()}
        known |= {path: f"{known[path]} {text}" for path, text in texts.items()}
        return Tree(known, sorted(known), links_of(known))

    @property
    def _links(self) -> list[str]:
        return [path for path, mode in self.modes.items() if mode == LINK]

    def prefetch(self, paths: Iterable[str]) -> None:
        """Read the blobs of all these paths, and of all symlinks, through one `git cat-file`."""
        lacking = (
            blob for path in (*paths, *self._links) if (blob := self.files.get(path)) and blob not in self._contents
        )
        self._contents.update(blobs(self.root, lacking))

    def _blob(self, path: str) -> bytes:
        if self.files[path] not in self._contents:
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
    modes: dict[str, str] = {}
    for entry in entries(listing):
        name = entry.path.removeprefix(prefix)
        files[name] = entry.blob
        if entry.mode != PLAIN:
            modes[name] = entry.mode
    if FILE not in files:
        raise HomelabError(f"no {FILE} in commit {commit_id[:10]}; add and commit it: git add {FILE} && git commit")
    return Commit(root, prefix, commit_id, branch, files, modes)


class Entry(Struct, frozen=True):
    """A file as `git ls-tree` tells of it."""

    mode: str
    blob: str
    path: str


def entries(listing: bytes) -> list[Entry]:
    """Read `git ls-tree -r -z`, without submodules."""
    lines = (line.split("\t", 1) for line in os.fsdecode(listing).split("\0")[:-1])
    words = ((*about.split(" "), path) for about, path in lines)
    return [Entry(mode, blob, path) for mode, kind, blob, path in words if kind == "blob"]


def blobs(root: Path, wanted: Iterable[str]) -> Mapping[str, bytes]:
    """Blob id to content of those that the repo has, through one `git cat-file`."""
    lines = list(dict.fromkeys(wanted))
    if not lines:
        return {}
    return _batch(_git(root, "cat-file", "--batch", "--buffer", stdin="\n".join([*lines, ""]).encode()))


def uncommitted(root: Path) -> tuple[str, ...]:
    """What in the homelab's folder differs from HEAD, untracked files included; relative to `root`, one process."""
    how = ("--porcelain", "-z", "--no-renames", "--untracked-files=normal")  # whatever the user's `status.*` says
    status = _git(root, "--no-optional-locks", "status", *how, "--", ".")
    prefix = git_prefix(root)
    return tuple(sorted(line[3:].removeprefix(prefix) for line in os.fsdecode(status).split("\0")[:-1]))


def outside_of_hooks() -> dict[str, str]:
    """The environment in which git finds the repo of the folder that it runs in."""
    return {name: value for name, value in os.environ.items() if name not in _OF_A_HOOK}


def _where(root: Path, rev: str) -> tuple[str, str, str, str]:
    if rev.startswith("-") or not rev.isprintable() or not rev.strip():
        raise HomelabError(f"no commit {rev!r}; give a commit, branch or tag")
    words = ("--show-prefix", "--git-common-dir", f"{rev}^{{commit}}", "--symbolic-full-name", "HEAD")
    done = _run(root, "rev-parse", *words)
    if done.returncode == 0:
        prefix, folder, *commits, branch = os.fsdecode(done.stdout).removesuffix("\n").split("\n")
        if len(commits) == 1 and not commits[0].startswith("^"):  # else it is a range
            return prefix, folder, commits[0], "" if branch == "HEAD" else branch.removeprefix("refs/heads/")
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
        said = said or f"exit status {done.returncode}"
        raise HomelabError(f"git {_subcommand(words)} failed in {root}: {said}")
    return done.stdout


def _subcommand(words: Iterable[str]) -> str:
    """`commit-tree` of `-c NAME=VALUE commit-tree ...`."""
    rest = iter(words)
    return next(word for word in rest if not word.startswith("-") or (word == "-c" and not next(rest)))


def _run(
    root: Path, *words: str, stdin: bytes = b"", also: Mapping[str, str] = MappingProxyType({})
) -> subprocess.CompletedProcess[bytes]:
    """Run git with `also` in its environment."""
    env = {**outside_of_hooks(), "LC_ALL": "C", "LANGUAGE": "", **also}  # English messages to recognise
    try:
        return subprocess.run(["git", *words], cwd=root, input=stdin, capture_output=True, env=env, check=False)
    except FileNotFoundError:
        raise HomelabError("git is not installed; install it, e.g. apt install git") from None
