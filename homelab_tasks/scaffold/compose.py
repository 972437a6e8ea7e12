"""The compose file of a new service, as text: its comments are part of it."""

from __future__ import annotations

import json
from collections.abc import Iterator

from ..engine import asks_of_engine
from ..model import Host, Repo
from .known import Identity
from .numbers import Numbers
from .order import Order
from .words import scalar

_FIRST_USUAL = 1024  # ports below belong to the host's own proxy
_UNKNOWN_TEST = "# healthy while it listens on {}; better is a page that answers only if all is well"
_LOGS = "# without a limit they grow until the disk is full"


def compose(repo: Repo, order: Order, ports: tuple[int, ...], numbers: Numbers) -> str:
    """`compose.yml`; `ports` are those of the host, one for each of the container's.

    An instance's container is called like its service: on a network that two join, two of one name would be mixed up.
    """
    lines = [f"image: {order.image}", "restart: unless-stopped", *_identity(order, numbers)]
    lines += ["environment:", *_deeper(_environment(order, numbers))]
    lines += [*_volumes(order), *_ports(order, ports), *_health(order, early=_asks_early(repo, order.host))]
    lines += [f"logging: {_LOGS}", "  driver: json-file", '  options: {max-size: 10m, max-file: "3"}']
    return "\n".join(["services:", f"  {scalar(order.name)}:", *(f"    {line}" for line in lines), ""])


def host_ports(repo: Repo, order: Order) -> tuple[int, ...]:
    """For each port of the container one of the host that no other service there publishes."""
    containers = [c for s in repo.services.values() if order.host in s.hosts for c in s.stack.containers]
    taken = {number for c in containers for port in c.ports for number in range(port.first, port.last + 1)}
    found: list[int] = []
    for port in order.about.ports:
        wanted = port if order.about.front or port >= _FIRST_USUAL else 8000 + port
        free = next(number for number in (*range(wanted, 65536), *range(_FIRST_USUAL, wanted)) if number not in taken)
        taken.add(free)
        found.append(free)
    return tuple(found)


def _asks_early(repo: Repo, host: Host) -> bool:
    """A service there has a `start_interval` already, which an engine before Docker 25 would refuse."""
    return any(asks_of_engine(service) for service in repo.services.values() if host in service.hosts)


def _identity(order: Order, numbers: Numbers) -> Iterator[str]:
    if order.about.identity is Identity.USER:
        yield f"user: ${{PUID:-{numbers.uid}}}:${{PGID:-{numbers.gid}}}"


def _environment(order: Order, numbers: Numbers) -> Iterator[str]:
    yield "TZ: ${TZ:-Etc/UTC}"
    if order.about.identity is Identity.ENVIRONMENT:
        yield f"PUID: ${{PUID:-{numbers.uid}}}"
        yield f"PGID: ${{PGID:-{numbers.gid}}}"
    for variable in order.about.variables:
        yield f"{variable.key}: ${{{variable.key}:?}}"


def _volumes(order: Order) -> Iterator[str]:
    if not order.about.data:
        yield f'# volumes: ["{order.data}:/data"] # HOST:CONTAINER, once it is known what it keeps where'
        return
    yield "volumes:"
    yield f"  - {order.data}:{order.about.data}"


def _ports(order: Order, ports: tuple[int, ...]) -> Iterator[str]:
    if not ports:
        yield '# ports: ["8080:8080"] # HOST:CONTAINER, once it is known where it listens'
        return
    address = "127.0.0.1:" if order.about.private else ""
    yield "ports:" + (" # on the host itself only" if address else "")
    for outside, inside in zip(ports, order.about.ports, strict=True):
        yield f'  - "{address}{outside}:{inside}"'


def _health(order: Order, *, early: bool) -> Iterator[str]:
    about = order.about
    known_test = about.test[0] == "CMD"
    where = f"port {about.ports[0]}" if about.ports else "some port"
    yield "healthcheck:" + ("" if known_test else f" {_UNKNOWN_TEST.format(where)}")
    yield f"  test: {json.dumps(about.test)}"
    yield "  interval: 30s"
    yield "  timeout: 5s"
    yield "  retries: 3"
    yield f"  start_period: {about.start_period}"
    if early:
        yield "  start_interval: 1s"


def _deeper(lines: Iterator[str]) -> Iterator[str]:
    return (f"  {line}" for line in lines)
