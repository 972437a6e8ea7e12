"""A container's health test, run early by us: the loop in its shell, and what an Engine tells of it."""

from __future__ import annotations

import shutil
import subprocess
import threading
from collections.abc import Mapping
from typing import Any

import pytest
from docker.errors import APIError
from requests import Response

from homelab_tasks import early
from homelab_tasks.early import EarlyTests

SHELLS = ("sh", "bash", "busybox sh")


class Engine:
    """Execs of which each says at once how it ended: a status, None while it runs, or an error of the Engine."""

    def __init__(self, *ends: int | None, refuses: int = 0) -> None:
        self.ends, self.refuses, self.begun = ends, refuses, list[list[str]]()

    def exec_create(self, _container: str, argv: list[str], **_: bool) -> Mapping[str, str]:
        if self.refuses:
            answer = Response()
            answer.status_code, self.refuses = self.refuses, 0
            raise APIError("no", answer)
        self.begun.append(argv)
        return {"Id": str(len(self.begun) - 1)}

    def exec_start(self, _ident: str, *, detach: bool) -> None:
        assert detach

    def exec_inspect(self, ident: str) -> Mapping[str, Any]:
        status = self.ends[int(ident)]
        return {"Running": status is None, "ExitCode": status}


def facts(started: str = "2026-01-01T00:00:00Z", **check: Any) -> Mapping[str, Any]:
    return {
        "Id": "c0ffee",
        "State": {"StartedAt": started},
        "Config": {"Healthcheck": {"Test": ["CMD", "ready"], **check}},
    }


def early_tests(engine: Engine) -> EarlyTests:
    return EarlyTests(engine, threading.Event())


def test_a_loop_is_begun_and_asked_until_it_ends_well() -> None:
    engine = Engine(0)
    tests = early_tests(engine)
    assert [tests.passes(facts()) for _ in range(2)] == [False, True]
    assert len(engine.begun) == 1
    assert engine.begun[0][-1] == "ready"
    assert 0 < tests.due("c0ffee") <= early.ROUND


def test_a_loop_that_found_nothing_is_followed_by_another() -> None:
    engine = Engine(1, None)
    tests = early_tests(engine)
    assert [tests.passes(facts()) for _ in range(4)] == [False] * 4
    assert len(engine.begun) == 2


def test_a_loop_says_nothing_of_a_later_start() -> None:
    engine = Engine(0, None)
    tests = early_tests(engine)
    tests.passes(facts("2026-01-01T00:00:00Z"))
    assert not tests.passes(facts("2026-01-01T00:00:01Z"))
    assert len(engine.begun) == 2


def test_a_test_that_hangs_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(early, "ROUND", 0.0)
    engine = Engine(None, None)
    tests = early_tests(engine)
    assert [tests.passes(facts(Timeout=1)) for _ in range(2)] == [False, False]
    assert len(engine.begun) == 2


@pytest.mark.parametrize("engine", [Engine(127, 0), Engine(0, refuses=400)])
def test_without_a_shell_the_test_itself_is_run_at_each_look(engine: Engine) -> None:
    tests = early_tests(engine)
    while not tests.passes(facts()):
        assert len(engine.begun) < 3
    assert engine.begun[-1] == ["ready"]
    assert tests.due("c0ffee") == 0


def test_a_container_that_has_just_ended_may_have_a_shell() -> None:
    engine = Engine(None, refuses=409)
    tests = early_tests(engine)
    assert [tests.passes(facts()) for _ in range(2)] == [False, False]
    assert engine.begun[0][0] == "sh"


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize(
    ("test", "status"),
    [
        (["true"], 0),
        (["test", "a  b'*$HOME", "=", "a  b'*$HOME"], 0),
        (["sh", "-c", "echo >>RUNS; test $(wc -l <RUNS) -gt 1"], 0),
        (["false"], 1),
        (["exit", "0"], 1),  # no program: Docker would not find it either
        (["no-such-program"], 1),
    ],
)
def test_the_loop_runs_a_program_until_it_succeeds(
    shell: str, test: list[str], status: int, tmp_path_factory: pytest.TempPathFactory
) -> None:
    assert looped(shell, test, tmp_path_factory).returncode == status


@pytest.mark.parametrize("shell", SHELLS[:2])  # busybox has its own
def test_where_there_is_no_sleep_the_loop_is_as_if_there_were_no_shell(
    shell: str, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("bin")
    assert looped(shell, ["no-such-program"], tmp_path_factory, PATH=str(folder)).returncode == 127


def looped(
    shell: str, test: list[str], folders: pytest.TempPathFactory, **environment: str
) -> subprocess.CompletedProcess[bytes]:
    """The loop in a shell, for a tenth of a second."""
    program, *applet = shell.split()
    found = shutil.which(program)
    if not found:
        pytest.skip(f"{program} is not on PATH")
    argv = [found, *applet, "-c", early._LOOP, "sh", "0", "10", *test]
    return subprocess.run(argv, cwd=folders.mktemp("there"), env=environment or None, timeout=20, check=False)
