"""Opens SSH connections: every hop verified, within the host's time, and each failure told with its next move."""

from __future__ import annotations

import logging
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any

import paramiko
from paramiko import ConfigParseError, MissingHostKeyPolicy, PKey, SSHException
from paramiko.ssh_exception import CouldNotCanonicalize

from ..background import in_background
from ..model import Host
from . import Unreachable, known_hosts, ssh_config
from .known_hosts import Key, Trust, Verdict
from .line import Line
from .proxy import proxied
from .ssh import SshRunner
from .ssh_keys import Keyring, Keys
from .ssh_refusal import HostKeyRefused, explain
from .ssh_route import Hop, Router, TooManyJumps

if TYPE_CHECKING:
    from paramiko import SSHClient

# Without a handler Python itself would print paramiko's tracebacks of refused connections, which we tell in words.
logging.getLogger("paramiko").addHandler(logging.NullHandler())

_QUICK_KEX = ("curve25519-sha256@libssh.org", "curve25519-sha256")
_RSA = ("rsa-sha2-512", "rsa-sha2-256")


class Connector:
    """Ways to hosts, all that can be known before the network settled, with their keys unlocked."""

    def __init__(self, routes: Mapping[str, tuple[Hop, ...] | Unreachable], keyring: Keyring) -> None:
        self._routes, self._keyring = routes, keyring

    @classmethod
    def prepare(cls, hosts: Iterable[Host]) -> Connector:
        """Read the configuration and the keys for these hosts; asks for passphrases on a terminal."""
        hosts, home = tuple(hosts), Path.home()
        try:
            config = ssh_config.load(home)
        except ConfigParseError as error:
            return cls({host.name: Unreachable(host, f"ssh_config: {error}", _MEND) for host in hosts}, Keyring(()))
        routes = {host.name: _route(host, config, home) for host in hosts}
        hops = [hop for way in routes.values() if not isinstance(way, Unreachable) for hop in way]
        return cls(routes, Keyring(hop.identity for hop in hops))

    def connect(self, host: Host) -> SshRunner | Unreachable:
        """Open the connection to one of the prepared hosts; once, as it uses up what was prepared."""
        way = self._routes[host.name]
        return way if isinstance(way, Unreachable) else _open(host, way, self._keyring)


_MEND = "mend ~/.ssh/config; `ssh -G` shows how it is read"


def _route(host: Host, config: paramiko.SSHConfig, home: Path) -> tuple[Hop, ...] | Unreachable:
    if host.identity_file and not Path(host.identity_file).expanduser().is_file():
        return Unreachable(host, f"no key file {host.identity_file}", f"set identity_file of {host.name} in hosts.yaml")
    try:
        return Router(host, config, home).route()
    except TooManyJumps as error:
        return Unreachable(host, f"ProxyJump {error} leads back to itself", _MEND)
    except (CouldNotCanonicalize, ValueError) as error:
        return Unreachable(host, f"ssh_config: {error}", _MEND)


def _open(host: Host, way: tuple[Hop, ...], keyring: Keyring) -> SshRunner | Unreachable:
    deadline = time.monotonic() + host.connect_timeout
    hop = way[0]
    with ExitStack() as opened:
        try:
            base = _base(hop, deadline, host.answer_timeout, opened)
            watchdog = _watchdog(base, host.connect_timeout)
            opened.callback(watchdog.cancel)
            for hop in way:
                opened.callback(hop.connection.client.close)
                _log_in(hop, base if hop is way[0] else None, deadline, keyring)
        except (OSError, EOFError, SSHException) as error:
            late = isinstance(error, TimeoutError) or time.monotonic() > deadline - 0.05
            return explain(host, hop, error, late=late)
        watchdog.cancel()
        return SshRunner(host, hop.connection.client, opened.pop_all())


def _base(hop: Hop, deadline: float, patience: float, opened: ExitStack) -> socket.socket:
    """The socket under the first hop, closed with `opened`. Raises OSError."""
    if hop.proxy_command:
        return opened.enter_context(proxied(hop.proxy_command))
    base = opened.enter_context(_dialled(hop.connection.host, hop.connection.port, deadline, patience))
    # Without it a command takes 44 ms instead of 2 (Nagle's algorithm waits for delayed acknowledgements).
    base.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
    return base


