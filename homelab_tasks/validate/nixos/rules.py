"""The rules of the systems' own files."""

from __future__ import annotations

from ...problem import Rule, Severity

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

SYNTAX = Rule("N001", "nix-syntax", _ERROR, "Nix cannot read a file")
DOUBLE_UID = Rule("N002", "double-uid", _ERROR, "two users of one uid, or one user of two")
DOUBLE_GID = Rule("N003", "double-gid", _ERROR, "two groups of one gid, or one group of two")
UNKNOWN_GROUP = Rule("N004", "undeclared-group", _WARNING, "a user is in a group that nothing declares")
NO_USER = Rule("N005", "no-user-module", _WARNING, "a service on a NixOS host has no module with its user")
NO_FOLDER = Rule("N006", "no-data-directory", _WARNING, "a service mounts a data folder that no module makes")
NO_SYSTEM = Rule("N007", "unknown-system", _ERROR, "`flake:` of a host names a system that the flake does not have")
NO_LOCK = Rule("N008", "flake-lock", _ERROR, "flake.lock is missing, not committed, or lacks an input")
UNTRACKED = Rule("N009", "untracked-nix-file", _WARNING, "a Nix file that Git does not know, so no flake sees it")
EVALUATION = Rule("N010", "evaluation", _ERROR, "a host's system does not evaluate (`--deep`)")
NO_IMPORT = Rule("N011", "missing-import", _ERROR, "`imports` names a file that is not there")

RULES = tuple(rule for rule in list(globals().values()) if isinstance(rule, Rule))
