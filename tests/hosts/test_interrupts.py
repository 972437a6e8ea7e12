"""Ctrl-C at every stage: a sentence, a free lock, and the same command again goes on from there."""

from __future__ import annotations

import signal
import subprocess
from pathlib import Path

from tests.hosts.homelab import Homelab, eventually, finish, running, seen
from tests.hosts.slow import NOT_READY, a_slow_service, composing, wait_until
from tests.lab import LabHost


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def wait_for_line(process: subprocess.Popen[str], text: str) -> None:
    assert process.stdout
    assert any(text in line for line in process.stdout)


def calls(process: subprocess.Popen[str]) -> bool:
    """It has begun to connect; nothing on a host that is silent could show it."""
    try:
        return any(str(fd.readlink()).startswith("socket:") for fd in Path(f"/proc/{process.pid}/fd").iterdir())
    except FileNotFoundError:  # closed meanwhile
        return False


def unlocked(home: Homelab) -> bool:
    return "locked by" not in home.succeed("hosts").out


def test_ctrl_c_while_health_is_awaited_says_what_is_unfinished_and_frees_the_lock(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("db", NOT_READY, host="h1")
    home.add("app", host="h2", depends_on=["db"])
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as process:
        wait_until(hosts[0], "db-web-1")
        interrupt(process)
        done = finish(process, seconds=10)
    assert done.status == 130
    assert "db on h1: was creating, its health was not awaited" in done.said
    assert "app on h2: as before, nothing was started" in done.said
    assert "Traceback" not in done.said
    assert unlocked(home)
    hosts[0].docker("exec", "db-web-1", "touch", "/tmp/ready")
    home.deploy()
    assert (running(hosts[0]), running(hosts[1])) == (["db-web-1"], ["app-web-1"])


def test_ctrl_c_while_compose_works_lets_it_finish(home: Homelab, host: LabHost) -> None:
    a_slow_service(home, "one")
    home.deploy()
    a_slow_service(home, "two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        interrupt(process)
        done = finish(process, seconds=15)
    assert (done.status, composing(host)) == (130, False)
    assert "Traceback" not in done.said
    assert host.docker("exec", "slow-web-1", "sh", "-c", "echo $A") == "two"
    home.deploy()
    assert home.deploy().out.startswith("nothing to do:")


def test_a_second_ctrl_c_ends_at_once_and_the_next_run_converges(home: Homelab, host: LabHost) -> None:
    a_slow_service(home, "one")
    home.deploy()
    home.add("app", depends_on=["slow"])
    a_slow_service(home, "two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        interrupt(process)
        wait_for_line(process, "skipped: interrupted")
        interrupt(process)
        done = finish(process, seconds=2)
    assert (done.status, done.err) == (130, "error: interrupted; run the same again to go on\n")
    home.deploy()
    assert host.docker("exec", "slow-web-1", "sh", "-c", "echo $A") == "two"
    assert home.deploy().out.startswith("nothing to do:")


def test_ctrl_c_while_a_silent_host_is_called_ends_at_once(home: Homelab, host: LabHost) -> None:
    home.add("db")
    home.commit()
    home.deploy()
    before = seen(host, "db-web-1")
    for fault, cure in ((LabHost.cut, LabHost.heal), (LabHost.freeze, LabHost.thaw)):
        fault(host)
        with home.start("restart", "db") as process:
            eventually(lambda: calls(process), "a call")
            interrupt(process)
            done = finish(process, seconds=3)
        cure(host)
        assert (done.status, done.err) == (130, "error: interrupted; run the same again to go on\n")
    assert seen(host, "db-web-1") == before


SILENT = "$s = IO::Socket::INET->new(LocalPort => 5000, Listen => 9); push @c, $s->accept while 1"


def test_ctrl_c_while_an_image_is_pulled_ends_at_once_and_frees_the_lock(home: Homelab, host: LabHost) -> None:
    home.add("db")
    home.commit()
    home.deploy()
    home.add("db", "image: 127.0.0.1:5000/silent:1")
    home.commit()
    with (
        subprocess.Popen(host.enter("perl", "-MIO::Socket", "-e", SILENT, user="admin")) as registry,
        home.start("deploy-all") as process,
    ):
        eventually(lambda: host.exec("pgrep", "--full", "docker pull").returncode == 0, "the pull")
        interrupt(process)
        done = finish(process, seconds=3)
        registry.kill()
    assert (done.status, done.err) == (130, "error: interrupted; run the same again to go on\n")
    assert unlocked(home)
    assert running(host) == ["db-web-1"]
