"""Sessions of one connection: some lie open ahead, never more than sshd takes, and every place comes back."""

from __future__ import annotations

import threading
import time
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
        self.takes, self.open, self.most, self.opened = takes, 0, 0, 0
        self.lock = threading.Lock()
        self.channels: list[Channel] = []

    def open_session(self) -> Channel:
        with self.lock:
            if self.open >= self.takes:
                raise ChannelException(1, "open failed")
            self.open += 1
            self.opened += 1
            self.most = max(self.most, self.open)
            self.channels.append(Channel(self))
            return self.channels[-1]

    def is_active(self) -> bool:
        return True

    def has_opened(self, number: int) -> None:
        end = time.monotonic() + 10
        while self.opened < number and time.monotonic() < end:
            time.sleep(0.001)
        assert self.opened == number


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
