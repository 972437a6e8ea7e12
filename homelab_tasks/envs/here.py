"""A `.env` on this machine: read whole or refused, judged as one on a host is."""

from __future__ import annotations

import re
import stat
from collections.abc import Mapping
from pathlib import Path

from ..commands.env import MOST, Judged, Key, Kind, Side, digest
from ..dotenv import Entry, parse
from ..dotenv.placeholder import is_placeholder
from ..errors import Refused
from ..model import Repo

# How keys are spelled. What else looks like one may be a line of a key or a certificate, pasted without quotes.
_USUAL = re.compile(r"[A-Z_][A-Z0-9_]{0,39}|[a-z_][a-z0-9_]{0,39}")


def judge_here(repo: Repo, path: str, template: str) -> Judged:
    """What lies at `path`; the keys of the template may be named."""
    file = Path(repo.root, path)
    kind, mode = _kind(file)
    if kind not in (Kind.FILE, Kind.LINK):
        return Judged(kind, mode)
    content = file.read_bytes()
    parsed = parse(text_of(content))
    other = parse(template)
    known = dict.fromkeys((entry.key for entry in other.entries), None) | other.values()
    keys = tuple({entry.key: _key(entry, known) for entry in parsed.entries}.values())
    return Judged(kind, mode, digest(content), keys, parsed.faults[0].line if parsed.faults else 0)


def read_here(repo: Repo, path: str) -> bytes | None:
    """The content at `path`, None where nothing lies. Raises Refused for what is no file that can be read."""
    file = Path(repo.root, path)
    kind, _ = _kind(file)
    if kind is Kind.ABSENT:
        return None
    if kind not in (Kind.FILE, Kind.LINK):
        raise Refused(f"{path} cannot be read ({kind.value})", move="make it a file of yours")
    return file.read_bytes()


def text_of(content: bytes) -> str:
    """The text of an env file; bytes that are no UTF-8 survive the way back."""
    return content.decode("utf-8", "surrogateescape")


def _kind(file: Path) -> tuple[Kind, int]:
    try:
        about = file.stat()
    except FileNotFoundError:
        return (Kind.OTHER if file.is_symlink() else Kind.ABSENT), 0
    except OSError:
        return Kind.UNREADABLE, 0
    mode = stat.S_IMODE(about.st_mode)
    if not stat.S_ISREG(about.st_mode):
        return Kind.OTHER, mode
    if about.st_size > MOST:
        return Kind.HUGE, mode
    try:
        file.open("rb").close()
    except OSError:
        return Kind.UNREADABLE, mode
    return (Kind.LINK if file.is_symlink() else Kind.FILE), mode


def _key(entry: Entry, known: Mapping[str, str | None]) -> Key:
    tellable = entry.key in known or (not entry.inherited and _USUAL.fullmatch(entry.key))
    value = entry.value or ""
    same = Side.SAME if known.get(entry.key) == entry.value else Side.DIFFERENT
    return Key(
        entry.key if tellable else f"#{entry.line}",
        empty=not value and not entry.inherited,
        inherited=entry.inherited,
        placeholder=is_placeholder(value),
        side=same if entry.key in known else Side.ONLY_THERE,
    )
