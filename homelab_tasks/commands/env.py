"""What is asked of a host about its env files, and how one gets there: values travel on standard input only."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import Enum

from msgspec import Struct

from ..command import Command, host_script
from ..model import Host

MOST = 1 << 18  # bytes; what is larger is no env file, and awk would take minutes
_ABOUT = re.compile(r"(file|link) ([0-7]{1,4}) ([0-9a-f]{64})|(unreadable|huge) ([0-7]{1,4})|(absent|other)", re.ASCII)
_KEY = re.compile(r"(#?\S+) ([eip]?)([=~+-]?)")


class Kind(Enum):
    """What lies where an env file should."""

    ABSENT = "absent"
    FILE = "file"
    LINK = "link"  # to a file: somebody else provides it
    OTHER = "other"  # a folder, a pipe, a link to nowhere
    UNREADABLE = "unreadable"
    HUGE = "huge"


class Side(Enum):
    """A key in the file on the host, beside the text that it was compared with."""

    SAME = "="
    DIFFERENT = "~"
    ONLY_THERE = "+"
    ONLY_HERE = "-"


class Key(Struct, frozen=True):
    """A key of an env file, without its value. A `name` of `#7` is line 7: what stands there may be secret."""

    name: str
    empty: bool = False
    inherited: bool = False  # `KEY` alone: its value comes from the environment
    placeholder: bool = False
    side: Side | None = None  # None: it was compared with nothing


@dataclass(frozen=True, slots=True)
class Judged:
    """An env file as its host sees it."""

    kind: Kind
    mode: int = 0
    hash: str = field(default="", repr=False)  # SHA-256, in memory only: short values could be guessed from it
    keys: tuple[Key, ...] = ()
    fault: int = 0  # the line on which Compose stops

    @property
    def readable(self) -> bool:
        """Its keys are known."""
        return self.kind in (Kind.FILE, Kind.LINK)


@dataclass(frozen=True, slots=True)
class Text:
    """What an env file is compared with. Names of keys in a `public` one are known to be no secrets."""

    text: str = field(repr=False)
    public: bool = False


def judge(host: Host, files: Mapping[str, Text | None], placeholder: str) -> Command:
    """Look at env files (paths from the checkout's root) and compare them with texts, on the host.

    `placeholder` is an extended regular expression for values in lower case.
    """
    asked = "".join(_section(path, text) for path, text in files.items() if text is not None)
    return host_script("env_read", host.path, placeholder, *files, stdin=asked.encode("utf-8", "surrogateescape"))


def parse(output: str) -> Mapping[str, Judged] | None:
    """Read what `judge` printed; None for an answer that is not whole."""
    *parts, end = output.split("\036")[1:] or [""]
    if end != "end\n":
        return None
    return {path: _judged(body.splitlines()) for path, _, body in (part.partition("\n") for part in parts)}


def fetch(host: Host, path: str) -> Command:
    """Give the content of an env file out: a first line `file`, `absent` or `other`, then the content."""
    return host_script("env_get", host.path, path)


def put(host: Host, path: str, content: bytes, before: str) -> Command:
    """Lay an env file where `before` lies now (`absent`, or a SHA-256). Prints `written`, or what is there instead."""
    return host_script("env_put", host.path, path, stdin=f"{before} {len(content)}\n".encode() + content)


def digest(content: bytes) -> str:
    """The SHA-256 by which `put` knows what lies there."""
    return hashlib.sha256(content).hexdigest()


def _section(path: str, text: Text) -> str:
    lines = text.text.removeprefix("\ufeff").split("\n")
    return f"\036{'+' if text.public else '-'}{path}\n" + "".join(f"={line}\n" for line in lines)


def _judged(lines: list[str]) -> Judged:
    about = _ABOUT.fullmatch(lines[0]) if lines else None
    if not about:
        return Judged(Kind.OTHER)
    kind = Kind(about[1] or about[4] or about[6])
    fault = re.fullmatch(r"fault (\d{1,9})", lines[-1], re.ASCII)
    mode = int(about[2] or about[5] or "0", 8)
    return Judged(kind, mode, about[3] or "", tuple(_keys(lines[1:])), int(fault[1]) if fault else 0)


def _keys(lines: Iterable[str]) -> Iterable[Key]:
    for line in lines:
        found = _KEY.fullmatch(line)
        if found:
            name, state, side = found.groups()
            yield Key(name, state == "e", state == "i", state == "p", Side(side) if side else None)
