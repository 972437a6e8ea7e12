"""What a deploy that did not end well has left of a project's networks: no record says it, and Docker's answer does."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

from msgspec import Struct

from ..commands.engine import Stock
from ..commands.networks import Network
from .redefined import name_of

Model = Mapping[str, Any]

# What the Engine may say of a network that was made without
_OF_ENGINE = {
    "com.docker.network.enable_ipv4",
    "com.docker.network.enable_ipv6",
    "com.docker.network.driver.overlay.vxlanid_list",
}


class Doubted(Struct, frozen=True):
    """The project's own networks, by Docker's names, that are gone or not made as the model says; and keys of its
    containers that were taken off a network, as each is started without it.
    """

    networks: frozenset[str] = frozenset()
    off: frozenset[str] = frozenset()


def doubted_networks(model: Model, stock: Stock, project: str, there: Collection[str]) -> Doubted:
    """What `stock` says against `model`; `there` are the keys of the project's containers."""
    bodies = {key: body or {} for key, body in (model.get("networks") or {}).items()}
    own = {name_of(key, body): body for key, body in bodies.items() if not body.get("external")}
    other = (name for name, body in own.items() if name not in stock.networks or not _made_so(name, body, stock))
    off = (
        key
        for key, container in (model.get("services") or {}).items()
        for network in container.get("networks") or ()
        if key in there and (project, key) not in stock.joined.get(name_of(network, bodies.get(network, {})), ())
    )
    return Doubted(frozenset(other), frozenset(off))


def _made_so(name: str, body: Model, stock: Stock) -> bool:
    there = stock.networks[name]
    flags = {flag for flag in ("internal", "attachable", "enable_ipv6") if body.get(flag)}
    return (
        there.driver == str(body.get("driver") or "bridge")
        and there.flags == flags
        and _has_options(name, body, stock)
        and all(_has_range(there, one) for one in (body.get("ipam") or {}).get("config") or ())
    )


def _has_options(name: str, body: Model, stock: Stock) -> bool:
    """An option that others of the driver have too may come from the daemon's settings."""
    there = stock.networks[name]
    wanted = {(option, str(value)) for option, value in (body.get("driver_opts") or {}).items()}
    others = {
        pair
        for other, network in stock.networks.items()
        if other != name and network.driver == there.driver
        for pair in network.options.items()
    }
    found = {*there.options.items()}
    return wanted <= found and not {pair for pair in found - wanted - others if pair[0] not in _OF_ENGINE}


def _has_range(there: Network, wanted: Model) -> bool:
    asked = {word: str(wanted[word]) for word in ("subnet", "gateway", "ip_range") if wanted.get(word)}
    same = (all(_plain(k, one.get(k, "")) == _plain(k, text) for k, text in asked.items()) for one in there.ranges)
    return not asked or any(same)


def _plain(word: str, text: str) -> str:
    """However it is written."""
    from ipaddress import ip_interface

    try:
        found = ip_interface(text)
    except ValueError:
        return text
    return str(found.ip if word == "gateway" else found.network)
