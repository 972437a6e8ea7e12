"""Runners over real sshd and dockerd: host keys, faults, many commands at once, and the Engine's API."""

from __future__ import annotations

import subprocess
import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from pathlib import Path

import pytest

from homelab_tasks.command import Command, command
from homelab_tasks.model import Host
from homelab_tasks.runner import Result, Runner, Unreachable, connect, connect_all
from tests.lab import Lab, LabHost

NOTICED = 20.0  # seconds within which a dead host must have been noticed; 15 s of silence, and a slow machine
MEGABYTES = b"x" * 4_000_000


def a_host(lab: Lab, host: LabHost, *, known_hosts: str = "", seconds: float = 2) -> Host:
    return Host(
        host.name,
        host.address,
        user="admin",
        identity_file=lab.identity_file,
        known_hosts=known_hosts or lab.known_hosts,
        connect_timeout=seconds,
    )


def reached(host: Host) -> Runner:
    runner = connect(host)
    assert not isinstance(runner, Unreachable), runner
    return runner


def refused(host: Host) -> Unreachable:
    runner = connect(host)
    assert isinstance(runner, Unreachable)
    return runner


def at_most(sessions: int, host: LabHost) -> AbstractContextManager[None]:
    """The host's sshd takes no more on one connection."""
    return host.sshd_says(f"MaxSessions {sessions}")


@pytest.fixture
def runner(lab: Lab, host: LabHost) -> Iterator[Runner]:
    opened = reached(a_host(lab, host, seconds=10))
    yield opened
    opened.close()


def test_a_command_brings_back_status_output_and_errors(runner: Runner) -> None:
    result = runner.run(command("sh", "-c", "pwd; echo oops >&2; exit 3", directory="/opt/homelab"))
    assert (result.exit, result.text, result.stderr) == (3, "/opt/homelab\n", "oops\n")


def test_megabytes_flow_in_and_out_at_once(runner: Runner) -> None:
    result = runner.run(Command(("tee", "/dev/stderr"), stdin=MEGABYTES))
    assert (result.exit, result.stdout == MEGABYTES, len(result.stderr)) == (0, True, len(MEGABYTES))


def test_a_timeout_is_kept_on_the_host(runner: Runner) -> None:
    assert runner.run(command("sleep", "4711", timeout=0.2)).exit == 124
    assert runner.run(command("pgrep", "--exact", "--full", "sleep 4711")).exit == 1


def test_thirty_commands_share_one_connection(runner: Runner) -> None:
    with ThreadPoolExecutor(30) as pool:
        results = list(pool.map(runner.run, [command("sh", "-c", f"sleep 0.1; echo {n}") for n in range(30)]))
    assert [result.text for result in results] == [f"{n}\n" for n in range(30)]


@pytest.mark.parametrize("sessions", [1, 2, 3])
def test_an_sshd_that_takes_few_sessions_runs_all_commands(lab: Lab, host: LabHost, sessions: int) -> None:
    with at_most(sessions, host):
        runner = reached(a_host(lab, host))
        with ThreadPoolExecutor(12) as pool:
            results = list(pool.map(runner.run, [command("sh", "-c", f"sleep 0.05; echo {n}") for n in range(12)]))
        runner.close()
    assert [result.text for result in results] == [f"{n}\n" for n in range(12)]


def test_a_command_that_somebody_follows_ends_when_he_stops(runner: Runner) -> None:
    lines = runner.lines(command("sh", "-c", "echo out; echo err >&2; exec sleep 4712", timeout=0))
    assert [next(lines), next(lines)] == ["out", "err"]
    lines.close()  # type: ignore[attr-defined]  # a generator
    gone = command("sh", "-c", "while pgrep --exact --full 'sleep 4712'; do sleep 0.05; done", timeout=5)
    assert runner.run(gone).ok


def test_the_host_dials_for_us(runner: Runner) -> None:
    stream = runner.dial("127.0.0.1", 22)
    assert stream.recv(4) == b"SSH-"
    stream.close()
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1:1 is not reached from h1: connect"):
        runner.dial("127.0.0.1", 1)


def test_an_unknown_host_key_is_refused_with_the_line_that_accepts_it(lab: Lab, host: LabHost, tmp_path: Path) -> None:
    known = tmp_path / "known_hosts"
    target = a_host(lab, host, known_hosts=str(known))
    answer = refused(target)
    assert "unknown host key ssh-ed25519 SHA256:" in answer.why
    sh(answer.move.removeprefix("if that is its key: "))
    reached(target).close()


