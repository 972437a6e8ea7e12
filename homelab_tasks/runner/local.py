"""The machine itself as a host, through subprocesses that Ctrl-C on the terminal does not reach."""

from __future__ import annotations

import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import IO, TYPE_CHECKING, Any

from ..command import Command
from ..model import Host
from . import ByteStream, Result
from .exchange import BACKSTOP
from .proxy import end
from .text import lines_of

if TYPE_CHECKING:
    from docker import APIClient

DIAL_TIMEOUT = 10.0  # seconds
_PIPE, _MIX = subprocess.PIPE, subprocess.STDOUT


class LocalRunner:
    """See Runner. Each command leads a session of its own, so that the executor decides what Ctrl-C ends."""

    def __init__(self, host: Host) -> None:
        self.host = host
        self._lock = threading.Lock()
        self._docker_lock = threading.Lock()
        self._working: set[subprocess.Popen[bytes]] = set()
        self._streams: dict[subprocess.Popen[bytes], SocketStream] = {}
        self._docker: APIClient | None = None
        self._closed = False

    def run(self, command: Command) -> Result:
        """See Runner."""
        started = time.monotonic()
        try:
            with self._process(command, stdin=_PIPE, stdout=_PIPE, stderr=_PIPE) as child:
                out, err = child.communicate(command.stdin, command.timeout + BACKSTOP if command.timeout else None)
        except subprocess.TimeoutExpired as error:
            return Result(-1, error.stdout or b"", f"no end of the command within {error.timeout:g} s", error.timeout)
        except ConnectionError as error:
            return Result(-1, b"", str(error), time.monotonic() - started)
        except OSError as error:
            return Result(126, b"", f"{str(error.strerror).lower()}: {command.argv[0]}", time.monotonic() - started)
        seconds = time.monotonic() - started
        if self._closed:
            return Result(-1, out, self._why, seconds)
        return Result(_status(child.returncode), out, err.decode("utf-8", "replace"), seconds)

    def lines(self, command: Command) -> Iterator[str]:
        """See Runner."""
        with self._process(command, stdin=subprocess.DEVNULL, stdout=_PIPE, stderr=_MIX, bufsize=0) as child:
            output = child.stdout
            assert output is not None  # noqa: S101 - it is a pipe
            yield from lines_of(iter(lambda: output.read(65536), b""))

    def open(self, command: Command) -> ByteStream:
        """See Runner."""
        ours, theirs = socket.socketpair()
        # A file for the errors, as nobody may be there to empty a pipe.
        errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed with the stream
        with theirs:
            try:
                process = self._spawn(command, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=errors)
            except OSError as error:
                ours.close()
                errors.close()
                raise ConnectionResetError(str(error)) from error
        stream = SocketStream(ours, errors, ended=lambda: self._end(process))
        with self._lock:
            self._streams[process] = stream
        return stream

    def reserve(self, sessions: int) -> None:
        """See Runner; nothing limits them here."""

    def dial(self, address: str, port: int) -> ByteStream:
        """See Runner."""
        try:
            return SocketStream(socket.create_connection((address, port), DIAL_TIMEOUT))
        except OSError as error:
            why = str(error.strerror or error).lower()
            raise ConnectionRefusedError(f"{address}:{port} is not reached from {self.host.name}: {why}") from error

    def docker(self) -> APIClient:
        """See Runner."""
        with self._docker_lock:
            if self._docker is None:
                from .docker_api import connected

                self._docker = connected(self)
            return self._docker

    def close(self) -> None:
        """See Runner."""
        if self._docker is not None:
            self._docker.close()
        with self._lock:
            self._closed = True
            working, streams = tuple(self._working), tuple(self._streams.values())
        for stream in streams:
            stream.close()
        for process in working:
            end(process)

    @property
    def _why(self) -> str:
        return f"connection to {self.host.name} closed"

    @contextmanager
    def _process(self, command: Command, **how: Any) -> Iterator[subprocess.Popen[bytes]]:
        with self._spawn(command, **how) as process:
            try:
                yield process
            finally:
                self._end(process)

    def _spawn(self, command: Command, **how: Any) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._closed:
                raise ConnectionResetError(self._why)
            process = subprocess.Popen(["sh", "-c", str(command)], start_new_session=True, **how)
            self._working.add(process)
            return process

    def _end(self, process: subprocess.Popen[bytes]) -> None:
        end(process)
        with self._lock:
            self._working.discard(process)
            self._streams.pop(process, None)


class SocketStream:
    """See ByteStream; over a socket, with what is to be done after its end."""

    def __init__(
        self, line: socket.socket, errors: IO[bytes] | None = None, *, ended: Callable[[], None] | None = None
    ) -> None:
        self._line, self._errors, self._ended = line, errors, ended
        self._once = threading.Lock()
        self._said = ""
        line.settimeout(None)
        self.sendall, self.settimeout = line.sendall, line.settimeout

    def recv(self, size: int, /) -> bytes:
        """The next bytes; b"" at the end, also when this side has closed."""
        try:
            return self._line.recv(size)
        except OSError:
            if self._once.locked():
                return b""
            raise

    def errors(self) -> str:
        """What came on standard error so far."""
        if self._errors is not None and not self._errors.closed:
            self._errors.seek(0)
            self._said = self._errors.read().decode("utf-8", "replace").strip()
        return self._said

    def close(self) -> None:
        """End the stream, and the command behind it, once."""
        if not self._once.acquire(blocking=False):
            return
        _hang_up(self._line)
        if self._ended:
            self._ended()
        if self._errors is not None:
            self.errors()
            self._errors.close()


def _hang_up(line: socket.socket) -> None:
    """Close a socket so that a thread which waits in its `recv` sees the end."""
    with line:
        try:
            line.shutdown(socket.SHUT_RDWR)
        except OSError:
            return


def _status(returncode: int) -> int:
    """The exit status as a shell has it: a signal as 128 + its number."""
    return 128 - returncode if returncode < 0 else returncode
