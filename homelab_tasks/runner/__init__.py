"""Runners send commands to a host and bring back what came of it; failure over there is a value, not an exception."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING, Protocol

from msgspec import Struct

from ..command import Command
from ..model import Host, Transport

if TYPE_CHECKING:
    from concurrent.futures import Future

    from docker import APIClient

    from .known_hosts import Stranger


SESSIONS = 5  # of a deploy at once: its lock, Docker's events, two for the Engine, and a command


class Result(Struct, frozen=True):
    """What came of one command.

    `exit` is its status: 124 when its timeout on the host ended it, -1 when the connection was lost.
    """

    exit: int
    stdout: bytes = b""
    stderr: str = ""
    seconds: float = 0.0

    @property
    def ok(self) -> bool:
        """The command ran and its exit status was 0."""
        return self.exit == 0

    @property
    def lost(self) -> bool:
        """The connection broke: nobody knows how far the command came."""
        return self.exit == -1

    @property
    def text(self) -> str:
        """Standard output as text; bytes that are not UTF-8 are replaced."""
        return self.stdout.decode("utf-8", "replace")


class Unreachable(Struct, frozen=True):
    """A host that no connection could be made to: `why`, and the `move` that mends it.

    `stranger` is the key that nobody knows yet, where that is all that was in the way.
    """

    host: Host
    why: str
    move: str = ""
    stranger: Stranger | None = None

    def __str__(self) -> str:
        return f"cannot reach {self.host.name} ({self.why})" + (f"; {self.move}" if self.move else "")


class ByteStream(Protocol):
    """An open two-way stream: input and output of a running command, or a TCP connection seen from the host.

    `recv` gives b"" at the end and raises TimeoutError after what `settimeout` said; `errors` is what the command has
    written to its standard error so far; `close` may come from another thread and ends a waiting `recv`.
    """

    def sendall(self, data: bytes, /) -> None: ...
    def recv(self, size: int, /) -> bytes: ...
    def settimeout(self, seconds: float | None, /) -> None: ...
    def errors(self) -> str: ...
    def close(self) -> None: ...


class Runner(Protocol):
    """One connection to one host. Every method may be called from several threads at once."""

    host: Host

    def run(self, command: Command) -> Result:
        """Run to the end; never raises for what happens on the host or to the connection."""

    def lines(self, command: Command) -> Iterator[str]:
        """Output and errors of a command line by line as they come, for as long as the caller iterates.

        Raises ConnectionError when the connection is lost on the way.
        """

    def open(self, command: Command) -> ByteStream:
        """Start a command and talk with it. Raises ConnectionError."""

    def reserve(self, sessions: int) -> None:
        """Make sure that so many commands and streams may be at work at once. Raises ConnectionError."""

    def dial(self, address: str, port: int) -> ByteStream:
        """A TCP connection as the host itself would open it. Raises ConnectionError."""

    def docker(self) -> APIClient:
        """The host's Docker Engine API over this connection; made at the first call. Raises ConnectionError."""

    def close(self) -> None:
        """End the connection and everything that still uses it."""


def connect(host: Host) -> Runner | Unreachable:
    """A connection to one host, within its `connect_timeout`; asks for the passphrase of a key where it must."""
    return connect_all([host])[host.name].result()


def connect_all(hosts: Iterable[Host]) -> Mapping[str, Future[Runner | Unreachable]]:
    """Connections to all hosts at once, each there as soon as it stands, so that a dead host holds up nobody.

    Passphrases are asked for here, on the calling thread, once a key, before the first connection is opened.
    """
    from ..background import in_background

    hosts = tuple(hosts)
    local = [host for host in hosts if host.transport is Transport.LOCAL]
    remote = [host for host in hosts if host.transport is Transport.SSH]
    opened: dict[str, Future[Runner | Unreachable]] = {}
    if local:
        from .local import LocalRunner

        opened.update({host.name: in_background(partial(LocalRunner, host)) for host in local})
    if remote:
        from .quick_paramiko import preload

        preload()
        from .ssh_connect import Connector

        connector = Connector.prepare(remote)
        opened.update({host.name: in_background(partial(connector.connect, host)) for host in remote})
    return opened
