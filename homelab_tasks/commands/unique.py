"""What a host has only once: the ports, names and addresses of its containers, the names and ranges of its networks."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct

PROJECT = "com.docker.compose.project"
COMPOSE_KEY = "com.docker.compose.service"
_ANY = ("", "0.0.0.0", "::")  # noqa: S104 - addresses that others write


class Unique(Struct, frozen=True):
    """One such thing; a second one of its `kind` and `name` cannot come while the first is there."""

    kind: str  # `port`, `container name`, `address`, `network`, `subnet`
    name: str  # `8600/tcp`, `pihole`, `10.0.0.5`
    at: str = ""  # of a port the address that it listens at, "" for all; of an address its network

    @property
    def of_container(self) -> bool:
        """It is free as soon as a container is gone; else the whole project has to go."""
        return self.kind in ("port", "container name", "address")

    @property
    def while_running(self) -> bool:
        """A container that is stopped does not have it."""
        return self.kind in ("port", "address")

    def clashes(self, other: Unique) -> bool:
        """Not both at once."""
        same = (self.kind, self.name) == (other.kind, other.name)
        return same and (self.at == other.at or (self.kind == "port" and "" in (self.at, other.at)))

    def __str__(self) -> str:
        return f"{self.kind} {self.name.removesuffix('/tcp')}"


def port(number: object, protocol: object, address: object) -> Unique:
    """A port of the host."""
    return Unique("port", f"{number}/{protocol or 'tcp'}", "" if address in (None, *_ANY) else str(address))


def held(
    containers: Iterable[Mapping[str, Any]], networks: Iterable[Mapping[str, Any]]
) -> dict[str, frozenset[Unique]]:
    """Compose project -> what it has, of the Engine's own lists. Raises TypeError and its like where they are none."""
    found: dict[str, set[Unique]] = {}
    for listed, things in [*((c, _of_container(c)) for c in containers), *((n, _of_network(n)) for n in networks)]:
        if project := (listed.get("Labels") or {}).get(PROJECT):
            found.setdefault(project, set()).update(things)
    return {project: frozenset(things) for project, things in found.items()}


def _of_container(listed: Mapping[str, Any]) -> Iterator[Unique]:
    for name in listed.get("Names") or ():
        yield Unique("container name", name.removeprefix("/"))
    for published in listed.get("Ports") or ():
        if published.get("PublicPort"):
            yield port(published["PublicPort"], published.get("Type"), published.get("IP"))
    for network, end in ((listed.get("NetworkSettings") or {}).get("Networks") or {}).items():
        for address in filter(None, (end.get("IPAddress"), end.get("GlobalIPv6Address"))):
            yield Unique("address", address, network)


def _of_network(listed: Mapping[str, Any]) -> Iterator[Unique]:
    yield Unique("network", listed["Name"])
    for ipam in (listed.get("IPAM") or {}).get("Config") or ():
        if ipam.get("Subnet"):
            yield Unique("subnet", ipam["Subnet"])
