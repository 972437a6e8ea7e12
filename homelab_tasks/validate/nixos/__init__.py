"""The systems' own files: syntax, users, folders, the flake and its lock; with `--deep` what NixOS itself says."""

from __future__ import annotations

from collections.abc import Iterator

from ...problem import Problem
from ..facts import Facts
from . import evaluate, flake, services, syntax, users
from .folder import flakes
from .rules import RULES


def check(facts: Facts, *, deep: bool = False) -> Iterator[Problem]:
    """Everything wrong with the flakes of the repo; nothing where it has none."""
    found = flakes(facts)
    yield from syntax.check(facts, tuple(file for one in found for file in one.files))
    yield from flake.check(facts, found)
    for one in found:
        yield from users.check(one)
        yield from services.check(facts, one)
    if deep:
        yield from evaluate.check(facts, found)


__all__ = ["RULES", "check"]
