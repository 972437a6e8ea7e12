"""Runs that meet, runs that die, and runs that somebody interrupts: the same command again always converges."""

from __future__ import annotations

import signal
import subprocess
import time

from tests.hosts.homelab import Homelab, eventually, finish, running, seen
from tests.lab import LabHost

TEST = "healthcheck: {test: [CMD, test, -e, /tmp/ready], interval: 1h}"  # ready when somebody says so
DEAF = "command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]"
SLOW = ("init: false", "entrypoint: []", DEAF, "stop_grace_period: 3s")  # a new container takes three seconds


def a_slow_service(home: Homelab, value: str) -> None:
    home.add("slow", *SLOW, f"environment: {{A: {value}}}")
    home.replace("services/slow/compose.yml", "    init: true\n", "")
    home.commit()


def composing(host: LabHost) -> bool:
    return host.exec("pgrep", "--full", "project-name slow up").returncode == 0


def wait_until(host: LabHost, container: str) -> None:
    eventually(lambda: container in running(host), container)


def interrupt(process: subprocess.Popen[str]) -> None:
    process.send_signal(signal.SIGINT)


def unlocked(home: Homelab) -> bool:
    return "locked by" not in home.succeed("hosts").out


def test_a_second_run_is_told_who_works_there_and_changes_nothing(home: Homelab, host: LabHost) -> None:
    home.add("db", TEST)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        second = home.inv("deploy-all")
        assert second.status == 1
        assert "error: h1 is locked by " in second.err
        assert f", pid {first.pid}, since " in second.err
        assert ": deploy-all; wait for it, then run the same again" in second.err
        assert f"pid {first.pid}" in home.succeed("hosts").out
        host.docker("exec", "db-web-1", "touch", "/tmp/ready")
        assert finish(first).status == 0
    assert home.deploy().out.startswith("nothing to do:")


def test_a_run_that_was_killed_leaves_no_lock_and_the_next_one_goes_on(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("db", TEST, host="h1")
    home.add("app", host="h2", depends_on=["db"])
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as process:
        wait_until(hosts[0], "db-web-1")
        process.kill()
    hosts[0].docker("exec", "db-web-1", "touch", "/tmp/ready")
    home.deploy()
    assert (running(hosts[0]), running(hosts[1])) == (["db-web-1"], ["app-web-1"])
    assert home.deploy().out.startswith("nothing to do:")


def test_what_a_killed_run_left_working_is_waited_for(home: Homelab, host: LabHost) -> None:
    a_slow_service(home, "one")
    home.deploy()
    a_slow_service(home, "two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        process.kill()
    assert composing(host)
    home.deploy()
    assert not composing(host)
    assert host.docker("exec", "slow-web-1", "sh", "-c", "echo $A") == "two"
    assert home.deploy().out.startswith("nothing to do:")


def test_ctrl_c_while_health_is_awaited_says_what_is_unfinished_and_frees_the_lock(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("db", TEST, host="h1")
    home.add("app", host="h2", depends_on=["db"])
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as process:
        wait_until(hosts[0], "db-web-1")
        time.sleep(0.3)  # from the container's start to the wait for its health: nothing shows when that begins
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
    a_slow_service(home, "two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        interrupt(process)
        time.sleep(0.3)  # two signals at once are one
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
            time.sleep(1)  # the program has started and calls; nothing on the host could show it
            interrupt(process)
            done = finish(process, seconds=3)
        cure(host)
        assert (done.status, done.err) == (130, "error: interrupted; run the same again to go on\n")
    assert seen(host, "db-web-1") == before
