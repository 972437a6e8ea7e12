"""Standard output and error as tasks need them: there, fit for any name, and no reason to break a run off."""

from __future__ import annotations

import io
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import Any, TextIO, cast


def open_all() -> None:
    """Have all three streams, where one was closed (`>&-`) too; a character that cannot be encoded becomes a `?`."""
    sys.stdin = sys.stdin or _nowhere("r")
    sys.stdout = sys.stdout or _nowhere("w")
    sys.stderr = sys.stderr or _nowhere("w")
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="replace")


def _nowhere(mode: str) -> TextIO:
    return cast("TextIO", Path(os.devnull).open(mode))


def outlive_readers() -> None:
    """From now on what cannot be written is dropped: who leaves `less` must not leave hosts half done."""
    if not isinstance(sys.stdout, _Outliving):
        sys.stdout = cast("TextIO", _Outliving(sys.stdout, tells=True))
        sys.stderr = cast("TextIO", _Outliving(sys.stderr, tells=False))


def flush() -> None:
    """Write what was said so far, if anybody still reads it."""
    try:
        sys.stdout.flush()
    except OSError:
        drop(sys.stdout)


def drop(stream: TextIO) -> None:
    """Nothing more of this stream goes anywhere, nor fails at the end of the program."""
    with suppress(OSError):  # a stream of a library's user may have no file
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, stream.fileno())
        os.close(nowhere)


class _Outliving:
    """A text stream whose failure nobody notices, but for one line on standard error if it `tells`."""

    def __init__(self, stream: TextIO, *, tells: bool) -> None:
        self._stream, self._tells = stream, tells

    def __getattr__(self, name: str) -> Any:
        return getattr(self._stream, name)

    def write(self, text: str) -> int:
        """All of it was written, or nobody will know."""
        try:
            return self._stream.write(text)
        except OSError as error:
            self._lose(error)
        return len(text)

    def flush(self) -> None:
        """As `write`."""
        try:
            self._stream.flush()
        except OSError as error:
            self._lose(error)

    def _lose(self, error: OSError) -> None:
        drop(self._stream)
        if self._tells:
            self._tells = False
            why = (error.strerror or "").lower()
            told = "the run goes on to its end, and inv history tells how it went"
            print(f"warning: standard output cannot be written ({why}); {told}", file=sys.stderr)
