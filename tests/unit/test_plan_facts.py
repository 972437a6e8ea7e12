"""What a step waits for besides its containers."""

from __future__ import annotations

import pytest

from homelab_tasks.commands.compose import Project
from homelab_tasks.model import Check, CheckKind, Health
from homelab_tasks.plan.facts import gate_of

from .builders import a_host, a_request, a_service


@pytest.mark.parametrize(
    ("address", "kind", "target", "asked"),
    [
        ("nas.lan", CheckKind.HTTP, "http://{host}:80/", "http://nas.lan:80/"),
        ("fd00::5", CheckKind.HTTP, "http://{host}:80/", "http://[fd00::5]:80/"),
        ("[fd00::5]", CheckKind.HTTP, "http://[{host}]:80/", "http://[fd00::5]:80/"),
        ("fd00::5", CheckKind.TCP, "{host}:53", "[fd00::5]:53"),
        ("fd00::5", CheckKind.COMMAND, "ping -c1 {host}", "ping -c1 fd00::5"),
    ],
)
def test_a_check_is_asked_of_the_hosts_address(address: str, kind: CheckKind, target: str, asked: str) -> None:
    service = a_service(health=Health(checks=(Check(kind, target),)))
    gate = gate_of(service, a_host(address=address), Project("plex", "/opt/plex"), a_request("plex"))
    assert [check.target for check in gate.checks] == [asked]
