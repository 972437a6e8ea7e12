"""How long a connection was silent."""

from __future__ import annotations

import socket
from collections.abc import Iterator

import pytest

from homelab_tasks.runner.line import Line, Silence


@pytest.fixture
def line() -> Iterator[Line]:
    ours, theirs = socket.socketpair()
    with ours, theirs:
        line = Line(ours)
        line.heard = 100.0
        yield line


def test_silence_is_counted_from_the_last_byte(line: Line) -> None:
    silence = Silence(line, 100.0)
    assert [silence.until(100 + n / 2) for n in (1, 2, 3)] == [0.5, 1.0, 1.5]
    line.heard = 101.5
    assert silence.until(102.0) == 0.5


def test_time_in_which_this_process_stood_still_is_no_silence(line: Line) -> None:
    silence = Silence(line, 100.0)
    assert silence.until(124.0) == 0
    assert silence.until(124.5) == 0.5
