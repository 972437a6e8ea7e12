"""The parts of an answer, and what more than one reader asks of them."""

from __future__ import annotations

import re
from collections.abc import Mapping

from .seen import Checkout


def sections(output: str) -> Mapping[str, str]:
    """Name of a section -> its text; "" is what came before the first of them, where something did."""
    before, *parts = output.split("\036")
    found = {"": before} if before else {}
    for part in parts:
        name, _, body = part.partition("\n")
        found[name] = body
    return found


def clock(parts: Mapping[str, str]) -> float:
    """Seconds since 1970 from the last section; 0 where the answer was cut short."""
    seconds = re.fullmatch(r"(\d{1,12})(?:[.,](\d{1,9}))?\n", parts.get("clock", ""), re.ASCII)
    return float(f"{seconds[1]}.{seconds[2] or 0}") if seconds else 0.0


def checkout(git: str) -> Checkout:
    """What `git status` says of the folder that it was asked in."""
    if not git:
        return Checkout.EMPTY
    # warnings may stand before the headers; where Git gives up, there are none
    return Checkout.GIT if re.search(r"^# branch\.oid ", git, re.MULTILINE) else Checkout.FOREIGN
