"""What tasks say, where it goes: no reader, no room, no such letter, no output at all."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

TASK = """
import sys
from invoke.context import Context
from homelab_tasks.tasks.door import homelab_task
from homelab_tasks.tasks.outlet import outlive_readers

@homelab_task()
def speak(_: Context) -> None:
    "Speak."
    {body}

speak(Context())
"""


def spoken(
    body: str, *, stdout: int = subprocess.PIPE, redirected: str = "", **environment: str
) -> tuple[int, str, str]:
    """Exit status, output and errors of a task with this body."""
    line = f'exec "$0" -c "$1" {redirected}'
    done = subprocess.run(
        ["sh", "-c", line, sys.executable, TASK.format(body=body)],
        env=dict(os.environ) | {"PYTHONUNBUFFERED": ""} | environment,
        stdout=stdout,
        stderr=subprocess.PIPE,
        check=False,
    )
    return done.returncode, (done.stdout or b"").decode("latin-1"), done.stderr.decode()


@pytest.fixture
def unread() -> Iterator[int]:
    """The end of a pipe that can be written to, once nobody can read any more."""
    ours, theirs = os.pipe()
    os.close(ours)
    yield theirs
    os.close(theirs)


TOLD = (
    "warning: standard output cannot be written ({why}); "
    "the run goes on to its end, and inv history tells how it went\n"
)
NO_ROOM = "error: the output cannot be written, no space is left there; make room, then again\n"


@pytest.mark.parametrize("body", ["print('x')", "print('x', flush=True)", "print('x'); raise KeyboardInterrupt"])
def test_nobody_who_reads_is_a_quiet_end(unread: int, body: str) -> None:
    interrupted = "KeyboardInterrupt" in body
    said = "error: interrupted; run the same again to go on\n" if interrupted else ""
    assert spoken(body, stdout=unread) == (130 if interrupted else 1, "", said)


@pytest.mark.parametrize("words", [[], ["help"], ["deploy", "--help"]])
def test_nobody_who_reads_what_tasks_there_are_is_a_quiet_end(unread: int, words: list[str]) -> None:
    argv = [sys.executable, "-m", "homelab_tasks", *words]
    done = subprocess.run(argv, stdout=unread, stderr=subprocess.PIPE, check=False)
    assert (done.returncode, done.stderr) == (1, b"")


def test_a_run_that_has_begun_goes_on_without_a_reader(unread: int) -> None:
    body = "outlive_readers(); print('x', flush=True); print('y', flush=True); sys.exit(7)"
    assert spoken(body, stdout=unread) == (7, "", TOLD.format(why="broken pipe"))


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full")
def test_a_full_disk_is_an_error_and_none_of_a_run_that_has_begun() -> None:
    assert spoken("print('x')", redirected=">/dev/full") == (1, "", NO_ROOM)
    begun = "outlive_readers(); print('x', flush=True)"
    assert spoken(begun, redirected=">/dev/full") == (0, "", TOLD.format(why="no space left on device"))


@pytest.mark.parametrize("closed", ["<&-", ">&-", "<&- >&-"])
def test_streams_that_are_closed_are_read_and_written_as_nothing(closed: str) -> None:
    body = "print(sys.stdin.read(), sys.stdout.isatty()); print(sys.stdin.isatty(), file=sys.stderr)"
    status, out, err = spoken(body, redirected=closed)
    assert (status, err) == (0, "False\n")
    assert out == ("" if ">&-" in closed else " False\n")


def test_errors_do_not_land_in_an_output_whose_other_stream_is_closed() -> None:
    assert spoken("print('x', file=sys.stderr); print('y')", redirected="2>&-") == (0, "y\n", "")


@pytest.mark.parametrize(("encoding", "seen"), [("ascii", "h?llo ?\n"), ("latin-1", "h\xe9llo ?\n")])
def test_a_letter_that_cannot_be_said_is_a_question_mark(encoding: str, seen: str) -> None:
    assert spoken("print('h\\xe9llo \\u2713')", PYTHONIOENCODING=encoding) == (0, seen, "")
