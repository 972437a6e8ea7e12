"""The host's ports that a container publishes, as `ports:` writes them (Compose spec, "ports")."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

from ..model import Port
from .document import Map, Seq, place_of

Resolve = Callable[[str], str | None]

_RANGE = re.compile(r"([0-9]{1,5})(?:-([0-9]{1,5}))?")
_LAST = 65535


def read_ports(value: Any, resolve: Resolve) -> Iterator[Port]:
    """The ports of one `ports:`; what holds a variable that is not known here is left out."""
    if not isinstance(value, Seq):
        return
    for item, node in zip(value, value.node.value, strict=True):
        fields = _long(item, resolve) if isinstance(item, Map) else _short(resolve(str(node.value)) or "")
        found = _port(*fields)
        if found:
            yield Port(*found, place_of(node))


def _short(text: str) -> tuple[str, str, str, str]:
    """`[[ADDRESS:]PUBLISHED:]TARGET[/PROTOCOL]`."""
    ports, _, protocol = text.partition("/")
    *outside, target = ports.rsplit(":", 2)
    published = outside.pop() if outside else ""
    return outside[0] if outside else "", published, target, protocol


def _long(item: Map, resolve: Resolve) -> tuple[str, str, str, str]:
    address, published, target, protocol = (
        resolve(item.text(key) or "") for key in ("host_ip", "published", "target", "protocol")
    )
    return address or "", published or "", target or "", protocol or ""


def _port(address: str, published: str, target: str, protocol: str) -> tuple[str, int, int, int, str] | None:
    inside, outside = _range(target), _range(published or "0")
    if not inside or not outside:
        return None
    if outside[1] > outside[0] and inside[0] == inside[1]:
        outside = (0, 0)  # a range for one port: Docker takes any of them that is free
    return address.strip("[]"), *outside, inside[0], protocol or "tcp"


def _range(text: str) -> tuple[int, int] | None:
    match = _RANGE.fullmatch(text)
    if not match:
        return None
    first, last = int(match[1]), int(match[2] or match[1])
    return (first, last) if first <= last <= _LAST else None
