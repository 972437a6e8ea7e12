"""What was asked for."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct


class Asked(Struct, frozen=True):
    """The words of the command line. `title` gives what to type for the same again, with the commit that was meant."""

    title: Callable[[str], str]
    to: str | None = None
    services: str | None = None  # names, globs; None: everything
    hosts: frozenset[str] = frozenset()
    system: bool = False
    reboot: bool = False
    force: bool = False
    on_failure: str = ""
    timeout: float = 0
