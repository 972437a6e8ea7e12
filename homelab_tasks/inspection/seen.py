"""What a close look at one host gave."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum

from msgspec import Struct, field

from ..observe import Observation


class Folder(Enum):
    """What the user may do with the checkout's folder."""

    WRITABLE = "writable"
    FOREIGN = "foreign"  # there, and somebody else's
    MAKEABLE = "makeable"  # not there, and the user may make it
    MISSING = "missing"  # not there, and the user may not


class Sudo(Enum):
    """Whether the user becomes root without a password."""

    FREE = "free"
    ASKS = "asks"
    MISSING = "missing"


class Disk(Struct, frozen=True):
    """The file system below `path`; sizes in bytes."""

    path: str
    size: int
    free: int
    mount: str


class Engine(Struct, frozen=True):
    """What `docker info` said."""

    root: str
    version: str
    cgroup: str = ""  # "1" or "2"
    live_restore: bool = False
    logging: str = ""  # the default logging driver


class Socket(Struct, frozen=True, order=True):
    """Something listens there."""

    protocol: str  # tcp or udp
    port: int
    address: str


class Published(Struct, frozen=True):
    """A running container's place on the host's network."""

    project: str
    name: str
    on_host: bool  # it shares the host's network, so its ports are not listed
    ports: frozenset[tuple[str, int]]


class Inspection(Struct, frozen=True):
    """One host. `skew` is its clock minus ours, in seconds, `trip` how long the answer took."""

    seen: Observation
    user: str = ""
    groups: frozenset[str] = frozenset()
    versions: Mapping[str, str] = field(default_factory=dict)  # tool -> `2.39.2`
    folder: Folder = Folder.WRITABLE
    barred: str = ""  # why a write into the checkout's folder fails, or one beside it where there is none
    mount: str = ""  # where the file system of that begins
    scratch: str = ""  # what was said where nothing temporary could be written
    sudo: Sudo = Sudo.ASKS
    engine: Engine | None = None
    disks: tuple[Disk, ...] = ()
    logs_limited: bool | None = None  # None: nobody could see
    synced: bool | None = None
    listening: tuple[Socket, ...] = ()
    published: tuple[Published, ...] = ()
    foreign: str = ""  # of somebody else, in the Git folder of the checkout, and may not be written
    index_lock: int | None = None  # seconds since Git's own lock was left there
    nixos: str = ""
    skew: float = 0.0
    trip: float = 0.0
    few_sessions: str = ""  # why a deploy would not come to its end: sshd takes too few at once
