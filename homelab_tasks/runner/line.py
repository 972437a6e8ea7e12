"""The byte line under an SSH transport, which remembers when it last heard the other side."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import TYPE_CHECKING

from paramiko import SSHException

if TYPE_CHECKING:
    from paramiko import Channel, Transport

ASK = 5.0  # seconds between two questions
LOOK = 0.5  # seconds between two looks at how long it has been silent
PATIENCE = 15.0  # seconds of silence after which the other side counts as dead


class Line:
    """A socket, or a channel through a jump host, as paramiko's transport uses it."""

    def __init__(self, base: socket.socket | Channel) -> None:
        self._base = base
        self.heard = time.monotonic()
        self.send = base.send
        self.settimeout = base.settimeout

    def recv(self, size: int) -> bytes:
        """What came in, noting that something did."""
        received = self._base.recv(size)
        self.heard = time.monotonic()
        return received

    def close(self) -> None:
        """Close for good. Hangs up first: a thread that reads notices at once, and not after paramiko's 0.1 s."""
        self._closed = True
        with suppress(OSError):
            self._base.shutdown(socket.SHUT_RDWR)
        self._base.close()

    _closed = False  # asked for by paramiko, as sockets have it


def keep_alive(transport: Transport, line: Line, lost: Callable[[], None]) -> threading.Event:
    """Ask the other side every few seconds to answer, and close the transport when it is silent; set the event to end.

    paramiko's own keep-alive asks for no answer, so it never finds a cut network or a host that hangs. Any byte counts
    as an answer, so a slow line full of data is not taken for a dead one.
    """
    stop = threading.Event()
    threading.Thread(target=_ask, args=(transport, stop), daemon=True).start()
    threading.Thread(target=_judge, args=(transport, line, stop, lost), daemon=True).start()
    return stop


def _ask(transport: Transport, stop: threading.Event) -> None:
    while not stop.wait(ASK) and transport.is_active():
        try:
            transport.global_request("keepalive@openssh.com", wait=True)
        except (SSHException, EOFError, OSError):
            return


def _judge(transport: Transport, line: Line, stop: threading.Event, lost: Callable[[], None]) -> None:
    silence = Silence(line, time.monotonic())
    while not stop.wait(LOOK) and transport.is_active():
        if silence.until(time.monotonic()) > PATIENCE:
            lost()
            transport.close()


class Silence:
    """How long the other side has said nothing. Time in which this process itself stood still does not count: after a
    Ctrl-Z and `fg` the answers lie there, not yet read.
    """

    def __init__(self, line: Line, now: float) -> None:
        self._line, self._looked = line, now

    def until(self, now: float) -> float:
        """Seconds; to be asked every LOOK seconds."""
        if now - self._looked > 4 * LOOK:
            self._line.heard = now
        self._looked = now
        return now - self._line.heard
