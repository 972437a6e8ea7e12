"""Runs that meet and runs that die: the same command again always converges."""

from __future__ import annotations

import subprocess

from tests.hosts.homelab import CHECKOUT, Homelab, eventually, finish, running
from tests.hosts.slow import NOT_READY, a_slow_service, composing, wait_until
from tests.lab import LabHost


def test_a_second_run_is_told_who_works_there_and_changes_nothing(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        second = home.inv("deploy-all")
        assert second.status == 1
        assert "error: h1 is locked by " in second.err
        assert f", pid {first.pid}, since " in second.err
        assert ": deploy-all --timeout 60; wait for it, then run the same again" in second.err
        assert f"pid {first.pid}" in home.succeed("hosts").out
        host.docker("exec", "db-web-1", "touch", "/tmp/ready")
        assert finish(first).status == 0
    assert home.deploy().out.startswith("nothing to do:")


def test_a_run_that_was_killed_leaves_no_lock_and_the_next_one_goes_on(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("db", NOT_READY, host="h1")
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


def test_a_run_that_loses_its_lock_says_so_and_starts_nothing_more_there(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("old", host="h1")
    home.commit()
    home.deploy()
    home.add("db", NOT_READY, host="h1")
    home.add("app", host="h1", depends_on=["db"])
    home.add("blog", host="h2")
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as process:
        wait_until(hosts[0], "db-web-1")
        holder = hosts[0].check("pgrep", "--oldest", "--full", "^bash -c .*Hold the lock of a host")
        hosts[0].check("kill", "-KILL", holder)
        home.succeed("stop", "old")
        hosts[0].docker("exec", "db-web-1", "touch", "/tmp/ready")
        done = finish(process)
    assert done.status == 1
    assert "db on h1: done, but not recorded: the lock on h1 was lost; run the same again" in done.said
    assert "app on h1: the lock on h1 was lost; run the same again" in done.said
    assert (running(hosts[0]), running(hosts[1])) == (["db-web-1"], ["blog-web-1"])
    home.deploy()
    assert running(hosts[0]) == ["app-web-1", "db-web-1"]


LATE = f"""
cd {CHECKOUT}/services/late
begin='until [ -e /tmp/go ]; do sleep 0.02; done; exec docker compose -p late up --detach'
exec flock --shared ../../.git/homelab/working sh -c "$begin"
"""


def test_a_service_that_a_dead_run_still_creates_is_taken_over(home: Homelab, host: LabHost) -> None:
    home.add("early")
    home.write("services/late/compose.yml", "services: {web: {image: homelab/demo:1, init: true}}\n")
    home.write("services/late/service.yaml", "host: h1\n")
    home.commit()
    home.succeed("deploy", "early")
    with subprocess.Popen(host.enter("bash", "-c", LATE, user="admin")), home.start("deploy-all") as process:
        eventually(lambda: host.exec("pgrep", "--full", "flock --wait 5").returncode == 0, "the next run to wait")
        host.check("touch", "/tmp/go")
        done = finish(process)
    assert done.status == 0, done.said
    assert "~ late update: runs here, not yet recorded, requested" in done.said
    assert running(host) == ["early-web-1", "late-web-1"]
    assert home.deploy().out.startswith("nothing to do:")
