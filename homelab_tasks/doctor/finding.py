"""One thing that the doctor has looked at."""

from __future__ import annotations

from enum import Enum

from msgspec import Struct

HERE = "this machine"


class State(Enum):
    """How it is."""

    OK = "ok"
    NOTICE = "notice"  # works, and might be better
    PROBLEM = "problem"


class Finding(Struct, frozen=True):
    """`mend` is a command, or a sentence where no command will do; `on HOST: ` before it says where to type it."""

    place: str  # HERE, or a host's name
    topic: str
    state: State
    said: str
    mend: str = ""


def ok(place: str, topic: str, said: str) -> Finding:
    """As it should be."""
    return Finding(place, topic, State.OK, said)


def notice(place: str, topic: str, said: str, mend: str = "") -> Finding:
    """Works, and might be better."""
    return Finding(place, topic, State.NOTICE, said, mend)


def problem(place: str, topic: str, said: str, mend: str) -> Finding:
    """Has to be mended."""
    return Finding(place, topic, State.PROBLEM, said, mend)
