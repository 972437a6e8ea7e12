"""One command on one channel, from its input to its exit status."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from paramiko import SSHException

from ..command import Command

if TYPE_CHECKING:
    from paramiko import Channel

BACKSTOP = 15.0  # seconds beyond the command's own timeout, which the host keeps, and its --kill-after
_CHUNK = 1 << 18  # paramiko copies the rest of what it was given for every packet


class _Clock:
    """How long a channel may still wait."""

    def __init__(self, channel: Channel, timeout: float) -> None:
        self._channel = channel
        self._end = time.monotonic() + timeout + BACKSTOP if timeout else None

    def left(self) -> float | None:
        """Seconds, None for ever."""
        return None if self._end is None else max(0.01, self._end - time.monotonic())

    def arm(self) -> None:
        """Make the channel's next call end in time."""
        self._channel.settimeout(self.left())


def exchange(channel: Channel, command: Command) -> tuple[int | None, bytes, bytes]:
    """Exit status, output and errors. The status is -1 where the channel closed without, None where time was up.

    Input, output and errors flow at once, so that neither side waits for the other. Raises paramiko's errors where
    the command was not even started.
    """
    clock = _Clock(channel, command.timeout)
    out, err = bytearray(), bytearray()
    channel.exec_command(str(command))
    errors = _started(lambda: _drain(channel.recv_stderr, err, clock))
    if command.stdin:
        _started(lambda: _feed(channel, command.stdin, clock))
    else:
        channel.shutdown_write()
    _drain(channel.recv, out, clock)
    channel.status_event.wait(clock.left())
    errors.join(clock.left())
    status = channel.recv_exit_status() if channel.exit_status_ready() else None
    return status, bytes(out), bytes(err)


def _started(work: Callable[[], None]) -> threading.Thread:
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


def _drain(receive: Callable[[int], bytes], into: bytearray, clock: _Clock) -> None:
    try:
        clock.arm()
        while chunk := receive(65536):
            into += chunk
            clock.arm()
    except TimeoutError:
        return


def _feed(channel: Channel, data: bytes, clock: _Clock) -> None:
    try:
        for start in range(0, len(data), _CHUNK):
            clock.arm()
            channel.sendall(data[start : start + _CHUNK])
        channel.shutdown_write()
    except (OSError, EOFError, SSHException):
        return  # the command ended without reading everything, or the connection did: its status says which
