"""What standard output can show: width, colour, symbols, lines that may be rewritten; decided once and passed on."""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from enum import Enum
from typing import TextIO

from msgspec import Struct

NARROWEST = 20


class Tint(Enum):
    """A colour or weight; the value is its SGR code."""

    PLAIN = ""
    BOLD = "1"
    DIM = "2"
    RED = "31"
    GREEN = "32"
    YELLOW = "33"
    BLUE = "34"
    MAGENTA = "35"
    CYAN = "36"


class Symbol(Enum):
    """A mark before a line; the value is the mark and its stand-in for terminals that know ASCII only."""

    DONE = ("✓", "*")
    FAILED = ("✗", "x")
    SKIPPED = ("–", "-")
    WAITING = ("·", ".")
    WORKING = ("▸", ">")


class Style(Struct, frozen=True):
    """How text is laid out. `width` is in columns, 0: nothing is wrapped (a pipe); `live`: they may be rewritten."""

    width: int = 0
    colour: bool = False
    unicode: bool = True
    live: bool = False

    def paint(self, text: str, tint: Tint) -> str:
        """The text in a colour, if there are colours."""
        return f"\033[{tint.value}m{text}\033[0m" if self.colour and tint.value and text else text

    def mark(self, symbol: Symbol) -> str:
        """The symbol as this output can show it."""
        return symbol.value[0 if self.unicode else 1]


def style(stdout: TextIO, environ: Mapping[str, str] = os.environ) -> Style:
    """What can be shown on `stdout`; `NO_COLOR` and `TERM=dumb` are obeyed."""
    unicode = _encoding(stdout).lower().replace("-", "").replace("_", "") == "utf8"
    if not stdout.isatty():
        return Style(unicode=unicode)
    capable = environ.get("TERM", "dumb") != "dumb"
    return Style(_columns(stdout), colour=capable and not environ.get("NO_COLOR"), unicode=unicode, live=capable)


def say(text: str, stream: TextIO) -> None:
    """Write lines at once."""
    stream.write(encodable(text if text.endswith("\n") else text + "\n", stream))
    stream.flush()


def encodable(text: str, stream: TextIO) -> str:
    """The text with a `?` for each character that the stream cannot encode: no name may end a run with an error."""
    encoding = _encoding(stream)
    return text.encode(encoding, "replace").decode(encoding)


def _encoding(stream: TextIO) -> str:
    """One that holds text and no bytes, and has none, takes every letter."""
    return getattr(stream, "encoding", "") or "utf-8"


def stage(text: str, stream: TextIO | None = None) -> None:
    """Show in passing what is being done (`looking at hl15, nas`); "" wipes it off. On terminals only.

    By hand, because a run with nothing to do is over before rich could be imported.
    """
    out = stream or sys.stdout
    here = style(out)
    if here.live:
        shown = here.paint(encodable(text[: here.width - 1], out), Tint.DIM)
        out.write(
            f"\r\033[K{shown}" if text else "\r\033[K\033[?25h"
        )  # 25h: the cursor, should a region have hidden it
        out.flush()


def _columns(stdout: TextIO) -> int:
    try:
        return max(os.get_terminal_size(stdout.fileno()).columns, NARROWEST)
    except (OSError, ValueError):
        return 80
