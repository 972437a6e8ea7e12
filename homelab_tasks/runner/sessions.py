"""The session channels of one SSH connection: never more at once than sshd takes, and patient when it takes fewer."""

from __future__ import annotations

import threading
import time
from collections import deque
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING

from paramiko import SSHException

from ..background import in_background

if TYPE_CHECKING:
    from paramiko import Channel, Transport

LIMIT = 8  # sshd takes 10 (MaxSessions) and frees a closed one a moment late
AHEAD = 2  # that lie open for the next commands: each begins a round trip sooner
STREAM_LIMIT = 6  # two are left for commands, which end by themselves
_STREAM_PATIENCE = 10.0  # seconds
_REFUSAL_PATIENCE = 5.0  # seconds without any command of ours that holds a session
_LONGEST_PAUSE = 0.25
_DOUBT = 1.0  # seconds in which sshd may still have to free a session that was closed
_BROKEN = (SSHException, EOFError, OSError)


class Session:
    """An open channel and its place among those of the connection; a context manager that gives the channel."""

    def __init__(self, sessions: Sessions, channel: Channel, *, stream: bool) -> None:
        self._sessions, self.channel, self._stream = sessions, channel, stream
        self._once = threading.Lock()

    def close(self) -> None:
        """Close the channel and give its place back, once."""
        with suppress(*_BROKEN):  # the connection is gone
            self.channel.close()
        if self._once.acquire(blocking=False):
            self._sessions.give_back(stream=self._stream)

    def __enter__(self) -> Channel:
        return self.channel

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()


class Sessions:
    """Opens the sessions of one transport, some before anybody asks for them. Thread-safe."""

    def __init__(self, transport: Transport, name: str) -> None:
        self._transport, self._name = transport, name
        self._streams = threading.BoundedSemaphore(STREAM_LIMIT)
        self._changed = threading.Condition()  # guards all that follows
        self._places = LIMIT  # that are neither used, nor kept for a session that lies open or is being opened
        self._ahead: deque[Channel] = deque()
        self._opening = False
        self._waiting = self._running = 0

    def command(self) -> Session:
        """A session for a command that ends by itself; waits for a free one. Raises ConnectionError."""
        session = Session(self, self._next(), stream=False)
        with self._changed:
            self._running += 1
        return session

    def stream(self) -> Session:
        """A session that stays for as long as somebody reads; waits a little for a free one. Raises ConnectionError."""
        if not self._streams.acquire(timeout=_STREAM_PATIENCE):
            raise ConnectionError(f"{STREAM_LIMIT} streams from {self._name} are open already; close one first")
        try:
            return Session(self, self._next(), stream=True)
        except BaseException:
            self._streams.release()
            raise

    def reserve(self, number: int) -> None:
        """See Runner. What is missing is opened now, and lies open until somebody takes it."""
        give_up = time.monotonic() + _DOUBT
        while True:
            with self._changed:
                if LIMIT - self._places - self._opening >= number:
                    return
                self._places -= 1
            try:
                channel = self._transport.open_session()
            except _BROKEN as error:
                with self._changed:
                    self._free()
                if not self._transport.is_active() or time.monotonic() > give_up:
                    raise self._why() from error
                time.sleep(_LONGEST_PAUSE)
            else:
                self._lay_open(channel)

    def give_back(self, *, stream: bool) -> None:
        """One session is over."""
        if stream:
            self._streams.release()
        with self._changed:
            self._running -= not stream
            self._free()

    def _next(self) -> Channel:
        with self._changed:
            self._waiting += 1
            try:
                self._changed.wait_for(lambda: self._ahead or self._places)
                channel = self._ahead.popleft() if self._ahead else None
                self._places -= channel is None
            finally:
                self._waiting -= 1
        try:
            channel = channel if channel and not channel.closed else self._patiently()
        except BaseException:
            with self._changed:
                self._free()
            raise
        self._open_ahead()
        return channel

    def _free(self) -> None:
        self._places += 1
        self._changed.notify()

    def _open_ahead(self) -> None:
        with self._changed:
            if self._opening or not self._has_room():
                return
            self._opening = True
        in_background(self._keep_ahead)

    def _has_room(self) -> bool:
        return len(self._ahead) < AHEAD and self._places > 0 and not self._waiting

    def _keep_ahead(self) -> None:
        """Until enough lie open; for good where sshd takes no more, or the connection is gone."""
        while True:
            with self._changed:
                self._opening = self._has_room()
                if not self._opening:
                    return
                self._places -= 1
            try:
                channel = self._transport.open_session()
            except _BROKEN:
                with self._changed:
                    self._free()
                return
            self._lay_open(channel)

    def _lay_open(self, channel: Channel) -> None:
        with self._changed:
            self._ahead.append(channel)
            self._changed.notify()

    def _that_lies_open(self) -> Channel | None:
        """A session that lies open, for the place that was to be another's."""
        with self._changed:
            if not self._ahead:
                return None
            self._free()
            return self._ahead.popleft()

    def _patiently(self) -> Channel:
        pause, give_up = 0.01, time.monotonic() + _REFUSAL_PATIENCE
        while True:
            try:
                return self._transport.open_session()
            except _BROKEN as error:
                if not self._transport.is_active():
                    raise self._why() from error
                if (ahead := self._that_lies_open()) is not None:  # what was opened ahead meanwhile may be sshd's last
                    return ahead
                if time.monotonic() > give_up:
                    raise self._why() from error
            time.sleep(pause)
            pause = min(pause * 1.5, _LONGEST_PAUSE)
            if self._running:
                give_up = time.monotonic() + _REFUSAL_PATIENCE

    def _why(self) -> ConnectionError:
        if not self._transport.is_active():
            return ConnectionResetError(f"connection to {self._name} lost")
        what = f"{self._name} refuses another session on this connection, and a deploy needs five"
        return ConnectionRefusedError(f"{what}; raise MaxSessions in its sshd_config, 10 if it is left out")
