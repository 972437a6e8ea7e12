"""A port or a container's name that goes from one service to another in one commit."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import Homelab, events, now, running
from tests.lab import Lab, LabHost

SLOW_TO_STOP = ("entrypoint: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]", "stop_grace_period: 2s")


@pytest.fixture
def home(home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """The homelab as users have it: a failed deploy goes back."""
    home.inventory(lab, hosts, defaults={"on_failure": "revert"})
    return home


def renamed(home: Homelab, *more: str) -> None:
    """The service pihole becomes dns; both have the same port and the same container name."""
    home.add("pihole", "container_name: pihole", "ports: ['8600:80']", *SLOW_TO_STOP)
    home.commit()
    home.deploy()
    home.git("mv", "services/pihole", "services/dns")
    home.add("dns", "container_name: pihole", "ports: ['8600:80']", *more)
    home.commit()


def slow_and_tools(home: Homelab, slow: str, *tools: str) -> None:
    """Two services; the port of slow, which is slow to stop, and what the other is made of."""
    home.add("slow", f"ports: ['{slow}:80']", *SLOW_TO_STOP)
    home.add("tools", *tools)
    home.commit()


def containers_of(host: LabHost, event: str, since: str) -> list[str]:
    """When that happened to containers, in nanoseconds."""
    told = events(host, event, since, "{{.Type}} {{.TimeNano}}")
    return [line.removeprefix("container ") for line in told if line.startswith("container ")]


def test_a_renamed_service_gets_the_port_and_the_name_that_it_had(home: Homelab, host: LabHost) -> None:
    renamed(home)
    in_the_way = home.inv("deploy-all", "--yes")
    assert in_the_way.status == 1
    assert "inv deploy-all --prune removes that first" in in_the_way.said
    by_name = home.inv("deploy", "dns", "--dry-run")
    assert (by_name.status, "inv deploy dns --prune removes that first" in by_name.said) == (1, True)
    since = now(host)
    done = home.deploy("--prune")
    assert "+ dns create: new on h1, requested; after pihole" in done.said
    (gone,), (made,) = (containers_of(host, event, since) for event in ("destroy", "create"))
    assert int(gone) < int(made)
    assert running(host) == ["pihole"]
    assert "nothing to do" in home.deploy("--prune").out


def test_a_deploy_by_name_prunes_its_own_hosts_alone(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.add("far", host="h2")
    renamed(home)
    home.git("rm", "-r", "--quiet", "services/far")
    home.commit()
    assert "- pihole  remove: no longer in the repo" in home.succeed("deploy", "dns", "--prune", "--dry-run").out
    home.succeed("deploy", "dns", "--prune", "--yes")
    assert (running(hosts[0]), running(hosts[1])) == (["pihole"], ["far-web-1"])
    home.deploy("--prune")
    assert (running(hosts[0]), running(hosts[1])) == (["pihole"], [])


def test_a_renamed_service_that_does_not_come_up_gives_way_to_what_was(home: Homelab, host: LabHost) -> None:
    renamed(home, "command: [sh, -c, 'exit 3']")
    done = home.inv("deploy-all", "--prune", "--yes")
    assert done.status == 1
    assert "all is as before" in done.said
    label = '{{.Label "com.docker.compose.project"}} {{.Ports}}'
    assert host.docker("ps", "--format", label).startswith("pihole 0.0.0.0:8600->80/tcp")
    assert host.docker("ps", "--all", "--quiet").count("\n") == 0


def test_a_port_that_another_service_gives_up_in_the_same_commit_is_free_in_time(home: Homelab, host: LabHost) -> None:
    slow_and_tools(home, "8600")
    home.deploy()
    slow_and_tools(home, "8601", "ports: ['8600:80']")
    home.deploy()
    assert running(host) == ["slow-web-1", "tools-web-1"]
    slow_and_tools(home, "8600", "ports: ['8601:80']")
    refused = home.inv("deploy-all", "--yes")
    assert refused.status == 1
    assert "on h1: docker compose --project-name slow stop, then deploy again" in refused.said
    host.docker("compose", "--project-name", "slow", "stop")
    home.deploy()
    assert running(host) == ["slow-web-1", "tools-web-1"]


def test_a_port_that_changed_hands_goes_back_to_who_had_it(home: Homelab, host: LabHost) -> None:
    slow_and_tools(home, "8600")
    home.deploy()
    slow_and_tools(home, "8601", "ports: ['8600:80']", "command: [sh, -c, 'exit 3']")
    done = home.inv("deploy-all", "--yes")
    assert done.status == 1
    assert "all is as before" in done.said
    assert host.docker("port", "slow-web-1").startswith("80/tcp -> 0.0.0.0:8600")
    assert running(host) == ["slow-web-1", "tools-web-1"]
