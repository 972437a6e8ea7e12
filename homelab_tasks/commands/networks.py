"""Networks as the Engine has them, in the words of Compose, and who is on them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from .unique import COMPOSE_KEY, PROJECT

_FLAGS = {"internal": "Internal", "attachable": "Attachable", "enable_ipv6": "EnableIPv6"}
_RANGE = {"subnet": "Subnet", "gateway": "Gateway", "ip_range": "IPRange"}


class Network(Struct, frozen=True):
    """How one was made. The Engine gives ranges and options of its own to one that was made without."""

    driver: str = "bridge"
    flags: frozenset[str] = frozenset()  # those of `internal`, `attachable`, `enable_ipv6` that it has
    options: Mapping[str, str] = field(default_factory=dict)
    ranges: tuple[Mapping[str, str], ...] = ()  # each with `subnet`, `gateway`, `ip_range`


def networks(listed: Iterable[Mapping[str, Any]]) -> dict[str, Network]:
    """By their names, of the Engine's own list. Raises TypeError and its like where it is none."""
    return {one["Name"]: _network(one) for one in listed}


def joined(containers: Iterable[Mapping[str, Any]]) -> dict[str, frozenset[tuple[str, str]]]:
    """Network -> the containers of compose projects on it, also those that do not run: the project, and the key."""
    found: dict[str, set[tuple[str, str]]] = {}
    for listed in containers:
        labels = listed.get("Labels") or {}
        for network in (listed.get("NetworkSettings") or {}).get("Networks") or {}:
            found.setdefault(network, set()).add((labels.get(PROJECT, ""), labels.get(COMPOSE_KEY, "")))
    return {network: frozenset(on_it) for network, on_it in found.items()}


def _network(listed: Mapping[str, Any]) -> Network:
    ranges = (listed.get("IPAM") or {}).get("Config") or ()
    return Network(
        driver=listed.get("Driver") or "bridge",
        flags=frozenset(word for word, name in _FLAGS.items() if listed.get(name)),
        options=listed.get("Options") or {},
        ranges=tuple({word: one[name] for word, name in _RANGE.items() if one.get(name)} for one in ranges),
    )
