"""This machine as a host: real processes, no lab."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from homelab_tasks.command import Command, command
from homelab_tasks.model import Host, Transport
from homelab_tasks.runner import Runner, Unreachable, connect

MEGABYTES = b"x" * 4_000_000


@pytest.fixture
def here() -> Iterator[Runner]:
    runner = connect(Host("here", "localhost", transport=Transport.LOCAL))
    assert not isinstance(runner, Unreachable)
    yield runner
    runner.close()


@pytest.mark.parametrize(
    ("line", "status"),
    [
        (command("true"), 0),
        (command("sh", "-c", "exit 3"), 3),
        (command("no-such-command"), 127),
        (command("sleep", "60", timeout=0.1), 124),
        (command("sh", "-c", "kill -TERM $$", timeout=0), 143),
        (command("true", "x" * 3_000_000), 126),
    ],
)
def test_a_result_has_the_status_that_a_shell_would_show(here: Runner, line: Command, status: int) -> None:
    assert here.run(line).exit == status


def test_megabytes_flow_in_and_out_at_once(here: Runner) -> None:
    result = here.run(Command(("tee", "/dev/stderr"), stdin=MEGABYTES))
    assert (result.exit, result.stdout == MEGABYTES, len(result.stderr)) == (0, True, len(MEGABYTES))


def test_lines_come_while_the_command_still_runs(here: Runner) -> None:
    lines = here.lines(command("sh", "-c", "echo out; echo err >&2; exec sleep 60", timeout=0))
    assert [next(lines), next(lines)] == ["out", "err"]
    lines.close()  # type: ignore[attr-defined]  # a generator, which ends its command


def test_a_stream_answers_and_ends(here: Runner) -> None:
    stream = here.open(command("cat", timeout=0))
    stream.sendall(b"hello")
    assert stream.recv(5) == b"hello"
    stream.settimeout(0.01)
    with pytest.raises(TimeoutError):
        stream.recv(1)
    stream.close()


def test_closing_ends_what_still_runs(here: Runner) -> None:
    results = []
    lines = here.lines(command("sh", "-c", "echo started; exec sleep 60", timeout=0))
    next(lines)
    stream = here.open(command("cat", timeout=0))
    waiting = threading.Thread(target=lambda: results.append(stream.recv(1)))
    waiting.start()
    here.close()
    waiting.join(10)
    assert (results, list(lines)) == ([b""], [])


def test_nothing_runs_on_a_closed_runner(here: Runner) -> None:
    here.close()
    result = here.run(command("true"))
    assert (result.lost, result.stderr) == (True, "connection to here closed")


def test_a_port_that_nobody_listens_on_is_refused(here: Runner) -> None:
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1 is not reached from here: connection refused"):
        here.dial("127.0.0.1", 1)