def _dialled(address: str, port: int, deadline: float, patience: float) -> socket.socket:
    """A TCP connection to the first of the name's addresses that answers; an early one may not use up all the time.

    The `patience` in seconds is for the host: a name server that is off takes 5 s until the next one is asked.
    """
    name = address.encode() if address.isascii() else address  # of a str Python makes IDNA, with tables of 2 ms
    look_up = in_background(lambda: socket.getaddrinfo(name, port, type=socket.SOCK_STREAM))
    found = look_up.result(_left(deadline))
    deadline = min(deadline, time.monotonic() + patience)
    failure: OSError = TimeoutError()
    for tried, (family, kind, protocol, _, where) in enumerate(found):
        connection = socket.socket(family, kind, protocol)
        connection.settimeout(_left(deadline) / (len(found) - tried))
        try:
            connection.connect(where)
        except OSError as error:
            connection.close()
            failure = error
        else:
            return connection
    raise failure


def _watchdog(base: socket.socket, seconds: float) -> threading.Timer:
    """Cuts the line when logging in takes too long: paramiko's own time limits count for each stage anew."""
    timer = threading.Timer(seconds, _cut, (base,))
    timer.daemon = True
    timer.start()
    return timer


def _cut(base: socket.socket) -> None:
    try:
        base.shutdown(socket.SHUT_RDWR)
    except OSError:
        return


def _log_in(hop: Hop, base: socket.socket | None, deadline: float, keyring: Keyring) -> None:
    """Handshake, host key and keys for one hop. Raises OSError, EOFError or SSHException."""
    known = known_hosts.read(hop.known_hosts)
    connection, seconds = hop.connection, _left(deadline)
    # Fabric's Connection accepts any host key by default and has no setting for it, only this attribute.
    connection.client.set_missing_host_key_policy(_Verify(hop, known))
    kinds = known_hosts.kinds(known, hop.names)
    connection.connect_kwargs = {
        "auth_strategy": Keys(connection.user, hop.identity, keyring),
        "transport_factory": partial(_transport, kinds=kinds, seconds=seconds),
        "banner_timeout": seconds,
        "auth_timeout": seconds,
        **({"sock": base} if base else {}),
    }
    connection.open()
    if not connection.transport.is_authenticated():
        raise paramiko.AuthenticationException("a key alone is not enough")


def _transport(
    sock: Any, disabled_algorithms: Any = None, *, kinds: tuple[str, ...], seconds: float
) -> paramiko.Transport:
    """A transport that asks for the cheapest key exchange and for a host key that is known."""
    line: Any = Line(sock)
    transport = paramiko.Transport(line, disabled_algorithms=disabled_algorithms)
    transport.handshake_timeout = seconds
    options = transport.get_security_options()
    options.kex = _first(options.kex, _QUICK_KEX)
    wanted = [name for kind in kinds for name in (_RSA if kind == "ssh-rsa" else (kind,))]
    options.key_types = _first(options.key_types, wanted)
    return transport


def _first(offered: Iterable[str], wanted: Iterable[str]) -> tuple[str, ...]:
    offered, wanted = tuple(offered), tuple(wanted)
    return (*(name for name in wanted if name in offered), *(name for name in offered if name not in wanted))


class _Verify(MissingHostKeyPolicy):
    """Judges every host key: the client itself is given no known_hosts, as paramiko reads no patterns or markers."""

    def __init__(self, hop: Hop, known: tuple[known_hosts.Line, ...]) -> None:
        self._hop, self._known = hop, known

    def missing_host_key(self, client: SSHClient, hostname: str, key: PKey) -> None:  # noqa: ARG002 - paramiko's
        """Raise unless the key is known."""
        shown = Key(key.get_name(), key.get_base64())
        verdict: Verdict = known_hosts.judge(self._known, self._hop.names, shown)
        if verdict.trust is not Trust.KNOWN:
            raise HostKeyRefused(shown, verdict)


def _left(deadline: float) -> float:
    return max(0.01, deadline - time.monotonic())
