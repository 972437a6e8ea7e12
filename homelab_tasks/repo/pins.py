"""Commits that no person made: a base commit, in which the folders of some services are those of other commits.

A host that holds a service back is simply at such a commit. Whoever knows the base and the pins makes the very same
one: nothing in it depends on the machine or the moment.
"""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec import Struct
from msgspec.structs import replace

from ..errors import HomelabError, Refused, RepoInvalid
from ..model import Pinned, Repo, Service
from .cache import at_commit
from .export import _top
from .git import _git

REFS = "refs/homelab/pinned"  # so that Git keeps the commits for as long as somebody may go back to them
_NOBODY = {
    "GIT_AUTHOR_NAME": "homelab",
    "GIT_AUTHOR_EMAIL": "homelab@localhost",
    "GIT_COMMITTER_NAME": "homelab",
    "GIT_COMMITTER_EMAIL": "homelab@localhost",
}


def at_pinned(start: Path, base: str, pins: Mapping[str, Pinned], *, move: str = "") -> Repo:
    """The homelab at `base`, but with the folders of the services in `pins` as they were at their commits.

    Raises HomelabError where a commit is not known here, does not have the service, or where the parts do not fit; then
    with `move` as what to do next.
    """
    if not pins:
        return at_commit(start, base)
    repo = at_commit(start, base)
    parts = [_Move.of(start, repo, name, pin) for name, pin in sorted(pins.items())]
    commit = _make(repo, parts)
    try:
        made = at_commit(start, commit)
    except RepoInvalid as error:
        names, first = ", ".join(part.name for part in parts), error.problems[0]
        what = f"{names} as pinned does not fit the rest at {base[:7]} ({first})"
        raise Refused(what, move=move or "mend that, or free it with --unpin") from error
    return replace(made, made_of=repo.commit, pins=dict(pins))


class _Move(Struct, frozen=True):
    """A service's folder as it is in `then`, in the place of the one that the base has."""

    name: str
    then: Repo
    base: Repo

    @classmethod
    def of(cls, start: Path, base: Repo, name: str, pin: Pinned) -> _Move:
        """Raises Refused where the commit is not known here, or does not have the service."""
        try:
            then = at_commit(start, pin.commit)
        except RepoInvalid as error:
            what = f"{name} is pinned at {pin.commit[:7]}, where the repo does not load ({error.problems[0]})"
            raise Refused(what, move="free it with --unpin") from error
        except HomelabError as error:
            what = f"{name} is pinned at {pin.commit[:7]}, which this checkout does not know"
            raise Refused(what, move="git fetch, or free it with --unpin") from error
        if name not in then.services:
            raise Refused(f"{name} is pinned at {pin.commit[:7]}, where it does not exist", move="free it with --unpin")
        return cls(name, then, base)

    def entries(self) -> Iterator[bytes]:
        """Lines for `git update-index --index-info`: the files of the base go, then those of then come."""
        if self.name in self.base.services:
            gone = _paths(_listing(self.base, self.base.services[self.name]))
            yield from (f"0 {'0' * len(self.base.commit)}\t".encode() + path for path in gone)
        yield from _listing(self.then, self.then.services[self.name])


def _make(base: Repo, moves: Iterable[_Move]) -> str:
    """The id of the commit; it is written if it is not there yet."""
    top, moves = _top(base), list(moves)
    from tempfile import TemporaryDirectory  # 4 ms that only pinned services cost

    with TemporaryDirectory() as scratch:
        index = {"GIT_INDEX_FILE": f"{scratch}/index"}
        _git(top, "read-tree", base.commit, also=index)
        lines = b"".join(line + b"\0" for move in moves for line in move.entries())
        _git(top, "update-index", "-z", "--index-info", stdin=lines, also=index)
        tree = _git(top, "write-tree", also=index).decode().strip()
    at = _git(top, "rev-list", "--max-count=1", "--timestamp", base.commit).decode().partition(" ")[0]
    dates = {"GIT_AUTHOR_DATE": f"@{at} +0000", "GIT_COMMITTER_DATE": f"@{at} +0000"}
    words = ("-c", "i18n.commitEncoding=UTF-8", "commit-tree", tree, "-p", base.commit)
    commit = _git(top, *words, stdin=_message(base, moves).encode(), also={**_NOBODY, **dates}).decode().strip()
    _git(top, "update-ref", f"{REFS}/{commit}", commit)
    return commit


def _message(base: Repo, moves: Iterable[_Move]) -> str:
    moves = list(moves)
    pins = "".join(f"Homelab-Pin: {move.name} {move.then.commit}\n" for move in moves)
    return f"Pin {', '.join(move.name for move in moves)}\n\nHomelab-Base: {base.commit}\n{pins}"


def _listing(repo: Repo, service: Service) -> list[bytes]:
    """The files of a service's own folder as `git ls-tree` lists them, without those of services inside it."""
    folder = os.fsencode(f"{repo.prefix}{service.directory}/")
    inner = [os.fsencode(f"{repo.prefix}{s.directory}/") for s in repo.services.values()]
    inside = tuple(other for other in inner if other != folder and other.startswith(folder))
    lines = _git(_top(repo), "ls-tree", "-r", "-z", "--full-tree", repo.commit, "--", folder.decode()).split(b"\0")
    return [line for line in lines if line and not line.partition(b"\t")[2].startswith(inside)]


def _paths(listing: Iterable[bytes]) -> Iterator[bytes]:
    return (line.partition(b"\t")[2] for line in listing)
