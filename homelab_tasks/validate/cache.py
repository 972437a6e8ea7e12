"""The last result, kept in the Git folder while nothing that it was made from has changed; no YAML is read for it.

Without a Git folder nothing is kept.
"""

from __future__ import annotations

import hashlib
import os
import time
from collections.abc import Iterable
from pathlib import Path

from msgspec import MsgspecError, Struct
from msgspec.json import decode, encode

from .result import Result
from .stamp import git_folder, look, look_at

__all__ = ["Kept", "git_folder"]

_SETTLED = 0.02  # seconds: what is written later than this before a run may change again within one tick of the clock


class _Said(Struct, frozen=True):
    """What the file says: how everything looked that the result was made from, the homelab and `watched` beside it."""

    stamp: str
    also: str
    watched: list[str]
    result: Result


class Kept:
    """The place of one homelab's result."""

    def __init__(self, root: Path, *, quick: bool = False) -> None:
        self._root = root
        self._began = time.time()
        self._file = _place(root, "quick" if quick else "whole")
        self._before = look(root)

    def read(self) -> Result | None:
        """The last result, if it would come out the same now."""
        try:
            said = decode(self._file.read_bytes(), type=_Said) if self._file else None
        except (OSError, ValueError, MsgspecError):
            return None
        if said is None or said.stamp != self._before.stamp or said.also != look_at(said.watched).stamp:
            return None
        return said.result

    def write(self, result: Result, watched: Iterable[str]) -> None:
        """Keep a result that depends on these files too; no place to write is no error."""
        if self._file is None:
            return
        now = look(self._root)
        beside = sorted(path for path in set(watched) if path.rpartition("/")[0] not in now.folders)
        also = look_at(beside)
        if now.stamp != self._before.stamp or max(now.newest, also.newest) > self._began - _SETTLED:
            return  # something changed meanwhile
        try:
            _write(self._file, encode(_Said(now.stamp, also.stamp, beside, result)))
        except (OSError, UnicodeEncodeError):  # the latter of a file name that is no text
            return


def _place(root: Path, kind: str) -> Path | None:
    folder = git_folder(root)
    name = hashlib.sha256(os.fsencode(root)).hexdigest()[:12]
    return folder / "homelab" / "cache" / f"validate-{kind}-{name}.json" if folder else None


def _write(file: Path, said: bytes) -> None:
    """Beside, then renamed, so that two runs at once read whole files."""
    for folder in (file.parent.parent, file.parent):
        folder.mkdir(mode=0o700, exist_ok=True)
    unfinished = file.with_suffix(f".{os.getpid()}")
    unfinished.touch(mode=0o600)
    unfinished.write_bytes(said)
    unfinished.replace(file)
