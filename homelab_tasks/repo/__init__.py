"""YAML and compose files to a frozen, valid Repo; the only reader of those files."""

from __future__ import annotations

from ..model import Repo
from .cache import at_commit
from .export import (
    Distance,
    archive,
    bundle,
    distance,
    first_with,
    incoming,
    is_shallow,
    leading_to,
    pull,
    take_in,
    was_checked_out,
)
from .git import commit, locate, uncommitted
from .pins import at_pinned
from .select import select, select_groups
from .source import Source, homelab_root, rebasing, worktree


def load(source: Source) -> Repo:
    """The homelab as it is in `source`. Raises RepoInvalid with every problem of the whole repo."""
    from .loader import load as read  # and with it YAML, which a commit that was read before does not need

    return read(source)


__all__ = [
    "Distance",
    "Source",
    "archive",
    "at_commit",
    "at_pinned",
    "bundle",
    "commit",
    "distance",
    "first_with",
    "homelab_root",
    "incoming",
    "is_shallow",
    "leading_to",
    "load",
    "locate",
    "pull",
    "rebasing",
    "select",
    "select_groups",
    "take_in",
    "uncommitted",
    "was_checked_out",
    "worktree",
]
