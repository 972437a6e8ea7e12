"""The task generate: files of the repo that follow from its services."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator, Sequence
from difflib import unified_diff
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused
from .door import here, homelab_task

if TYPE_CHECKING:
    from ..generate import File

_NOTHING = "nothing to generate: no Homepage with a config folder, no NixOS host with a folder nixos/hosts/NAME"


@homelab_task(texts={"check": "write nothing; exit status 1 if a file is not current"})
def generate(_: Context, *, check: bool = False) -> None:
    """Write the files that follow from the services.

    The list of Homepage, and the firewall's ports of NixOS hosts.
    """
    from ..generate import generated
    from ..repo import load, worktree

    source = worktree(here())
    files = list(generated(load(source), source))
    if not files:
        print(_NOTHING)
    elif check:
        _check(files)
    else:
        _make(files, source.root)


def _check(files: Iterable[File]) -> None:
    from ..generate import State

    behind = [file for file in files if file.state in (State.MISSING, State.STALE)]
    for file in behind:
        sys.stdout.writelines(_difference(file))
    if behind:
        raise Refused(f"not current: {', '.join(file.path for file in behind)}", move="inv generate")
    by_hand = _by_hand(files)
    print(f"all generated files are current{f', but for {by_hand}, written by hand' if by_hand else ''}")


def _make(files: Sequence[File], root: Path) -> None:
    from ..generate import State
    from ..scaffold.lay import lay_files

    lay_files({file.path: file.text for file in files if file.state in (State.MISSING, State.STALE)}, root)
    did = {State.CURRENT: "current", State.MISSING: "made", State.STALE: "changed"}
    for file in files:
        if file.state in did:
            print(f"{did[file.state]} {file.path}")
    if by_hand := _by_hand(files):
        raise Refused(f"{by_hand} was written by hand, and is left as it is", move="move it away first")


def _by_hand(files: Iterable[File]) -> str:
    from ..generate import State

    return ", ".join(file.path for file in files if file.state is State.BY_HAND)


def _difference(file: File) -> Iterator[str]:
    ours, theirs = file.text.splitlines(keepends=True), (file.there or "").splitlines(keepends=True)
    return unified_diff(theirs, ours, file.path, file.path)
