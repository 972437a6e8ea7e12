"""A service starts when what it needs is healthy, and not before; also across hosts."""

from __future__ import annotations

import json

import yaml

from tests.hosts.homelab import Homelab, seen
from tests.lab import LabHost

READY = ["sh", "-c", "sleep 0.5; touch /tmp/ready; echo ready; exec sleep 1000"]
EVERY_30_SECONDS = {"test": "test -e /tmp/ready", "interval": "30s"}
SLOW = (f"command: {json.dumps(READY)}", f"healthcheck: {json.dumps(EVERY_30_SECONDS)}")
LEVELS = {"disk": "h1", "vpn": "h2", "database": "h1", "server": "h2", "page": "h1"}


def five_levels(home: Homelab) -> None:
    """disk <- vpn <- database <- server <- page, each on the other host than the one before."""
    needs: list[str] = []
    for name, host in LEVELS.items():
        home.add(name, *SLOW, host=host, depends_on=needs)
        needs = [name]
    home.commit()


def ready(host: LabHost, name: str) -> str:
    """When the service wrote that it is ready, RFC 3339."""
    return host.docker("logs", "--timestamps", f"{name}-web-1").split()[0]


def test_each_of_five_levels_on_two_hosts_starts_when_the_one_before_is_ready(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    five_levels(home)
    home.succeed("deploy", "page")
    on = {host.name: host for host in hosts}
    times = [(seen(on[h], f"{name}-web-1").started, ready(on[h], name)) for name, h in LEVELS.items()]
    flat = [moment for pair in times for moment in pair]
    assert flat == sorted(flat)


def test_a_health_check_every_30_seconds_is_found_healthy_when_it_is(home: Homelab) -> None:
    home.add("plex", *SLOW)
    home.commit()
    assert home.deploy().seconds < 30


def test_containers_of_one_service_wait_for_each_other_no_longer_than_it_takes(home: Homelab, host: LabHost) -> None:
    database = {"image": "homelab/demo:1", "init": True, "command": READY, "healthcheck": EVERY_30_SECONDS}
    waits = {"depends_on": {"database": {"condition": "service_healthy"}}}
    page = {"image": "homelab/demo:1", "init": True, "command": "sleep 1000", **waits}
    home.write("services/blog/compose.yml", yaml.safe_dump({"services": {"database": database, "page": page}}))
    home.write("services/blog/service.yaml", "host: h1\n")
    home.commit()
    assert home.deploy().seconds < 30
    wrote = host.docker("logs", "--timestamps", "blog-database-1").split()[0]
    assert wrote < seen(host, "blog-page-1").started


def test_what_needs_nothing_of_each_other_does_not_wait_for_each_other(home: Homelab) -> None:
    shared = "volumes: ['/var/lib/services:/shared']"
    home.add("slow", shared, "healthcheck: {test: test -e /shared/after-runs}")
    home.add("quick")
    home.add("after", shared, "command: [sh, -c, 'touch /shared/after-runs; exec sleep 1000']", depends_on=["quick"])
    home.commit()
    home.deploy()


def test_no_more_than_parallel_services_change_at_once(home: Homelab, host: LabHost) -> None:
    home.replace("hosts.yaml", "  user: admin\n", "  user: admin\n  parallel: 1\n")
    home.add("one")
    home.add("two")
    home.commit()
    home.deploy()
    assert seen(host, "one-web-1").started < seen(host, "two-web-1").started


def test_the_health_checks_of_service_yaml_are_waited_for(home: Homelab, host: LabHost) -> None:
    late = "command: [sh, -c, 'sleep 0.7; echo open; exec httpd -f -p 80 -h /www']"
    home.add("plex", late, "ports: ['8080:80']", health=[{"http": "http://{host}:8080/"}, {"tcp": "127.0.0.1:8080"}])
    home.add("page", depends_on=["plex"])
    home.commit()
    home.deploy()
    assert seen(host, "page-web-1").started > ready(host, "plex")
