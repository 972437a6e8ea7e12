"""Services that take their time, so that a test can do something meanwhile."""

from __future__ import annotations

from tests.hosts.homelab import Homelab, eventually, running
from tests.lab import LabHost

NOT_READY = "healthcheck: {test: [CMD, test, -e, /tmp/ready], interval: 1h}"  # ready when somebody says so
DEAF = "command: [sh, -c, \"trap '' TERM; while :; do sleep 0.1; done\"]"
SLOW = ("init: false", "entrypoint: []", DEAF, "stop_grace_period: 2s")  # a new container takes two seconds


def a_slow_service(home: Homelab, value: str) -> None:
    home.add("slow", *SLOW, f"environment: {{A: {value}}}")
    home.replace("services/slow/compose.yml", "    init: true\n", "")
    home.commit()


def composing(host: LabHost) -> bool:
    return host.exec("pgrep", "--full", "project-name slow up").returncode == 0


def wait_until(host: LabHost, container: str) -> None:
    eventually(lambda: container in running(host), container)
