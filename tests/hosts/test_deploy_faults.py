"""Hosts that are off, hang, or are lost on the way: the rest goes on, and the same command mends it later."""

from __future__ import annotations

import re
import shlex
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from homelab_tasks import pipeline
from homelab_tasks.fleet import Fleet
from tests.hosts.homelab import Homelab, eventually, finish, running
from tests.lab import Lab, LabHost

NOTICED = 25  # seconds: a lost connection is noticed after 15
WAITS = "healthcheck: {test: test -e /shared/go}", "volumes: ['/var/lib/services:/shared']"


@pytest.fixture
def two(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """On h1 blog, and page which needs vpn on h2; hosts are waited for two seconds."""
    home.inventory(lab, hosts[:2], defaults={"connect_timeout": 2})
    home.add("vpn", host="h2")
    home.add("page", host="h1", depends_on=["vpn"])
    home.add("blog", host="h1")
    home.commit()
    return home


def cut(host: LabHost) -> None:
    host.cut()


def freeze(host: LabHost) -> None:
    host.freeze()


def refuse(host: LabHost) -> None:
    host.stop_sshd()


def switch_off(host: LabHost) -> None:
    host.crash()


def kill_docker(host: LabHost) -> None:
    host.kill_docker()


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (cut, "cannot reach h2 (admin@{address}: no answer"),
        (freeze, "cannot reach h2 (admin@{address}: it takes connections but says nothing within 2 s)"),
        (refuse, "cannot reach h2 (admin@{address}: connection refused)"),
        (switch_off, "cannot reach h2 (admin@{address}: no"),
        (kill_docker, "the docker daemon on h2 does not answer; on h2: sudo systemctl start docker"),
    ],
)
def test_a_host_that_is_no_good_fails_its_services_and_their_dependents_and_the_rest_goes_on(
    two: Homelab, hosts: tuple[LabHost, ...], fault: Callable[[LabHost], None], told: str
) -> None:
    fault(hosts[1])
    done = two.inv("deploy-all")
    assert done.status == 1
    assert told.format(address=hosts[1].address) in done.said
    assert "skipped page: needs vpn, which failed" in done.said.replace(" on h1", "")
    assert running(hosts[0]) == ["blog-web-1"]
    assert done.seconds < NOTICED


def test_it_is_told_whose_answer_is_waited_for(two: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> None:
    two.inventory(lab, hosts[:2], defaults={"connect_timeout": 9})
    two.commit()
    hosts[1].freeze()
    told: list[str] = []
    repo = pipeline.load(two.root)
    with Fleet(repo) as fleet:
        fleet.look_at(repo.hosts.values(), told.append)
    assert told[:2] == ["looking at h1, h2", "no answer from h2 for 3 s"]
    assert ({*fleet.seen}, {*fleet.unfit}) == ({"h1"}, {"h2"})


def test_a_host_without_work_may_be_off(two: Homelab, hosts: tuple[LabHost, ...]) -> None:
    hosts[1].cut()
    two.succeed("deploy", "blog")
    assert running(hosts[0]) == ["blog-web-1"]


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        (cut, "connection to h2 lost: no answer for 15 s"),
        (kill_docker, "(?i)docker (daemon|engine)"),
    ],
)
def test_a_host_that_is_lost_in_the_middle_spares_the_rest_and_the_same_command_converges(
    two: Homelab, hosts: tuple[LabHost, ...], fault: Callable[[LabHost], None], told: str
) -> None:
    two.add("vpn", *WAITS, host="h2")
    two.add("late", *WAITS, host="h1")
    two.commit()
    with two.start("deploy-all") as process:
        eventually(lambda: running(hosts[1]) == ["vpn-web-1"], "the start of vpn")
        eventually(lambda: "late-web-1" in running(hosts[0]), "the start of late")
        fault(hosts[1])
        hosts[0].check("touch", "/var/lib/services/go")
        done = finish(process)
    assert done.status == 1
    assert re.search(told, done.said)
    assert "skipped page: needs vpn, which failed" in done.said.replace(" on h1", "")
    assert running(hosts[0]) == ["blog-web-1", "late-web-1"]
    assert done.seconds < NOTICED
    hosts[1].heal()
    eventually(hosts[1].sshd_answers, "h2 being found again")  # it is given one second to answer
    hosts[1].start_docker()
    hosts[1].check("touch", "/var/lib/services/go")
    two.deploy()
    assert (running(hosts[0]), running(hosts[1])) == (["blog-web-1", "late-web-1", "page-web-1"], ["vpn-web-1"])


def test_a_host_with_a_changed_key_is_refused_until_the_two_commands_that_are_told_were_run(
    two: Homelab, lab: Lab, hosts: tuple[LabHost, ...], tmp_path: Path
) -> None:
    known = tmp_path / "known hosts"
    known.write_text(Path(lab.known_hosts).read_text())
    two.inventory(lab, hosts[:2], defaults={"known_hosts": str(known)})
    two.commit()
    hosts[1].new_host_key()
    changed = two.inv("deploy", "vpn", "--format=json")
    assert (changed.status, running(hosts[1])) == (1, [])
    forget = f"ssh-keygen -R {hosts[1].address} -f {shlex.quote(str(known))}"
    assert "host key changed to ssh-ed25519 SHA256:" in changed.said
    assert forget in changed.said
    sh(forget)
    unknown = two.inv("deploy", "vpn", "--format=json")
    assert (unknown.status, running(hosts[1])) == (1, [])
    (step,) = unknown.json["steps"]
    accept = step["blocked"].partition("if that is its key: ")[2]
    sh(accept)
    two.succeed("deploy", "vpn")
    assert running(hosts[1]) == ["vpn-web-1"]


def sh(line: str) -> None:
    subprocess.run(["sh", "-c", line], check=True, capture_output=True)
