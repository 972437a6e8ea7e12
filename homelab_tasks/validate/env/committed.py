"""Tokens of known formats in whatever else is committed, and Git LFS pointers. Git is asked once."""

from __future__ import annotations

import os
import re
import shlex
import subprocess
from collections.abc import Collection, Iterator

from ...problem import Place, Problem
from ...repo.source import git_top
from ..facts import Facts
from ..layout import POINTER
from . import rules, secret
from .tracking import environment

_POINTER = "version https://git-lfs.github.com/spec/"
_MANY = 1000  # lines that are looked at; more would be a dump of something


def check(facts: Facts, known: Collection[str]) -> Iterator[Problem]:
    """Files of the homelab in which Git has a token, but those that are `known` to be looked at by value."""
    if facts.source.commit or git_top(facts.source.root) is None:
        return  # that is told where env files are asked about
    services = tuple({f"{folder.path}/" for folder in facts.folders})
    for path, line, text in _found(facts):
        if line == 1 and text.startswith(_POINTER) and path.startswith(services):
            what = "is in Git LFS: a host gets the pointer, and containers read that"
            move = f"take it out of filter=lfs in .gitattributes, then git add --renormalize {shlex.quote(path)}"
            yield POINTER.at(Place(path), what, move)
        elif path not in known and (start := secret.token_at(text)) is not None:
            what = "a text here looks like a real secret, and this file is committed"
            move = "read it from a variable or a file that is not committed; change the secret"
            yield rules.SECRET.at(Place(path, line, start + 1), what, move)


def _found(facts: Facts) -> Iterator[tuple[str, int, str]]:
    words = ["git", "-c", "core.fsmonitor=false", "grep", "--cached", "-I", "-z", "-n", "-E", "-e", secret.FORMATS]
    words += ["-e", f"^{re.escape(_POINTER)}"]
    words += ["--no-color", "--no-column", "--no-full-name"]  # whatever the user's `grep.*` says
    try:
        done = subprocess.run(words, cwd=facts.source.root, capture_output=True, env=environment(), check=False)
    except OSError as error:
        why = f"git cannot be run ({(error.strerror or '').lower()})"
        facts.left_out("whether a secret is committed", why, fleeting=True)
        return
    for row in done.stdout.split(b"\n")[:_MANY]:
        path, _, rest = row.partition(b"\0")
        line, _, text = rest.partition(b"\0")
        if line.isdigit():
            yield os.fsdecode(path), int(line), text.decode(errors="replace")