def test_a_changed_host_key_is_refused_with_the_line_that_forgets_the_old_one(
    lab: Lab, host: LabHost, tmp_path: Path
) -> None:
    known = tmp_path / "known_hosts"
    known.write_text(Path(lab.known_hosts).read_text())
    host.new_host_key()
    answer = refused(a_host(lab, host, known_hosts=str(known)))
    assert f"admin@{host.address}: host key changed to ssh-ed25519 SHA256:" in answer.why
    assert answer.move == f"if that is right: ssh-keygen -R {host.address} -f {known}"


@pytest.mark.parametrize(
    ("line", "only"),
    [
        ("PubkeyAuthentication no\nPasswordAuthentication no", ""),
        ("PubkeyAuthentication no\nPasswordAuthentication yes", ", only password"),
    ],
)
def test_an_sshd_that_takes_no_key_is_not_sent_another(lab: Lab, host: LabHost, line: str, only: str) -> None:
    with host.sshd_says(line):
        why = refused(a_host(lab, host))
    assert why.why.endswith(f"login refused: it takes no key{only}")
    assert why.move == "allow publickey for this user in its sshd_config"


def test_a_host_without_sshd_refuses_at_once(lab: Lab, host: LabHost) -> None:
    host.stop_sshd()
    assert refused(a_host(lab, host)).why == f"admin@{host.address}: connection refused"


def test_a_frozen_host_is_given_up_in_time(lab: Lab, host: LabHost) -> None:
    host.freeze()
    assert refused(a_host(lab, host)).why == f"admin@{host.address}: it takes connections but says nothing within 2 s"


def test_a_host_that_is_off_holds_up_no_other(lab: Lab, hosts: tuple[LabHost, ...]) -> None:
    off, *others = hosts
    off.cut()
    opened = connect_all([a_host(lab, host) for host in hosts])
    for host in others:
        runner = opened[host.name].result()
        assert not isinstance(runner, Unreachable)
        runner.close()
    assert not opened[off.name].done()
    said = f"cannot reach {off.name} (admin@{off.address}: no answer within 1 s)"
    assert str(opened[off.name].result()).startswith(said)


@pytest.mark.parametrize("fault", ["cut", "freeze"])
def test_a_host_that_dies_during_a_command_is_noticed(runner: Runner, host: LabHost, fault: str) -> None:
    results: list[Result] = []
    stream = runner.open(command("cat", timeout=0))
    working = threading.Thread(target=lambda: results.append(runner.run(command("sleep", "300", timeout=400))))
    working.start()
    getattr(host, fault)()
    started = time.monotonic()
    working.join(NOTICED)
    assert [(result.lost, result.stderr) for result in results] == [(True, "connection to h1 lost: no answer for 15 s")]
    assert stream.recv(1) == b""
    assert time.monotonic() - started < NOTICED


def test_the_engine_answers_over_the_same_connection(runner: Runner, host: LabHost) -> None:
    engine = runner.docker()
    seen: list[str] = []
    events = engine.events(decode=True, filters={"event": "start"})
    watching = threading.Thread(target=lambda: seen.extend(event["Actor"]["Attributes"]["name"] for event in events))
    watching.start()
    host.docker("run", "--detach", "--name", "web", "--label", "app=web", "homelab/demo:1")
    (container,) = engine.containers(filters={"label": "app=web"})
    probe = engine.exec_create(container["Id"], ["sh", "-c", "exit 3"])["Id"]
    engine.exec_start(probe, detach=True)
    while engine.exec_inspect(probe)["Running"]:
        time.sleep(0.01)
    assert engine.exec_inspect(probe)["ExitCode"] == 3
    assert engine.inspect_container("web")["State"]["Running"]
    events.close()
    watching.join(5)
    assert seen == ["web"]


def test_a_dead_engine_is_told_with_the_next_move(lab: Lab, host: LabHost) -> None:
    host.kill_docker()
    runner = reached(a_host(lab, host))
    with pytest.raises(ConnectionError, match=r"no Docker Engine answers on h1: .*; start Docker on h1"):
        runner.docker()
    runner.close()


def sh(line: str) -> None:
    subprocess.run(["sh", "-c", line], check=True)
