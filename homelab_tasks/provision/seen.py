"""What a host has of what a deploy needs: the pure parser of what `setup`'s look printed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from enum import Enum

from msgspec import Struct, field

from ..commands.sudo import Rights


class Docker(Enum):
    """How Docker's daemon answers the user."""

    MISSING = "missing"
    ANSWERS = "answers"
    DENIED = "denied"  # it may run; this user may not talk with it
    SILENT = "silent"


class Kind(Enum):
    """What is at a path."""

    NONE = "none"
    FOLDER = "folder"
    LINK = "link"
    FILE = "file"


class Spot(Struct, frozen=True):
    """A path on the host. Where nothing is, `writable` speaks of the nearest folder above it."""

    kind: Kind = Kind.NONE
    owner: str = ""
    mode: int = 0
    writable: bool = False
    target: str = ""  # of a link


class Release(Struct, frozen=True):
    """What /etc/os-release says."""

    name: str = ""
    like: frozenset[str] = frozenset()  # its own id, and those of what it was made from
    codename: str = ""


class Seen(Struct, frozen=True):
    """A host as `setup` finds it."""

    user: str
    group: str
    groups: frozenset[str] = frozenset()  # from the next login on
    rights: Rights = Rights.NONE
    release: Release = Release()
    tools: frozenset[str] = frozenset()
    docker: Docker = Docker.MISSING
    silence: str = ""  # what docker said where its daemon is silent
    docker_group: bool = False
    systemd: bool = False
    apt: bool = False
    packages: Mapping[str, str] = field(default_factory=dict)  # of Docker, that apt could install: name -> version
    spots: Mapping[str, Spot] = field(default_factory=dict)
    read_only: Mapping[str, str] = field(default_factory=dict)  # path -> where the file system begins that it is on
    clock: str = ""  # 20260131T211405Z
    before: str = ""  # what the login shell printed, which should be nothing

    def spot(self, path: str) -> Spot:
        """What is at a path that was asked for."""
        return self.spots.get(path, Spot())

    @property
    def owner(self) -> str:
        """`user:group`."""
        return f"{self.user}:{self.group}"

    @property
    def nixos(self) -> bool:
        """It runs NixOS."""
        return "nixos" in self.release.like


def parse(output: str) -> Seen | None:
    """What the look printed; None where it was cut short."""
    before, word, rest = output.partition("user\t")
    rows = [line.split("\t")[:-1] for line in f"{word}{rest}".split("\n") if line.endswith("\t")]
    named = {row[0]: row[1:] for row in rows}
    user = named.get("user", [])
    if "end" not in named or len(user) != 4:
        return None
    facts = set(_second(rows, "has"))
    return Seen(
        user=user[0],
        group=user[2],
        groups=frozenset(user[3].split()),
        rights=Rights.ROOT if user[1] == "0" else Rights(named.get("sudo", [Rights.NONE.value])[0]),
        release=_release(named.get("os", [])),
        tools=frozenset(_second(rows, "tool")),
        docker=Docker(named.get("docker", [Docker.MISSING.value])[0]),
        silence=" ".join(named.get("docker", [""])[1:]),
        docker_group="docker-group" in facts,
        systemd="systemd" in facts,
        apt="apt" in facts,
        packages={row[1]: row[2] for row in rows if row[0] == "package" and len(row) == 3},
        spots={row[1]: _spot(row) for row in rows if row[0] == "path" and len(row) == 7},
        read_only={row[1]: row[2] for row in rows if row[0] == "read-only" and len(row) == 3},
        clock=named.get("clock", [""])[0],
        before=before,
    )


def _second(rows: Iterable[list[str]], word: str) -> Iterator[str]:
    return (row[1] for row in rows if row[0] == word and len(row) > 1)


def _release(words: list[str]) -> Release:
    if len(words) != 4:
        return Release()
    return Release(words[3] or words[0], frozenset([words[0], *words[1].split()]), words[2])


def _spot(row: list[str]) -> Spot:
    _, _, kind, owner, mode, writable, target = row
    return Spot(Kind(kind), owner.strip("-"), int(mode, 8) if mode.isdigit() else 0, writable == "yes", target)
