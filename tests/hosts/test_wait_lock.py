"""A host that somebody else has locked: refused at once with his name, or waited for with `--wait-lock`."""

from __future__ import annotations

import re
import signal

from tests.hosts.homelab import Homelab, containers, eventually, finish, running
from tests.hosts.slow import NOT_READY, a_slow_service, composing, wait_until
from tests.lab import LabHost

WAITING = re.compile(
    r"h1 is locked by \S+@\S+, pid (\d+), since \d\d:\d\d UTC: deploy-all --timeout 60; waiting for it\n"
)


def asks_for_the_lock(host: LabHost) -> bool:
    return host.exec("pgrep", "--full", "flock --wait [0-9.]+ lock").returncode == 0


def test_a_waiting_run_says_once_for_whom_and_goes_on_from_a_fresh_look(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        home.add("blog")
        home.commit()
        with home.start("deploy-all", "--wait-lock", "1m") as second:
            eventually(lambda: asks_for_the_lock(host), "the second run to wait")
            host.docker("exec", "db-web-1", "touch", "/tmp/ready")
            assert finish(first).status == 0
            done = finish(second)
    assert done.status == 0, done.said
    said = WAITING.fullmatch(done.err)
    assert said, done.err
    assert int(said[1]) == first.pid
    assert "1 to change (1 create), 1 unchanged" in done.said
    assert running(host) == ["blog-web-1", "db-web-1"]


def test_who_waited_long_enough_is_refused_with_the_name_of_the_holder(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        done = home.inv("stop", "db", "--wait-lock", "1")
        first.kill()
    assert (done.status, done.out) == (1, "")
    last = done.err.splitlines()[-1]
    assert re.fullmatch(
        rf"error: h1 is locked by \S+, pid {first.pid}, since \d\d:\d\d UTC: deploy-all --timeout 60; "
        "wait for it, then run the same again, or have that done: --wait-lock 5m",
        last,
    )
    assert running(host) == ["db-web-1"]


def test_a_lock_that_dies_with_its_client_ends_the_wait(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        with home.start("stop", "db", "--wait-lock", "1m") as second:
            eventually(lambda: asks_for_the_lock(host), "the second run to wait")
            first.kill()
            done = finish(second)
    assert done.status == 0, done.said
    assert running(host) == []


def test_a_command_that_a_dead_run_left_working_is_waited_for_too(home: Homelab, host: LabHost) -> None:
    a_slow_service(home, "one")
    home.deploy()
    a_slow_service(home, "two")
    with home.start("deploy-all") as process:
        eventually(lambda: composing(host), "compose to work")
        process.kill()
    home.succeed("restart", "slow", "--wait-lock", "1m")
    assert not composing(host)
    assert host.docker("exec", "slow-web-1", "sh", "-c", "echo $A") == "two"


def test_env_files_are_sent_when_the_host_is_free(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.write(".gitignore", ".env\n")
    home.commit()
    home.write("services/db/.env", "TOKEN=mine\n")
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        with home.start("env.push", "db", "--wait-lock", "1m") as second:
            eventually(lambda: asks_for_the_lock(host), "the second run to wait")
            first.kill()
            done = finish(second)
    assert (done.status, done.out.splitlines()[-1]) == (0, "db on h1: written; the next deploy takes it up")
    assert "h1 is locked by " in done.err
    assert host.check("cat", "/opt/homelab/services/db/.env") == "TOKEN=mine"


def dangling(host: LabHost) -> list[str]:
    return host.docker("images", "--quiet", "--filter", "dangling=true").split()


def test_nothing_is_swept_away_while_somebody_deploys(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    host.docker("run", "--name", "stray", "homelab/demo:1", "true")
    host.docker("commit", "stray")
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        refused = home.inv("cleanup", "--yes", "--host", "h1")
        with home.start("cleanup", "--yes", "--host", "h1", "--wait-lock", "1m") as second:
            eventually(lambda: asks_for_the_lock(host), "the cleanup to wait")
            assert len(dangling(host)) == 1
            host.docker("exec", "db-web-1", "touch", "/tmp/ready")
            assert finish(first).status == 0
            done = finish(second)
    assert (refused.status, refused.out) == (1, "")
    assert re.fullmatch(r"error: h1 is locked by .+: deploy-all .+; wait for it, .+: --wait-lock 5m\n", refused.err)
    assert (done.status, dangling(host), running(host)) == (0, [], ["db-web-1"])
    assert home.deploy().out.startswith("nothing to do:")


def test_a_host_where_nothing_can_be_written_is_swept_all_the_same(home: Homelab, host: LabHost) -> None:
    home.add("db")
    home.commit()
    home.deploy()
    host.docker("run", "--name", "stray", "homelab/demo:1", "true")
    host.check("chmod", "u-w", "/opt/homelab")
    assert "cannot write /opt/homelab on h1" in home.inv("stop", "db").err
    home.succeed("cleanup", "--yes", "--host", "h1")
    host.check("chmod", "u+w", "/opt/homelab")
    assert sorted(containers(host)) == ["db-web-1"]


def test_what_only_reads_never_waits(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        for words in (["status"], ["hosts"], ["history"], ["logs", "db"], ["deploy-all", "--dry-run"]):
            assert home.inv(*words).seconds < 15
            assert first.poll() is None
        first.send_signal(signal.SIGKILL)


def test_ctrl_c_ends_the_wait(home: Homelab, host: LabHost) -> None:
    home.add("db", NOT_READY)
    home.commit()
    with home.start("deploy-all", "--timeout", "60") as first:
        wait_until(host, "db-web-1")
        with home.start("stop", "db", "--wait-lock", "1m") as second:
            eventually(lambda: asks_for_the_lock(host), "the second run to wait")
            second.send_signal(signal.SIGINT)
            done = finish(second, seconds=10)
        first.kill()
    assert (done.status, done.err.splitlines()[-1]) == (130, "error: interrupted; run the same again to go on")
