"""What a service publishes beyond its host, and where its web page is."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from msgspec import Struct

from ..model import Container, Host, Service

_JOINED = ("container:", "service:", "none")  # networks in which a container cannot publish anything itself


class Published(Struct, frozen=True):
    """Ports of a host, `first` to `last`, that others than the host itself can ask for."""

    container: Container
    protocol: str
    first: int
    last: int


def published(service: Service) -> Iterator[Published]:
    """Every port of a service that has a number. A container on the host's own network has those that it lists, and
    that of the service's page.
    """
    for container in service.stack.containers:
        if not container.active or container.network_mode.startswith(_JOINED):
            continue
        own = container.network_mode == "host"
        for port in container.ports:
            first = port.target if own else port.first
            if first and not _private(port.address):
                yield Published(container, port.protocol, first, first + port.last - port.first)
        if own and (number := _said(service)):
            yield Published(container, "tcp", number, number)


def page(service: Service, host: Host) -> str:
    """The URL of its web page on a host; "" if it has none."""
    return _on(host, _guessed(service) if service.page is None else service.page)


def monitored(service: Service, host: Host) -> str:
    """The URL by which a program on a host finds out whether the page is there; "" if there is none.

    Not that of a reverse proxy: its certificate may be one that only browsers were taught to trust.
    """
    if service.page is None or (service.page and "{host}" not in service.page):
        return _on(host, _guessed(service))
    return _on(host, service.page)


def front(service: Service) -> Container | None:
    """The container that people mean by the service: that which has its page, else the first."""
    said = _said(service)
    shown = (one.container for one in published(service) if one.protocol == "tcp" and said in (0, one.first))
    active = (container for container in service.stack.containers if container.active)
    return next(shown, None) or next(active, None)


def _on(host: Host, url: str) -> str:
    address = f"[{host.address}]" if ":" in host.address else host.address
    return url.replace("[{host}]", "{host}").replace("{host}", address)


def _guessed(service: Service) -> str:
    found = next((one for one in published(service) if one.protocol == "tcp"), None)
    return f"http://{{host}}:{found.first}" if found else ""


def _said(service: Service) -> int:
    """The port of the host that `page:` names; 0 if it names none."""
    url = service.page or ""
    if "{host}" not in url:
        return 0
    parts = urlsplit(url.replace("[{host}]", "host").replace("{host}", "host"))
    return parts.port or (443 if parts.scheme == "https" else 80)


def _private(address: str) -> bool:
    return address.startswith("127.") or address in ("::1", "localhost")
