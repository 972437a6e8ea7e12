"""Host ports: two containers cannot both have one. Ranges, protocols, addresses and the host's own network count."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from ..model import Container, Host, Port, Service
from ..problem import Problem, Rule, Severity
from .facts import Facts

CLASH = Rule("R046", "port-clash", Severity.ERROR, "two containers publish one port of a host")
RULES = (CLASH,)

_ALL = {"", "0.0.0.0", "::"}  # noqa: S104 - addresses that others write
_LAST = 65535


class Taken(Struct, frozen=True):
    """Ports of a host that a container has, `first` to `last`."""

    service: Service
    container: Container
    port: Port
    first: int
    last: int
    shared: bool  # the container is in the host's network

    def clashes(self, other: Taken) -> bool:
        """Both want one port at one address."""
        return (
            self.port.protocol == other.port.protocol
            and self.first <= other.last
            and other.first <= self.last
            and _meet("" if self.shared else self.port.address, "" if other.shared else other.port.address)
        )


def taken(service: Service) -> Iterator[Taken]:
    """The host's ports that a service's containers have, those of profiles that nobody asks for left out."""
    for container in service.stack.containers:
        if not container.active or container.network_mode.startswith(("container:", "service:", "none")):
            continue
        shared = container.network_mode == "host"
        for port in container.ports:
            first = port.target if shared else port.first
            if first:
                yield Taken(service, container, port, first, first + port.last - port.first, shared)


def check(facts: Facts) -> Iterator[Problem]:
    """Each port that another container of the same host has already; a pair on several hosts is told once."""
    told: set[tuple[int, int]] = set()
    by_host: dict[str, list[Taken]] = {name: [] for name in facts.repo.hosts}
    for service in facts.repo.services.values():
        mine = list(taken(service))
        for host in service.hosts:
            by_host[host.name] += mine
    for name, on_host in by_host.items():
        clashes = list(_clashes(on_host))
        gaps = _gaps(on_host) if clashes else {}
        for one, other in clashes:
            if (id(one), id(other)) not in told:
                told.add((id(one), id(other)))
                yield _problem(facts.repo.hosts[name], one, other, gaps)


def _clashes(found: list[Taken]) -> Iterator[tuple[Taken, Taken]]:
    """Each with the first other one that it clashes with."""
    ranked = {id(one): rank for rank, one in enumerate(found)}
    open_: list[Taken] = []
    for one in sorted(found, key=lambda t: (t.first, ranked[id(t)])):
        open_ = [other for other in open_ if other.last >= one.first]
        other = next((other for other in open_ if one.clashes(other)), None)
        if other:
            yield (one, other) if ranked[id(one)] > ranked[id(other)] else (other, one)
        open_.append(one)


def _problem(host: Host, one: Taken, other: Taken, gaps: Mapping[str, list[tuple[int, int]]]) -> Problem:
    first, last = max(one.first, other.first), min(one.last, other.last)
    ports, verb = (f"port {first}", "is") if first == last else (f"ports {first}-{last}", "are")
    protocol = "" if one.port.protocol == "tcp" else f"/{one.port.protocol}"
    who = "another container here" if one.service is other.service else str(other.service)
    how = f"used by {who}, which is in the host's network" if other.shared else f"published by {who}"
    free = _free(one, gaps[one.port.protocol])
    move = f"publish {free} instead, which is free there" if free and not one.shared else "give one of them another"
    return CLASH.at(one.port.place, f"{ports}{protocol} of {host} {verb} also {how}", move, also=(other.port.place,))


def _gaps(found: list[Taken]) -> dict[str, list[tuple[int, int]]]:
    """For each protocol the ranges of ports that nobody has, both ends included."""
    gaps: dict[str, list[tuple[int, int]]] = {}
    for protocol in {one.port.protocol for one in found}:
        free, start = [], 1
        for first, last in sorted((one.first, one.last) for one in found if one.port.protocol == protocol):
            if first > start:
                free.append((start, first - 1))
            start = max(start, last + 1)
        gaps[protocol] = [*free, (start, _LAST)]
    return gaps


def _free(one: Taken, gaps: list[tuple[int, int]]) -> int:
    """The next ports that nobody has, as many as these; 0 where there are none."""
    size = one.last - one.first
    fitting = (max(first, one.last + 1) for first, last in gaps if last - max(first, one.last + 1) >= size)
    return next(fitting, 0)


def _meet(one: str, other: str) -> bool:
    """Two addresses to listen on have one in common; an empty one is every address of both families."""
    if one == other or not one or not other:
        return True
    same_family = (":" in one) == (":" in other)
    return same_family and bool({one, other} & _ALL)
