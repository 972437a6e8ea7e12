"""A deploy sees what happened to containers behind its back, and mends that and nothing else."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import Homelab, eventually, running, seen
from tests.lab import LabHost

SICKENS = (
    "command: [sh, -c, 'rm -f /tmp/sick; exec sleep 1000']",
    "healthcheck: {test: test ! -e /tmp/sick, interval: 100ms, retries: 1}",
)


@pytest.fixture
def deployed(home: Homelab) -> Homelab:
    """vpn <- plex, deployed on h1."""
    home.add("vpn", *SICKENS)
    home.add("plex", depends_on=["vpn"])
    home.commit()
    home.deploy()
    return home


def test_a_stopped_container_is_started_again(deployed: Homelab, host: LabHost) -> None:
    plex, vpn = seen(host, "plex-web-1"), seen(host, "vpn-web-1")
    host.docker("stop", "plex-web-1")
    done = deployed.deploy()
    assert "start: container web is exited, exit status 0" in done.out
    assert seen(host, "plex-web-1").id == plex.id
    assert seen(host, "plex-web-1").started > plex.started
    assert seen(host, "vpn-web-1") == vpn


def test_a_removed_container_is_made_anew(deployed: Homelab, host: LabHost) -> None:
    host.docker("rm", "--force", "plex-web-1")
    assert "start: container web is gone" in deployed.deploy().out
    assert running(host) == ["plex-web-1", "vpn-web-1"]


def test_a_container_that_somebody_replaced_is_taken_up(deployed: Homelab, host: LabHost) -> None:
    again = ["docker", "compose", "--project-name", "plex", "up", "--detach", "--force-recreate"]
    host.check("env", "--chdir=/opt/homelab/services/plex", *again)
    plex = seen(host, "plex-web-1")
    assert "container web was made anew by somebody else" in deployed.deploy().out
    assert seen(host, "plex-web-1") == plex
    assert "nothing to do" in deployed.deploy().out


def test_a_paused_container_runs_again(deployed: Homelab, host: LabHost) -> None:
    host.docker("pause", "plex-web-1")
    assert "container web is paused" in deployed.deploy().out
    assert seen(host, "plex-web-1").status == "running"


def test_an_unhealthy_service_is_restarted_and_nothing_else(deployed: Homelab, host: LabHost) -> None:
    plex, vpn = seen(host, "plex-web-1"), seen(host, "vpn-web-1")
    host.docker("exec", "vpn-web-1", "touch", "/tmp/sick")
    eventually(lambda: seen(host, "vpn-web-1").health == "unhealthy", "an unhealthy vpn")
    assert "restart: container web is unhealthy" in deployed.succeed("deploy", "plex").out
    assert seen(host, "vpn-web-1").id == vpn.id
    assert seen(host, "vpn-web-1").started > vpn.started
    assert seen(host, "plex-web-1") == plex


def test_a_container_of_the_project_that_the_files_do_not_name_is_removed(deployed: Homelab, host: LabHost) -> None:
    other = b"services: {old: {image: 'homelab/demo:1', init: true}}"
    host.docker("compose", "--project-name", "plex", "--file", "-", "up", "--detach", stdin=other)
    assert running(host) == ["plex-old-1", "plex-web-1", "vpn-web-1"]
    assert "container old is not of the last deploy" in deployed.deploy().out
    assert running(host) == ["plex-web-1", "vpn-web-1"]


def test_ensure_starts_what_is_not_running_and_moves_no_commit(deployed: Homelab, host: LabHost) -> None:
    deployed.add("plex", "image: homelab/demo:2", depends_on=["vpn"])
    deployed.commit()
    host.docker("stop", "plex-web-1", "vpn-web-1")
    deployed.succeed("ensure", "plex")
    assert running(host) == ["plex-web-1", "vpn-web-1"]
    assert seen(host, "plex-web-1").image == "homelab/demo:1"


def test_a_job_that_ended_well_is_left_alone(home: Homelab, host: LabHost) -> None:
    home.add("migrate", "command: 'true'")
    home.commit()
    home.deploy()
    job = seen(host, "migrate-web-1")
    assert job.status == "exited"
    assert "nothing to do" in home.deploy().out
    assert seen(host, "migrate-web-1") == job
