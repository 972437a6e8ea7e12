"""Container names: Docker has one list of them on a host."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import chain

from ..model import Container, Host, Service
from ..problem import Problem, Rule, Severity
from .facts import Facts

CLASH = Rule("R045", "container-name-clash", Severity.ERROR, "two containers of one name on a host")
RULES = (CLASH,)

_Owner = tuple[Service, Container]


def check(facts: Facts) -> Iterator[Problem]:
    """Each container whose name another one on the same host has already; those with a written name come second."""
    owners: dict[tuple[str, str], _Owner] = {}
    services = facts.repo.services.values()
    each = ((service, container) for service in services for container in service.stack.containers if container.active)
    made: list[_Owner] = []
    written: list[_Owner] = []
    for service, container in each:
        (written if container.name else made).append((service, container))
    for service, container in chain(made, written):
        taken = None
        for host in service.hosts:
            key = (host.name, container.name or f"{service.project}-{container.key}-1")
            if key in owners and container.name:
                taken = taken or (host, owners[key])
            owners.setdefault(key, (service, container))
        if taken:
            yield _problem(container, *taken)


def _problem(container: Container, host: Host, other: _Owner) -> Problem:
    service, second = other
    what = f"container name {container.name!r} is also that of {second.key} of {service} on {host}"
    return CLASH.at(container.place, what, "remove the container_name: Compose makes one", also=(second.place,))
