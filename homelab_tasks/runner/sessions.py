"""The session channels of one SSH connection: never more at once than sshd takes, and patient when it takes fewer."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from paramiko import SSHException

if TYPE_CHECKING:
    from paramiko import Channel, Transport

LIMIT = 8  # sshd takes 10 (MaxSessions) and frees a closed one a moment late
STREAM_LIMIT = 6  # two are left for commands, which end by themselves
_STREAM_PATIENCE = 10.0  # seconds
_REFUSAL_PATIENCE = 5.0  # seconds without any command of ours that holds a session
_LONGEST_PAUSE = 0.25


class Session:
    """An open channel and its place among those of the connection; a context manager that gives the channel."""

    def __init__(self, sessions: Sessions, channel: Channel, *, stream: bool) -> None:
        self._sessions, self.channel, self._stream = sessions, channel, stream
        self._once = threading.Lock()

    def close(self) -> None:
        """Close the channel and give its place back, once."""
        with suppress(SSHException, EOFError, OSError):  # the connection is gone
            self.channel.close()
        if self._once.acquire(blocking=False):
            self._sessions.give_back(stream=self._stream)

    def __enter__(self) -> Channel:
        return self.channel

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Sessions:
    """Opens the sessions of one transport. Thread-safe."""

    def __init__(self, transport: Transport, name: str) -> None:
        self._transport, self._name = transport, name
        self._free = threading.BoundedSemaphore(LIMIT)
        self._streams = threading.BoundedSemaphore(STREAM_LIMIT)
        self._lock = threading.Lock()
        self._running = 0

    def command(self) -> Session:
        """A session for a command that ends by itself; waits for a free one. Raises ConnectionError."""
        self._free.acquire()
        return self._opened(stream=False)

    def stream(self) -> Session:
        """A session that stays for as long as somebody reads; waits a little for a free one. Raises ConnectionError."""
        if not self._streams.acquire(timeout=_STREAM_PATIENCE):
            raise ConnectionError(f"{STREAM_LIMIT} streams from {self._name} are open already; close one first")
        self._free.acquire()
        return self._opened(stream=True)

    def give_back(self, *, stream: bool) -> None:
        """One session is over."""
        if stream:
            self._streams.release()
        else:
            self._count(-1)
        self._free.release()

    def _opened(self, *, stream: bool) -> Session:
        try:
            channel = self._patiently()
        except BaseException:
            self._free.release()
            if stream:
                self._streams.release()
            raise
        if not stream:
            self._count(1)
        return Session(self, channel, stream=stream)

    def _patiently(self) -> Channel:
        pause, give_up = 0.01, time.monotonic() + _REFUSAL_PATIENCE
        while True:
            try:
                return self._transport.open_session()
            except (SSHException, EOFError, OSError) as error:
                if not self._transport.is_active():
                    raise ConnectionResetError(f"connection to {self._name} lost") from error
                if time.monotonic() > give_up:
                    raise ConnectionRefusedError(_refusal(self._name)) from error
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            if self._running:
                give_up = time.monotonic() + _REFUSAL_PATIENCE

    def _count(self, change: int) -> None:
        with self._lock:
            self._running += change


def _refusal(name: str) -> str:
    return f"{name} refuses another session on this connection; raise MaxSessions in its sshd_config"
