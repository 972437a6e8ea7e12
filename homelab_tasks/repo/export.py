"""What of a commit travels to a host: some of its files as a tar, or its history as a bundle."""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from pathlib import Path

from msgspec import Struct

from ..errors import Refused
from ..model import Repo
from .git import _git, _run

OUTGOING = "refs/homelab/outgoing"  # a bundle carries refs, so the commit goes under one of its own


def archive(repo: Repo, paths: Iterable[str]) -> bytes:
    """A tar of `paths` (from the homelab's root) at the repo's commit; names in it start at the Git repo's root."""
    wanted = [f":(top,literal){repo.prefix}{path}" for path in sorted(paths)]
    return _git(_top(repo), "archive", "--format=tar", repo.commit, "--", *wanted)


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


class Distance(Struct, frozen=True):
    """How two commits lie to each other: how many each has that the other lacks."""

    ahead: int
    behind: int


@cache
def distance(root: Path, ours: str, theirs: str) -> Distance | None:
    """How far a commit is ahead of another and behind it; None where this machine does not know one of them."""
    done = _run(root, "rev-list", "--count", "--left-right", f"{ours}...{theirs}", "--")
    return None if done.returncode else Distance(*map(int, done.stdout.split()))


def leading_to(root: Path, commit: str) -> frozenset[str]:
    """The commit and all that came before it."""
    return frozenset(_git(root, "rev-list", commit).decode().split())


def first_with(root: Path, after: str, until: str, folder: str) -> str:
    """The first commit between these two that brought a file of `folder` (from the homelab's root); "" if none did."""
    words = ("--reverse", "--diff-filter=A", "--format=%H", f"{after}..{until}", "--", f"./{folder}/")
    return _git(root, "log", *words).decode().partition("\n")[0]


def pull(root: Path) -> None:
    """Fast-forward the checkout on this machine. Raises Refused where its history went another way."""
    done = _run(root, "pull", "--quiet", "--ff-only")
    if done.returncode:
        said = done.stderr.decode("utf-8", "replace").strip().splitlines()
        raise Refused(
            f"git pull --ff-only failed in {root} ({said[-1] if said else 'no message'})", move="mend that first"
        )


def _top(repo: Repo) -> Path:
    """The Git repo's own root: `git archive` names files from where it runs."""
    root = Path(repo.root)
    for _ in filter(None, repo.prefix.split("/")):
        root = root.parent
    return root
