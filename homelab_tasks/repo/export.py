"""What of a commit travels to a host: some of its files as a tar, or its history as a bundle; and back, as a pack."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path
from posixpath import normpath

from msgspec import Struct

from ..errors import Refused
from ..model import Repo
from .git import _git, _run, blobs, entries

OUTGOING = "refs/homelab/outgoing"  # a bundle carries refs, so the commit goes under one of its own


def archive(repo: Repo, paths: Iterable[str]) -> bytes:
    """A tar of `paths` (from the homelab's root) at the repo's commit; names in it start at the Git repo's root."""
    from .tar import File, tar

    top, wanted = _top(repo), [normpath(f"{repo.prefix}{path}") for path in sorted(paths)]
    places = [] if "." in wanted else wanted
    # `git archive` would leave out and rewrite what .gitattributes says, which no checkout does.
    listed = entries(_git(top, "ls-tree", "-r", "-z", "--full-tree", repo.commit, "--", *places))
    contents = blobs(top, (entry.blob for entry in listed))
    if lost := [entry.path for entry in listed if entry.blob not in contents]:
        raise Refused(f"the Git repo in {top} lacks the content of {lost[0]}", move="git fetch --refetch")
    return tar(File(entry.path, entry.mode, contents[entry.blob]) for entry in listed)


def bundle(repo: Repo, *have: str) -> bytes:
    """Everything that a host lacks of the repo's commit: it has the first of `have` that is known here ("" is none).

    Empty when it lacks nothing. The first delivery is the whole history, so that a host can go back to any commit.
    """
    root = _top(repo)  # Git 2.39 takes `-` for a file's name in a subfolder
    beyond: list[str] = []
    for commit in filter(None, have):
        lacking = _run(root, "rev-list", "--max-count=1", repo.commit, f"^{commit}")
        if lacking.returncode:
            continue  # not known here
        if not lacking.stdout:
            return b""
        beyond = [f"^{commit}"]
        break
    _git(root, "update-ref", OUTGOING, repo.commit)
    return _git(root, "bundle", "create", "--quiet", "-", OUTGOING, *beyond)


def is_shallow(root: Path) -> bool:
    """Whether this clone lacks older commits (`git clone --depth`)."""
    return _git(root, "rev-parse", "--is-shallow-repository").strip() == b"true"


def take_in(root: Path, pack: bytes) -> None:
    """Add what a host gave. No ref names it: Git keeps such objects for two weeks."""
    _git(root, "unpack-objects", "-q", stdin=pack)


class Distance(Struct, frozen=True):
    """How two commits lie to each other: how many each has that the other lacks."""

    ahead: int
    behind: int


@cache
def distance(root: Path, ours: str, theirs: str) -> Distance | None:
    """How far a commit is ahead of another and behind it; None where this machine does not know one of them."""
    done = _run(root, "rev-list", "--count", "--left-right", f"{ours}...{theirs}", "--")
    return None if done.returncode else Distance(*map(int, done.stdout.split()))


def was_checked_out(root: Path, commit: str) -> bool:
    """Whether this very checkout was at the commit once, as far as its reflog goes back."""
    done = _run(root, "rev-list", "--walk-reflogs", "HEAD", "--")
    return commit in done.stdout.decode().split()


def leading_to(root: Path, commit: str) -> frozenset[str]:
    """The commit and all that came before it."""
    return frozenset(_git(root, "rev-list", commit).decode().split())


def first_with(root: Path, after: str, until: str, folder: str) -> str:
    """The first commit between these two that brought a file of `folder` (from the homelab's root); "" if none did."""
    own = ("--no-show-signature", "--no-follow", "--encoding=UTF-8")  # whatever the user's `log.*` says
    words = ("--reverse", "--diff-filter=A", "--format=%H", f"{after}..{until}", "--", f"./{folder}/")
    return _git(root, "log", *own, *words).decode().partition("\n")[0]


def pull(root: Path) -> None:
    """Fast-forward the checkout on this machine. Raises Refused where its history went another way."""
    _fetching(root, "pull", "--quiet", "--ff-only")


def incoming(root: Path) -> str:
    """The commit that `pull` would bring the checkout to; nothing but what Git knows of its origin changes. Raises
    Refused as `pull` does.
    """
    _fetching(root, "fetch", "--quiet")
    ours, theirs = _fetching(root, "rev-parse", "HEAD", "@{upstream}").split()
    apart = distance(root, ours, theirs)
    if apart is None or (apart.ahead and apart.behind):
        what = f"git pull --ff-only would fail in {root}: {ours[:7]} here and {theirs[:7]} at its origin went apart"
        raise Refused(what, move="mend that first")
    return theirs if apart.behind else ours


def _fetching(root: Path, *words: str) -> str:
    done = _run(root, *words)
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        failed = f"git {' '.join(word for word in words if word != '--quiet')} failed in {root}"
        raise Refused(f"{failed} ({said[-1] if said else 'no message'})", move="mend that first")
    return done.stdout.decode()


def _top(repo: Repo) -> Path:
    """The Git repo's own root: `git archive` names files from where it runs."""
    root = Path(repo.root)
    for _ in filter(None, repo.prefix.split("/")):
        root = root.parent
    return root
