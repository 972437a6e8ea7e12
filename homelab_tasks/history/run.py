"""What was done to hosts, as values: runs, what they changed, and how they ended."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from enum import Enum

from msgspec import Struct, field


class Ending(Enum):
    """How a run ended."""

    DONE = "done"
    FAILED = "failed"
    PUT_BACK = "put back"  # it failed, and what it had changed was taken back
    INTERRUPTED = "interrupted"
    RUNNING = "running"
    LOST = "ended without a word"  # killed, or a power cut


class Change(Struct, frozen=True):
    """What became of one step: `plex` was `update`d on `nas`; `status` is done, failed or skipped."""

    service: str
    host: str
    verb: str
    status: str
    why: str = ""
    env: Mapping[str, str] | None = None  # path -> keyed hash, of a service that is as planned; None: not written down
    images: Mapping[str, str] = field(default_factory=dict)  # key under `services:` -> image id
    kept: str = ""  # what a hook kept of it before, such as the name of a dump
    digest: str = ""  # of the files that it came up with
    cause: str = ""  # `pihole@pi`, the step of another host for which it was skipped


class Run(Struct, frozen=True):
    """A run as one host remembers it, or several, merged. `at` is ISO 8601 in UTC, by the clock of who ran it."""

    id: str
    at: str
    by: str
    title: str
    moves: Mapping[str, tuple[str, str]]  # host -> the commits that it went from and to
    ending: Ending = Ending.LOST
    seconds: float = 0.0
    reverted: bool = False  # what it had changed was put back, but for what is `left`
    left: tuple[str, ...] = ()
    aside: tuple[str, ...] = ()  # sentences on files that it replaced, and where they are kept
    changes: tuple[Change, ...] = ()
    silent: tuple[str, ...] = ()  # hosts that know of its begin only

    @property
    def ended(self) -> bool:
        """Somebody has written down how."""
        return self.ending not in (Ending.RUNNING, Ending.LOST)

    @property
    def when(self) -> datetime:
        """`at` as a moment."""
        return moment(self.at) or datetime.min.replace(tzinfo=UTC)


class Journal(Struct, frozen=True):
    """The runs that one host remembers, the oldest first, and what in it could not be read."""

    host: str
    runs: tuple[Run, ...] = ()
    notes: tuple[str, ...] = ()


def moment(at: object) -> datetime | None:
    """A time as journals have it; None for anything else."""
    try:
        found = datetime.fromisoformat(at) if isinstance(at, str) else None
    except ValueError:
        return None
    return found.replace(tzinfo=UTC) if found and found.tzinfo is None else found
