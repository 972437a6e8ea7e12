"""What somebody did by hand in a host's checkout: records say what a delivery laid there, and here is what lies there.

A file that was edited, or a commit that was checked out there: containers that start read those, not what the record
says, and "as the repo says" would be untrue until the next commit happens to touch the same files.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec.structs import replace

from . import repo as repos
from .errors import HomelabError
from .model import Repo
from .observe import Checkout, Observation
from .record import EDITED, Record

_UNKNOWN = "unknown"  # no digest: of a commit that this machine does not have


def edited(seen: Observation, repo: Repo) -> tuple[str, ...]:
    """Files of the homelab that were edited on the host; none while an interrupted delivery explains them."""
    if seen.interrupted or seen.checkout is not Checkout.GIT:
        return ()
    return tuple(path for path in seen.dirty if path.startswith(repo.prefix))


def with_what_lies(repo: Repo, seen: Observation, *, strayed: bool) -> Observation:
    """The same observation with records that know which files lie there; `strayed`: another commit than delivered."""
    files = edited(seen, repo)
    laid = _laid(repo, seen) if strayed else None
    if not files and laid is None:
        return seen
    paths = [path.removeprefix(repo.prefix) for path in files]
    return replace(seen, records={name: _corrected(r, repo, paths, laid) for name, r in seen.records.items()})


def _laid(repo: Repo, seen: Observation) -> Mapping[str, str]:
    """Service -> the digest of its files in the commit that is checked out there; "" of those that are pinned."""
    pinned = dict.fromkeys(seen.pins, "")
    try:
        there = repos.at_commit(Path(repo.root), seen.base)
    except HomelabError:
        return pinned
    return {name: service.digest for name, service in there.services.items()} | pinned


def _corrected(record: Record, repo: Repo, files: Iterable[str], laid: Mapping[str, str] | None) -> Record:
    service = repo.services.get(record.service)
    if service and any(path in service.files for path in files):
        return record.with_files_laid(EDITED)
    digest = laid.get(record.service, _UNKNOWN) if laid is not None else ""
    return record.with_files_laid(digest) if digest else record
