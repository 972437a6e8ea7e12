"""A host over one SSH connection, opened through Fabric; commands run on channels of its transport."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import TYPE_CHECKING, cast

from msgspec.structs import replace
from paramiko import ChannelException, SSHClient, SSHException

from ..command import Command
from ..model import Host
from . import ByteStream, Result
from .exchange import exchange
from .line import PATIENCE, keep_alive
from .sessions import Session, Sessions
from .text import lines_of

if TYPE_CHECKING:
    from docker import APIClient
    from paramiko import Channel

    from .line import Line

_BROKEN = (SSHException, EOFError, OSError)  # what paramiko raises for a connection that is gone or goes
_DIAL_TIMEOUT = 10.0  # seconds
# Errors join the output there, where they still are in order. sshd does not end a command whose client has gone, and
# `docker logs --follow` would stay until it has something to write; so something reads the input, and ends it then.
_WATCHED = """
exec 3<&0 </dev/null
"$@" 2>&1 3<&- &
command=$!
{ cat <&3 >/dev/null; kill $command; } 2>/dev/null &
watch=$!
wait $command
status=$?
kill $watch
exit $status
"""
_LAST_BREATH = 0.5  # seconds that a transport may take to notice its own end


class SshRunner:
    """See Runner. Fabric's own `run` costs 12 ms a command (it polls its threads), a bare channel 3 ms."""

    def __init__(self, host: Host, client: SSHClient, opened: ExitStack) -> None:
        transport = client.get_transport()
        assert transport is not None  # noqa: S101 - the client is connected
        self.host = host
        self._transport, self._opened = transport, opened
        self._sessions = Sessions(transport, host.name)
        self._docker_lock = threading.Lock()
        self._docker: APIClient | None = None
        self._lost = f"connection to {host.name} lost"
        self._stop = keep_alive(transport, cast("Line", transport.sock), self._silent)

    def run(self, command: Command) -> Result:
        """See Runner."""
        started = time.monotonic()
        try:
            with self._sessions.command() as channel:
                exit_status, out, err = exchange(channel, command)
        except _BROKEN as error:
            return self._failed(b"", self._why(error), started)
        if exit_status is None:
            return self._failed(out, f"no end of the command in sight; it may still run on {self.host.name}", started)
        if exit_status < 0 and self._gone():
            return self._failed(out, self._lost, started)
        # A process that a signal ended has no exit status in SSH; a shell would say 128 + 9.
        status = 137 if exit_status < 0 else exit_status
        return Result(status, out, err.decode("utf-8", "replace"), time.monotonic() - started)

    def lines(self, command: Command) -> Iterator[str]:
        """See Runner."""
        session = self._start(_watched(command))
        try:
            yield from lines_of(iter(lambda: session.channel.recv(65536), b""))
            if session.channel.recv_exit_status() < 0 and self._gone():
                raise ConnectionResetError(self._lost)
        finally:
            session.close()

    def open(self, command: Command) -> ByteStream:
        """See Runner."""
        session = self._start(command)
        return ChannelStream(session.channel, session.close)

    def reserve(self, sessions: int) -> None:
        """See Runner."""
        self._sessions.reserve(sessions)

    def dial(self, address: str, port: int) -> ByteStream:
        """See Runner."""
        try:
            channel = self._transport.open_channel("direct-tcpip", (address, port), ("", 0), timeout=_DIAL_TIMEOUT)
        except ChannelException as error:
            raise _dial_refused(self.host, address, port, error) from error
        except _BROKEN as error:
            raise ConnectionError(f"{address}:{port} from {self.host.name}: {self._why(error)}") from error
        return ChannelStream(channel, channel.close)

    def docker(self) -> APIClient:
        """See Runner."""
        with self._docker_lock:
            if self._docker is None:
                from .docker_api import connected

                self._docker = connected(self)
            return self._docker

    def close(self) -> None:
        """See Runner."""
        self._stop.set()
        if self._docker is not None:
            self._docker.close()
        self._opened.close()
        self._transport.join(_LAST_BREATH)

    def _start(self, command: Command) -> Session:
        session = self._sessions.stream()
        try:
            session.channel.exec_command(str(command))
        except _BROKEN as error:
            session.close()
            raise ConnectionResetError(self._why(error)) from error
        return session

    def _failed(self, out: bytes, why: str, started: float) -> Result:
        return Result(-1, out, why, time.monotonic() - started)

    def _why(self, error: Exception) -> str:
        return str(error) if isinstance(error, ConnectionError) and self._transport.is_active() else self._lost

    def _gone(self) -> bool:
        """Whether the connection is; the transport closes its channels a moment before it says so itself."""
        self._transport.join(_LAST_BREATH)
        return not self._transport.is_active()

    def _silent(self) -> None:
        self._lost = f"connection to {self.host.name} lost: no answer for {PATIENCE:g} s"


class ChannelStream:
    """See ByteStream; over a channel."""

    def __init__(self, channel: Channel, close: Callable[[], None]) -> None:
        self._channel, self.close = channel, close

    def sendall(self, data: bytes, /) -> None:
        """Send everything. Raises OSError."""
        try:
            self._channel.sendall(data)
        except (EOFError, SSHException) as error:
            raise ConnectionResetError("connection lost") from error

    def recv(self, size: int, /) -> bytes:
        """The next bytes; b"" at the end."""
        return self._channel.recv(size)

    def settimeout(self, seconds: float | None, /) -> None:
        """For each later `recv` and `sendall`."""
        self._channel.settimeout(seconds)

    def errors(self) -> str:
        """What came on standard error so far."""
        received = self._channel.recv_stderr(65536) if self._channel.recv_stderr_ready() else b""
        return received.decode("utf-8", "replace").strip()


def _watched(command: Command) -> Command:
    return replace(command, argv=("sh", "-c", _WATCHED, "homelab", *command.argv))


def _dial_refused(host: Host, address: str, port: int, error: ChannelException) -> ConnectionError:
    # RFC 4254, 5.1: 1 is administratively prohibited, 2 is connect failed.
    if error.code == 1:
        why = f"sshd of {host.name} does not forward to {address}:{port}"
        return ConnectionRefusedError(f"{why}; allow it there with AllowTcpForwarding and PermitOpen")
    return ConnectionRefusedError(f"{address}:{port} is not reached from {host.name}: {error.text.lower()}")
