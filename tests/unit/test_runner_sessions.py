"""Sessions of one connection: some lie open ahead, never more than sshd takes, and every place comes back."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, cast

import pytest
from paramiko import ChannelException

from homelab_tasks.runner.sessions import AHEAD, LIMIT, Sessions


class Channel:
    def __init__(self, sshd: Sshd) -> None:
        self.sshd, self.closed = sshd, False

    def close(self) -> None:
        if not self.closed:
            self.closed = True
            self.sshd.open -= 1


class Sshd:
    """A transport to an sshd that takes so many sessions at once."""

    def __init__(self, takes: int = 10) -> None:
        self.takes, self.open, self.most, self.opened, self.refused = takes, 0, 0, 0, 0
        self.answers = threading.Event()  # what is opened ahead is there when it is set
        self.answers.set()
        self.lock = threading.Lock()
        self.channels: list[Channel] = []

    def open_session(self) -> Channel:
        with self.lock:
            if self.open >= self.takes:
                self.refused += 1
                raise ChannelException(1, "open failed")
            self.open += 1
            self.opened += 1
            self.most = max(self.most, self.open)
            self.channels.append(channel := Channel(self))
        if self.opened > 1:
            self.answers.wait(10)
        return channel

    def is_active(self) -> bool:
        return True

    def has_opened(self, number: int) -> None:
        until(lambda: self.opened >= number)
        assert self.opened == number


def until(done: Callable[[], bool]) -> None:
    end = time.monotonic() + 10
    while not done() and time.monotonic() < end:
        time.sleep(0.001)


def sessions_of(sshd: Sshd) -> Sessions:
    return Sessions(cast("Any", sshd), "nas")


def test_the_next_commands_find_a_session_that_lies_open() -> None:
    sshd = Sshd()
    sessions = sessions_of(sshd)
    with sessions.command():
        sshd.has_opened(1 + AHEAD)
        sshd.takes = 0
        with sessions.command(), sessions.stream():
            assert sshd.opened == 1 + AHEAD


def test_what_was_taken_is_opened_anew() -> None:
    sshd = Sshd()
    sessions = sessions_of(sshd)
    for number in range(5):
        with sessions.command():
            sshd.has_opened(1 + AHEAD + number)


def test_a_session_that_ended_while_it_lay_open_is_not_used() -> None:
    sshd = Sshd()
    sessions = sessions_of(sshd)
    with sessions.command():
        sshd.has_opened(1 + AHEAD)
    for opened in sshd.channels:
        opened.close()
    with sessions.command() as channel:
        assert not channel.closed


def test_whoever_is_refused_gets_the_last_one_that_was_opened_ahead() -> None:
    sshd = Sshd(takes=2)
    sshd.answers.clear()
    sessions = sessions_of(sshd)
    with ThreadPoolExecutor() as pool, sessions.command():
        sshd.has_opened(2)
        asked = pool.submit(sessions.command)
        until(lambda: sshd.refused > 0)
        sshd.answers.set()
        with asked.result(3) as channel:
            assert cast("Any", channel) is sshd.channels[1]


def test_sessions_that_are_reserved_lie_open() -> None:
    sshd = Sshd(takes=5)
    sessions = sessions_of(sshd)
    with sessions.command():
        sessions.reserve(5)
        assert sshd.open == 5
        taken = [sessions.command() for _ in range(4)]
        assert sshd.opened == 5
    for session in taken:
        session.close()


def test_what_sshd_does_not_take_cannot_be_reserved() -> None:
    sshd = Sshd(takes=4)
    sessions = sessions_of(sshd)
    with sessions.command(), pytest.raises(ConnectionRefusedError, match="a deploy needs five; raise MaxSessions"):
        sessions.reserve(5)
    with sessions.command() as channel:
        assert not channel.closed


@pytest.mark.parametrize("takes", [1, 2, 3, 10])
def test_many_threads_share_what_sshd_takes(takes: int) -> None:
    sshd = Sshd(takes)
    sessions = sessions_of(sshd)

    def work(number: int) -> int:
        with sessions.command() as channel:
            assert not channel.closed
            time.sleep(0.001)
        return number

    with ThreadPoolExecutor(30) as pool:
        assert list(pool.map(work, range(60))) == [*range(60)]
    assert sshd.most <= min(takes, LIMIT)


def test_all_places_are_given_back() -> None:
    sshd = Sshd()
    sessions = sessions_of(sshd)
    for _ in range(3):
        taken = [sessions.command() for _ in range(LIMIT)]
        assert sshd.open == LIMIT
        for session in taken:
            session.close()
            session.close()
