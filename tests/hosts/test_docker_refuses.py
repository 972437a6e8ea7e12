"""What Compose takes and Docker refuses: the rules that say so are right about it."""

from __future__ import annotations

import pytest

from homelab_tasks.problem import Severity
from homelab_tasks.repo.loader import examine
from homelab_tasks.validate import compose
from homelab_tasks.validate.facts import Facts
from tests.lab import LabHost
from tests.unit.builders import Files

IMAGE = "image: 'homelab/demo:1', pull_policy: never"
VPN = f"vpn: {{{IMAGE}, restart: always}}"
SHARED = f"services: {{{VPN}, web: {{{IMAGE}, restart: always, network_mode: 'service:vpn', %s}}}}"
WEB = f"services: {{web: {{{IMAGE}, %s}}}}"

WAITING = f"web: {{{IMAGE}, restart: always, depends_on: {{db: {{condition: service_healthy}}}}}}"
WAIT = f"services: {{db: {{{IMAGE}, restart: always%s}}, {WAITING}}}"

REFUSED = [
    ("C013", WAIT % ", healthcheck: {disable: true}"),
    ("C023", SHARED % "ports: ['8080:80']"),
    ("C023", SHARED % "expose: ['80']"),
    ("C023", SHARED % "hostname: web"),
    ("C023", SHARED % "dns: [1.1.1.1]"),
    ("C023", SHARED % "extra_hosts: ['a:1.2.3.4']"),
    ("C023", SHARED % "links: [vpn]"),
    ("C021", WEB % "restart: unless_stopped"),
    ("C010", WEB % "restart: always, container_name: my web"),
    ("C011", WEB % "restart: always, volumes: ['./a:b']"),
    ("C008", "services: {web: {image: 'Homelab/demo:1', pull_policy: never, restart: always}}"),
]


def up(host: LabHost, text: str) -> int:
    """The exit status of `docker compose up` with this file."""
    script = "mkdir -p /tmp/refused && cd /tmp/refused && cat > compose.yml && docker compose -p refused up --detach"
    return host.exec("bash", "-c", script, stdin=text.encode()).returncode


@pytest.mark.parametrize(("code", "text"), REFUSED)
def test_docker_refuses_it_and_so_does_the_rule(host: LabHost, code: str, text: str) -> None:
    facts = Facts(examine(Files({"hosts.yaml": "hosts: {nas: {}}", "services/x/compose.yml": text})))
    assert [p.rule for p in compose.check(facts) if p.severity is Severity.ERROR] == [code]
    assert up(host, text) != 0


def test_a_wait_for_a_health_check_that_neither_file_nor_image_has_fails(host: LabHost) -> None:
    assert up(host, WAIT % "") != 0
    assert up(host, WAIT % ", healthcheck: {test: ['CMD', 'true'], interval: 1s}") == 0


def test_docker_takes_a_container_in_the_network_of_another(host: LabHost) -> None:
    assert up(host, SHARED % "tty: true") == 0
