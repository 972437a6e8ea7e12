"""YAML and compose files to a frozen, valid Repo; the only reader of those files."""

from __future__ import annotations

from .export import archive, bundle, descends, knows, pull
from .git import commit, uncommitted
from .load import load
from .select import on_hosts, select, select_groups
from .source import Source, homelab_root, worktree

__all__ = [
    "Source",
    "archive",
    "bundle",
    "commit",
    "descends",
    "homelab_root",
    "knows",
    "load",
    "on_hosts",
    "pull",
    "select",
    "select_groups",
    "uncommitted",
    "worktree",
]
