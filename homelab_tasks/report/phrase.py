"""Small pieces of sentences: counts, times, commits, lists of names, and text from elsewhere made safe to show."""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Sequence
from typing import TypeVar

from ..plan import Verb

_DID = {
    Verb.SYSTEM: "activated",
    Verb.NETWORK: "made",
    Verb.CREATE: "created",
    Verb.UPDATE: "updated",
    Verb.START: "started",
    Verb.RESTART: "restarted",
    Verb.RECREATE: "recreated",
    Verb.STOP: "stopped",
    Verb.REMOVE: "removed",
    Verb.NOTE: "recorded",
}
_ESCAPES = re.compile(r"\x1b(?:\[[0-?]*[ -/]*[@-~]|\][^\x07\x1b]*(?:\x07|\x1b\\)?|[ -/]*[0-~]?)")
_CONTROLS = re.compile(r"[\x00-\x08\x0b-\x1f\x7f-\x9f]")

Kind = TypeVar("Kind", bound=Hashable)
Item = TypeVar("Item")


def did(verb: Verb) -> str:
    """`created`, `stopped`, ..."""
    return _DID[verb]


def subject(verb: Verb, name: str) -> str:
    """A step's subject as a person says it: a network is called one."""
    return f"network {name}" if verb is Verb.NETWORK else name


def count(number: int, noun: str) -> str:
    """`1 service`, `2 services`."""
    return f"{number} {noun}" + ("" if number == 1 else "s")


def short(commit: str) -> str:
    """A commit as people write it."""
    return commit[:7]


def duration(seconds: float) -> str:
    """`1.3 s`, `42 s`, `3 min 5 s`."""
    if seconds < 9.95:
        return f"{seconds:.1f} s"
    whole = round(seconds)
    return f"{whole} s" if whole < 100 else f"{whole // 60} min {whole % 60} s"


def age(seconds: float) -> str:
    """How long ago, in the largest unit that gives a number: `40 s`, `5 min`, `3 h`, `12 d`."""
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if seconds >= size:
            return f"{seconds // size:.0f} {unit}"
    return f"{seconds:.0f} s"


def moment(at: str) -> str:
    """A recorded time (ISO 8601, UTC) to the minute: `2026-01-31 21:14 UTC`."""
    return f"{at[:10]} {at[11:16]} UTC" if len(at) >= 16 else at


def listed(names: Sequence[str], most: int = 12) -> str:
    """`a, b, c`, or the first of them `and 4 more`."""
    if len(names) <= most + 1:
        return ", ".join(names)
    return ", ".join(names[:most]) + f" and {len(names) - most} more"


def grouped(pairs: Iterable[tuple[Kind, Item]]) -> dict[Kind, list[Item]]:
    """The items of each kind, in the order in which they came."""
    found: dict[Kind, list[Item]] = {}
    for kind, item in pairs:
        found.setdefault(kind, []).append(item)
    return found


def clean(text: str) -> str:
    """A line of a container's without anything that could move the cursor or change colours."""
    return _CONTROLS.sub("", _ESCAPES.sub("", text)).expandtabs(4)
