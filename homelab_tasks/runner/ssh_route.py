"""The way to a host: the SSH servers on it, jump hosts first, as hosts.yaml and ssh_config say."""

from __future__ import annotations

import math
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit

from fabric import Config, Connection
from msgspec import Struct
from paramiko import SSHConfig

from ..model import Host
from . import ssh_config, ssh_keys
from .known_hosts import DEFAULT_FILE, names_of
from .ssh_keys import Identity

_MOST_JUMPS = 8
_USER_FILES = (DEFAULT_FILE, "~/.ssh/known_hosts2")
_SYSTEM_FILES = ("/etc/ssh/ssh_known_hosts", "/etc/ssh/ssh_known_hosts2")


class TooManyJumps(ValueError):
    """The jump hosts of ssh_config go round in a circle."""


class Hop(Struct, frozen=True):
    """One SSH server on the way: Fabric's connection to it, and how each side proves itself."""

    connection: Connection
    names: tuple[str, ...]  # in known_hosts
    known_hosts: tuple[str, ...]  # files; a key that is accepted goes into the first
    identity: Identity
    proxy_command: str = ""

    def __str__(self) -> str:
        connection = self.connection
        port = "" if connection.port == 22 else f" port {connection.port}"
        return f"{connection.user}@{connection.host}{port}"


class Router(Struct, frozen=True):
    """Finds the way to one host: every server from here to there, the host last."""

    host: Host
    config: SSHConfig
    home: Path

    def route(self) -> tuple[Hop, ...]:
        """The way. Raises TooManyJumps, and what paramiko raises for an ssh_config that it cannot use."""
        address = self.host.address.strip("[]")
        before = self._jumps(self.config.lookup(address))
        return (*before, self._hop(_Target(address, self.host.user, self.host.port), before, last=True))

    def _jumps(self, settings: Mapping[str, str], depth: int = 0) -> tuple[Hop, ...]:
        named = settings.get("proxyjump", "none")
        if named.lower() == "none":
            return ()
        if depth == _MOST_JUMPS:
            raise TooManyJumps(named)
        hops: tuple[Hop, ...] = ()
        for target in map(_parsed, named.split(",")):
            # The first of them is reached from here, so its own ProxyJump counts; the next is reached through it.
            hops = hops or self._jumps(self.config.lookup(target.address), depth + 1)
            hops = (*hops, self._hop(target, hops, last=False))
        return hops

    def _hop(self, target: _Target, before: tuple[Hop, ...], *, last: bool) -> Hop:
        connection = Connection(
            target.address,
            user=target.user or None,
            port=target.port or None,
            config=Config(lazy=True, ssh_config=self.config),
            gateway=before[-1].connection if before else False,
            forward_agent=False,
            connect_timeout=math.ceil(self.host.connect_timeout),
        )
        settings = connection.ssh_config
        return Hop(
            connection,
            names=names_of(connection.host, connection.port, settings.get("hostkeyalias", "")),
            known_hosts=_known_hosts(self.host.known_hosts, settings, last=last),
            identity=ssh_keys.identity(self.home, self.host.identity_file if last else "", settings),
            # paramiko gives None for `ProxyCommand none`.
            proxy_command="" if before else settings.get("proxycommand") or "",
        )


class _Target(Struct, frozen=True):
    address: str
    user: str
    port: int


def _parsed(jump: str) -> _Target:
    parts = urlsplit(jump.strip() if "://" in jump else f"ssh://{jump.strip()}")
    # urlsplit lowers the host's name, and `Host` patterns of ssh_config mind the case.
    address = parts.netloc.rpartition("@")[2]
    address = address.removesuffix(f":{parts.port}") if parts.port else address
    return _Target(address.strip("[]"), parts.username or "", parts.port or 0)


def _known_hosts(pinned: str, settings: Mapping[str, str], *, last: bool) -> tuple[str, ...]:
    """`known_hosts` of hosts.yaml alone for the host itself; a jump host may also be known where the user knows it."""
    if pinned and last:
        return (pinned,)
    user = _files(settings.get("userknownhostsfile"), _USER_FILES)
    system = _files(settings.get("globalknownhostsfile"), _SYSTEM_FILES)
    return (*([pinned] if pinned else []), *user, *system)


def _files(setting: str | None, default: tuple[str, ...]) -> tuple[str, ...]:
    files = ssh_config.words(setting) if setting else default
    return () if files == ("none",) else files
