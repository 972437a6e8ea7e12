"""`ports.nix` of a NixOS host: its firewall lets in what the services there publish."""

from __future__ import annotations

import re
from collections.abc import Iterator
from posixpath import normpath

from ..model import Host, Repo, System
from .page import published

_NAME = re.compile(r"[A-Za-z0-9_-][A-Za-z0-9._-]*")
_PROTOCOLS = ("tcp", "udp")  # that the firewall of NixOS has lists of

_HEAD = """\
from what services publish; to change it, change their ports and say that again.
#
# Docker opens what it publishes past this firewall: it rewrites the address before the firewall looks. These lists
# are for who comes to the host's own address all the same: containers that ask for a port of the host, IPv6 clients
# of a network without IPv6, and services on the host's own network. To close a port for others, publish it on
# 127.0.0.1 in the compose file.
"""

Ports = dict[tuple[int, int], list[str]]  # first and last to the services that publish them


def modules(repo: Repo) -> dict[str, str]:
    """Path to text for each NixOS host whose flake lies in the repo."""
    return {path: f"{_HEAD}{_module(repo, host)}" for host in repo.hosts.values() if (path := _path(host))}


def _path(host: Host) -> str:
    flake, _, name = host.flake.partition("#")
    folder = normpath(f"{flake or '.'}/hosts/{name or host.name}")
    outside = ":" in flake or folder.startswith(("/", "..")) or not _NAME.fullmatch(name or host.name)
    return "" if host.system is not System.NIXOS or outside else f"{folder}/ports.nix"


def _module(repo: Repo, host: Host) -> str:
    lines = [line for protocol in _PROTOCOLS for line in _lists(protocol, _ports(repo, host, protocol))]
    return "\n".join(["{", *(f"  {line}" for line in lines), "}", ""])


def _ports(repo: Repo, host: Host, protocol: str) -> Ports:
    found: dict[tuple[int, int], set[str]] = {}
    for service in repo.services.values():
        for one in published(service):
            if host in service.hosts and one.protocol == protocol:
                found.setdefault((one.first, one.last), set()).add(service.name)
    return {ports: sorted(names) for ports, names in sorted(found.items())}


def _lists(protocol: str, ports: Ports) -> Iterator[str]:
    option = f"networking.firewall.allowed{protocol.upper()}Port"
    single = [f"{first} # {', '.join(names)}" for (first, last), names in ports.items() if first == last]
    ranges = [
        f"{{ from = {first}; to = {last}; }} # {', '.join(names)}"
        for (first, last), names in ports.items()
        if first != last
    ]
    yield from _list(f"{option}s", single)
    if ranges:
        yield from _list(f"{option}Ranges", ranges)


def _list(option: str, items: list[str]) -> Iterator[str]:
    if not items:
        yield f"{option} = [ ];"
        return
    yield f"{option} = ["
    yield from (f"  {item}" for item in items)
    yield "];"
