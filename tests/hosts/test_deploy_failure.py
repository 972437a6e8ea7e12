"""A service that does not come up: said with its last words, its dependents skipped, the rest done, then mended."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager

from tests.hosts.homelab import CHECKOUT, Homelab, eventually, running, seen
from tests.lab import LabHost

NEVER = ("command: [sh, -c, 'echo no such database; exec sleep 1000']", "healthcheck: {test: cat /tmp/never}")


def a_homelab(home: Homelab, *vpn: str) -> None:
    """vpn <- plex <- overseerr, and blog."""
    home.add("vpn", *vpn, timeout=1)
    home.add("plex", depends_on=["vpn"])
    home.add("overseerr", depends_on=["plex"])
    home.add("blog")
    home.commit()


def test_a_service_that_never_gets_healthy_skips_its_dependents_and_spares_the_rest(
    home: Homelab, host: LabHost
) -> None:
    a_homelab(home, *NEVER)
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "vpn: container web is not healthy after 1 s" in done.said
    assert "no such database" in done.out
    assert "skipped plex, overseerr: need vpn, which failed" in done.said
    assert running(host) == ["blog-web-1", "vpn-web-1"]


def test_after_the_mistake_is_mended_the_same_command_does_the_rest(home: Homelab, host: LabHost) -> None:
    a_homelab(home, *NEVER)
    for _ in range(2):
        assert "vpn: container web is not healthy after 1 s" in home.inv("deploy-all").said
    blog = seen(host, "blog-web-1")
    home.replace("services/vpn/compose.yml", "cat /tmp/never", "cat /etc/passwd")
    home.commit()
    home.deploy()
    assert running(host) == ["blog-web-1", "overseerr-web-1", "plex-web-1", "vpn-web-1"]
    assert seen(host, "blog-web-1") == blog
    assert "nothing to do" in home.deploy().out


def test_a_failed_update_fails_again_until_it_is_mended(home: Homelab, host: LabHost) -> None:
    a_homelab(home)
    home.deploy()
    plex = seen(host, "plex-web-1")
    a_homelab(home, *NEVER)
    for _ in range(2):
        done = home.inv("deploy-all")
        assert done.status == 1
        assert "vpn: container web is not healthy after 1 s" in done.said
        assert seen(host, "plex-web-1") == plex


def test_a_crash_loop_is_noticed_long_before_the_timeout(home: Homelab) -> None:
    home.add("vpn", "command: [sh, -c, 'echo no such device; exit 3']", "restart: always")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "vpn: container web restarts again and again, exit status 3" in done.said
    assert "no such device" in done.out
    assert done.seconds < 30


def test_a_container_that_ends_with_an_error_is_a_failure(home: Homelab) -> None:
    home.add("vpn", "command: [sh, -c, 'echo no such device; exit 3']")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "vpn: container web ended with status 3" in done.said
    assert "no such device" in done.out


def test_a_check_of_service_yaml_that_nobody_answers_is_a_failure(home: Homelab) -> None:
    home.add("plex", timeout=1, health=[{"tcp": "127.0.0.1:8080"}])
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "plex: tcp 127.0.0.1:8080: 127.0.0.1:8080 is not reached from h1: " in done.said
    assert "after 1 s" in done.said


def test_a_port_that_is_taken_is_told_with_who_has_it(home: Homelab, host: LabHost) -> None:
    host.docker("run", "--detach", "--name", "other", "--publish", "8080:80", "homelab/demo:1")
    home.add("plex", "ports: ['8080:80']")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    move = "on h1: docker stop other, or publish another port"
    assert f"plex: port 8080 is taken by container other; {move}" in done.said
    host.docker("rm", "--force", "other")
    with listening(host, 8080):
        done = home.inv("deploy-all")
    assert done.status == 1
    assert "address already in use; on h1: sudo ss -lntup 'sport = :8080'" in done.said
    home.deploy()


@contextmanager
def listening(host: LabHost, port: int) -> Iterator[None]:
    """A program of the host itself has the port."""
    program = host.check("bash", "-c", f"busybox nc -l -p {port} >/dev/null 2>&1 </dev/null & echo $!")
    eventually(lambda: f":{port} " in host.check("ss", "-lnt"), "the program to listen")
    yield
    host.check("kill", program)


def test_what_the_health_check_itself_says_is_shown(home: Homelab) -> None:
    home.add("plex", "healthcheck: {test: 'echo no answer on 32400; exit 1', interval: 200ms, retries: 2}")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "plex: container web is unhealthy" in done.said
    assert "health check: no answer on 32400" in done.out


def test_a_first_deploy_that_failed_is_known_and_goes_when_the_service_does(home: Homelab, host: LabHost) -> None:
    home.add("vpn", "command: [sh, -c, 'exit 3']")
    home.add("blog")
    home.commit()
    assert home.inv("deploy-all").status == 1
    assert "its last deploy did not finish" in home.succeed("status").said
    assert "~ vpn update: its last deploy did not finish, requested" in home.succeed("deploy", "vpn", "--dry-run").said
    home.git("rm", "-r", "--quiet", "services/vpn")
    home.commit()
    assert "remove" in home.deploy("--prune", "--dry-run").said
    home.deploy("--prune", "--yes")
    assert host.docker("ps", "--all", "--format", "{{.Names}}") == "blog-web-1"


def test_a_failed_update_is_not_taken_for_somebody_elses_work(home: Homelab) -> None:
    home.add("vpn")
    home.commit()
    home.deploy()
    home.add("vpn", "command: [sh, -c, 'exit 3']")
    home.commit()
    assert home.inv("deploy-all").status == 1
    for words in (["status"], ["deploy-all", "--dry-run"]):
        said = home.inv(*words).said
        assert "its last deploy did not finish" in said
        assert "somebody else" not in said


FILL_UP = """
cd "$1/.git"
size=$(stat --format %s homelab/state.jsonl)
printf '%*s\\n' $((4096 - size % 4096 - 20)) >>homelab/state.jsonl  # 20 bytes are left of its last page
cat /dev/zero >ballast 2>/dev/null || true
"""


def test_on_a_full_disk_no_update_begins_and_what_cannot_be_recorded_has_failed(home: Homelab, host: LabHost) -> None:
    home.add("plex")
    home.add("blog")
    home.commit()
    home.deploy()
    blog = seen(host, "blog-web-1")
    host.fill_disk()
    host.check("bash", "-c", FILL_UP, "fill", CHECKOUT)
    state = host.check("cat", f"{CHECKOUT}/.git/homelab/state.jsonl")
    for words, what in ((["stop", "plex"], "done, but not recorded"), (["restart", "blog"], "not begun")):
        done = home.inv(*words)
        assert done.status == 1
        assert f"{what}: the disk of h1 is full; free some space" in done.said
        assert "\u2713" not in done.out
    assert seen(host, "blog-web-1") == blog
    assert host.check("cat", f"{CHECKOUT}/.git/homelab/state.jsonl") == state
    host.free_disk()
    home.succeed("stop", "plex")
    assert "left stopped plex on h1" in home.deploy().said
    assert running(host) == ["blog-web-1"]


def test_a_service_that_is_destroyed_leaves_none_of_its_values(home: Homelab, host: LabHost) -> None:
    home.add("plex")
    home.commit()
    home.deploy()
    assert host.check("ls", f"{CHECKOUT}/.git/homelab/detail") == "plex.json"
    home.succeed("destroy", "plex", "--yes")
    assert host.check("ls", f"{CHECKOUT}/.git/homelab/detail") == ""


def test_what_dies_after_it_came_up_is_found_at_the_end_of_the_run(home: Homelab) -> None:
    home.add("brief", "command: [sh, -c, 'sleep 0.7; echo bye; exit 3']")
    home.add(
        "plex",
        "command: [sh, -c, 'sleep 2; touch /tmp/ready; exec sleep 1000']",
        "healthcheck: {test: test -e /tmp/ready}",
    )
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "container web was up and is not any more: exited (3)" in done.out
    assert "bye" in done.out
    assert "brief" in home.inv("status").out


def test_what_falls_ill_or_restarts_after_it_came_up_is_found_at_the_end_of_the_run(home: Homelab) -> None:
    ill = "{test: '[ ! -e /tmp/ill ] || { echo oh; exit 1; }', interval: 300ms, retries: 1}"
    home.add("ill", "command: [sh, -c, 'sleep 1; touch /tmp/ill; exec sleep 1000']", f"healthcheck: {ill}")
    home.add("loop", "command: [sh, -c, 'sleep 1; echo bye; exit 3']", "restart: unless-stopped")
    slow = "command: [sh, -c, 'sleep 6; touch /tmp/ready; exec sleep 1000']"
    home.add("slow", slow, "healthcheck: {test: test -e /tmp/ready}")
    home.commit()
    done = home.inv("deploy-all")
    assert done.status == 1
    assert "container web was up and is unhealthy by now" in done.said
    assert "health check: oh" in done.said
    assert "bye" in done.said
    assert re.search(r"container web was up and (was restarted since by Docker|is not any more: restarting)", done.said)
    assert "slow: healthy" in done.said or re.search(r"✓ slow", done.out)


def test_what_docker_restarts_once_and_runs_well_then_is_up(home: Homelab, host: LabHost) -> None:
    """Its database was not there yet."""
    once = "[ ! -e /tmp/again ] || exec sleep 1000; touch /tmp/again; sleep 2; exit 1"
    home.add("app", f"command: [sh, -c, '{once}']", "restart: unless-stopped")
    slow = "command: [sh, -c, 'sleep 4; touch /tmp/ready; exec sleep 1000']"
    home.add("slow", slow, "healthcheck: {test: test -e /tmp/ready}")
    home.commit()
    home.deploy()
    assert host.docker("inspect", "--format", "{{.RestartCount}}", "app-web-1") == "1"
    assert "nothing to do" in home.deploy().out


def test_a_job_may_end_well_while_others_start(home: Homelab) -> None:
    home.add("job", "restart: 'no'", "command: [sh, -c, 'sleep 1; echo migrated']")
    home.add("bad", "restart: 'no'", "command: [sh, -c, 'sleep 1; echo no such table; exit 3']")
    slow = "command: [sh, -c, 'sleep 3; touch /tmp/ready; exec sleep 1000']"
    home.add("slow", slow, "healthcheck: {test: test -e /tmp/ready}")
    home.commit()
    home.succeed("deploy", "job,slow")
    failed = home.inv("deploy", "bad,slow", "--force", "--on-failure", "keep")
    assert failed.status == 1
    assert "bad: container web was up and is not any more: exited (3)" in failed.said


def test_what_has_a_health_test_and_ends_before_it_passed_is_no_finished_job(home: Homelab) -> None:
    home.add("web", "restart: 'no'", "command: [sleep, '1']", "healthcheck: {test: ['CMD', 'false'], interval: 30s}")
    home.commit()
    done = home.inv("deploy", "web")
    assert (done.status, "container web ended with status 0 before it was healthy" in done.said) == (1, True)


def test_a_job_that_was_waited_for_is_finished(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.write(
        "services/blog/compose.yml",
        """
services:
  migrate: {image: homelab/demo:1, command: [sh, -c, "sleep 0.5; echo migrated"]}
  web: {image: homelab/demo:1, init: true, depends_on: {migrate: {condition: service_completed_successfully}}}
""",
    )
    home.commit()
    home.deploy()
    migrate = seen(host, "blog-migrate-1")
    assert "nothing to do" in home.deploy().out
    assert seen(host, "blog-migrate-1") == migrate
    assert re.search(r"blog +h1 +running", home.succeed("status").out)
