"""Ctrl-C, SIGTERM and SIGHUP in a deploy that goes back: after the first all is as before, the second ends it now."""

from __future__ import annotations

import os
import pty
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.hosts.faults.world import World
from tests.hosts.homelab import Homelab, eventually, finish, head, seen
from tests.hosts.slow import NOT_READY, SLOW, composing, wait_until
from tests.lab import Lab, LabHost

BUSY = 30  # seconds within which a run on a busy machine has put back what it changed


@pytest.fixture
def reverting(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """A homelab whose deploys go back, with `db` of version one on h1."""
    home.inventory(lab, hosts[:1], defaults={"on_failure": "revert"})
    home.add("db", "environment: {V: one}")
    home.commit()
    home.deploy()
    return home


def never_ready(home: Homelab) -> None:
    home.add("db", "environment: {V: two}", NOT_READY)
    home.commit()


def version(host: LabHost, container: str = "db-web-1") -> str:
    """ "" while it is being replaced."""
    return host.exec("docker", "exec", container, "sh", "-c", "echo $V").stdout.decode().strip()


def of_version_two(host: LabHost) -> bool:
    return of_version_two_of(host, "db-web-1")


def last_run(home: Homelab) -> tuple[str, bool]:
    """How the journal says that the last run ended, and whether it was put back."""
    run = home.succeed("history", "--limit", "1", "--format", "json").json["runs"][0]
    return run["outcome"], run["reverted"]


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_ends_a_deploy_with_all_as_before(reverting: Homelab, host: LabHost, number: signal.Signals) -> None:
    never_ready(reverting)
    with reverting.start("deploy-all", "--timeout", "60") as process:
        eventually(lambda: of_version_two(host), "the new container")
        process.send_signal(number)
        done = finish(process, seconds=BUSY)
    assert (done.status, "Traceback" in done.said) == (130, False)
    assert "all is as before" in done.said
    assert version(host) == "one"
    assert last_run(reverting) == ("interrupted", True)
    assert "locked by" not in reverting.succeed("hosts").out
    reverting.git("revert", "--no-edit", "HEAD")
    assert reverting.deploy().out.startswith("nothing to do:")


def test_ctrl_c_before_any_container_changes_takes_the_commit_back(tmp_path: Path, lab: Lab, host: LabHost) -> None:
    world = World.make(tmp_path / "homelab", lab, host)
    before = head(host)
    world.next_version()
    with world.start("DELIVERED") as process:
        assert head(host) != before
        process.send_signal(signal.SIGINT)
        _, said = process.communicate("\n", timeout=BUSY)
    assert ('"interrupted": true' in said, "Traceback" in said, head(host)) == (True, False, before)
    world.converge()


def test_a_second_signal_while_it_goes_back_ends_it_now_and_the_next_run_converges(
    reverting: Homelab, host: LabHost
) -> None:
    home = reverting
    home.add("slow", *SLOW, "environment: {V: one}")
    home.replace("services/slow/compose.yml", "    init: true\n", "")
    home.commit()
    home.deploy()
    home.replace("services/slow/compose.yml", "V: one", "V: two")
    home.add("db", "environment: {V: two}", NOT_READY, depends_on=["slow"])
    home.commit()
    with home.start("deploy-all", "--timeout", "60", "--yes") as process:
        eventually(lambda: of_version_two_of(host, "db-web-1"), "the new container")
        process.send_signal(signal.SIGINT)
        eventually(lambda: not of_version_two(host) and composing(host), "going back")
        process.send_signal(signal.SIGINT)
        done = finish(process, seconds=5)
    assert (done.status, done.err) == (130, "error: interrupted; run the same again to go on\n")
    home.add("db", "environment: {V: three}", depends_on=["slow"])
    home.commit()
    home.deploy()
    assert (version(host), version(host, "slow-web-1")) == ("three", "two")
    assert home.deploy().out.startswith("nothing to do:")


def of_version_two_of(host: LabHost, container: str) -> bool:
    """It may be replaced at this very moment, and is not running then."""
    return host.exec("docker", "exec", container, "sh", "-c", "echo $V").stdout.strip() == b"two"


def test_a_run_whose_terminal_is_closed_puts_back_what_it_changed(reverting: Homelab, host: LabHost) -> None:
    never_ready(reverting)
    ours, theirs = pty.openpty()
    argv = [sys.executable, "-m", "invoke", "deploy-all", "--timeout", "60", "--yes"]
    with subprocess.Popen(
        ["setsid", "--ctty", *argv],
        cwd=reverting.root,
        env=reverting._environment() | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
    ) as process:
        os.close(theirs)
        try:
            eventually(lambda: of_version_two(host), "the new container")
            os.close(ours)
            process.wait(BUSY)
        finally:
            process.kill()
    assert version(host) == "one"
    assert last_run(reverting) == ("interrupted", True)


def test_a_run_under_nohup_goes_on_when_the_terminal_is_closed(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with subprocess.Popen(
        ["nohup", sys.executable, "-m", "invoke", "deploy-all", "--timeout", "60"],
        cwd=home.root,
        env=home._environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        wait_until(host, "db-web-1")
        process.send_signal(signal.SIGHUP)
        host.docker("exec", "db-web-1", "touch", "/tmp/ready")
        assert finish(process).status == 0
    assert seen(host, "db-web-1").health in ("healthy", "starting")
