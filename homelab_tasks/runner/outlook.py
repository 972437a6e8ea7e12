"""What can be known of the way to a host before anybody is asked: keys to offer, and whether its host key is known."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct
from paramiko import ConfigParseError
from paramiko.ssh_exception import CouldNotCanonicalize

from ..model import Host, Transport
from . import known_hosts, ssh_config
from .ssh_keys import agent_keys
from .ssh_route import Router, TooManyJumps


class Outlook(Struct, frozen=True):
    """Of one host. `problem` says why its way cannot be found; the rest is empty then."""

    host: Host
    key_files: tuple[Path, ...] = ()
    locked: tuple[Path, ...] = ()  # of these, the ones that a passphrase locks
    known: bool = True  # its host key, and those of the jump hosts before it
    problem: str = ""


def outlooks(hosts: Iterable[Host]) -> tuple[tuple[Outlook, ...], int]:
    """The outlook of each host that is reached over SSH, and the number of keys that the agent has."""
    home = Path.home()
    remote = [host for host in hosts if host.transport is Transport.SSH]
    try:
        config = ssh_config.load(home)
    except ConfigParseError as error:
        return tuple(Outlook(host, problem=f"ssh_config: {error}") for host in remote), len(agent_keys())
    return tuple(_outlook(Router(host, config, home)) for host in remote), len(agent_keys())


def _outlook(router: Router) -> Outlook:
    try:
        way = router.route()
    except TooManyJumps as error:
        return Outlook(router.host, problem=f"ProxyJump {error} leads back to itself")
    except (CouldNotCanonicalize, ValueError) as error:
        return Outlook(router.host, problem=f"ssh_config: {error}")
    files = way[-1].identity.files
    known = all(known_hosts.kinds(known_hosts.read(hop.known_hosts), hop.names) for hop in way)
    return Outlook(
        router.host,
        key_files=tuple(file.path for file in files),
        locked=tuple(file.path for file in files if file.encrypted),
        known=known,
    )
