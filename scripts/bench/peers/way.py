"""One way to deploy all services with a peer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

from scripts.bench.clock import LIMIT, clock_any
from scripts.bench.model import Sample

Ended: TypeAlias = tuple[Sample, int, str]


@dataclass(frozen=True, slots=True)
class Way:
    """A command line. `ordered`: no service starts before what it needs; `one_host`: it knows nothing of several hosts.

    `rare`: it takes so long that it is not run in every round.
    """

    name: str
    argv: tuple[str, ...]
    folder: Path
    env: Mapping[str, str] = field(default_factory=dict)
    ordered: bool = False
    one_host: bool = False
    rare: bool = False

    def run(self, limit: float = LIMIT) -> Ended:
        """Its time and memory, its exit status and what it said."""
        return clock_any(*self.argv, folder=self.folder, env=self.env, limit=limit)
