"""What one look at one host gives."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from ..record import Record, SystemRecord


class Checkout(Enum):
    """What lies at a host's `path`."""

    GIT = "git"
    EMPTY = "empty"  # nothing, or a folder that Git does not know
    FOREIGN = "foreign"  # Git refuses to work there; the message says why


class Health(Enum):
    """A container's health as Docker gives it."""

    NONE = "none"
    STARTING = "starting"
    HEALTHY = "healthy"
    UNHEALTHY = "unhealthy"


class SeenContainer(Struct, frozen=True):
    """A container of a compose project, as `docker ps` shows it."""

    id: str
    name: str
    state: str  # created, running, paused, restarting, removing, exited, dead
    health: Health
    image: str  # the name it was made from; an id (sha256:...) when that name means another image by now
    project: str
    key: str
    directory: str  # where compose ran
    exit: int | None = None
    up: float = 0.0  # seconds since it started, as coarse as Docker says it

    @property
    def image_moved(self) -> bool:
        """The image's name points at another image than the container runs: one was pulled or built since."""
        return bool(re.fullmatch(r"(sha256:)?[0-9a-f]{12,64}", self.image))


class EnvFile(Struct, frozen=True):
    """An env file on a host, without its values."""

    mode: int
    hash: str  # keyed with the host's own key; "" before the first deploy
    keys: tuple[str, ...]
    stat: str  # mode, inode, size, times and path as the host gave them: the hash is good for as long as these are


class Observation(Struct, frozen=True):
    """What one look at one host gave."""

    host: str
    checkout: Checkout
    commit: str = ""
    made_of: str = ""  # the commit of a person that `commit` is made of, where it holds pinned services
    pins: Mapping[str, str] = field(default_factory=dict)  # those services, and the commits that they are from
    branch: str = ""
    folder: str = ""  # where the records of runs lie on the host, "" without a checkout
    dirty: tuple[str, ...] = ()  # tracked files that were edited on the host
    interrupted: str = ""  # the commit whose delivery did not end
    delivered: str = ""  # the commit of the last one that did
    records: Mapping[str, Record] = field(default_factory=dict)
    record_lines: int = 0
    strange: tuple[int, ...] = ()  # the numbers of those lines that are no records
    containers: tuple[SeenContainer, ...] = ()
    env: Mapping[str, EnvFile] = field(default_factory=dict)  # by path as it was asked for
    compose: str = ""  # path of the Compose plugin, "" if it has to be asked through `docker compose`
    system: str = ""  # store path of the running NixOS
    boot: str = ""  # store path of the NixOS that the next boot starts
    armed: bool = False  # a system waits to be confirmed, or goes back
    systems: tuple[SystemRecord, ...] = ()  # as recorded, the last one last
    clock: float = 0.0  # the host's time when it answered, seconds since 1970
    turn: str = ""  # changes with every run that locks the host
    machine: str = ""  # its own name, its kernel's boot and its root: what no other machine has, be it a copy of it
    holder: str = ""  # who holds the lock, "" if nobody
    problems: tuple[str, ...] = ()  # what keeps a deploy from working there: `what; the next move`
    of_docker: tuple[str, ...] = ()  # those of them that a change of the system alone does not mind

    @property
    def base(self) -> str:
        """The commit as people know it."""
        return self.made_of or self.commit

    def same_checkout(self, other: Observation) -> bool:
        """Both lead to one checkout on one machine."""
        here = (self.machine, self.folder)
        return all(here) and here == (other.machine, other.folder)

    @property
    def strayed(self) -> bool:
        """Somebody checked another commit out there than was delivered."""
        return bool(self.delivered and not self.interrupted and self.commit and self.commit != self.delivered)

    def of_project(self, project: str) -> tuple[SeenContainer, ...]:
        """The containers of one compose project."""
        return tuple(c for c in self.containers if c.project == project)
