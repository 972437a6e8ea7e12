"""The table of the Caddyfile: each web page is there, and each target is a container that caddy sees."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from homelab_tasks.generate.page import page
from homelab_tasks.repo import worktree
from homelab_tasks.repo.loader import examine

ROOT = Path(__file__).parents[2]
_LINE = re.compile(r"^\t\t(?P<name>[a-z0-9-]+)\.\{\$DOMAIN\} (?P<host>\{\$PI_ADDRESS\}|[a-z0-9-]+):(?P<port>[0-9]+)$")


@cache
def table() -> dict[str, tuple[str, int]]:
    lines = (ROOT / "services/caddy/config/Caddyfile").read_text().splitlines()
    return {m["name"]: (m["host"], int(m["port"])) for line in lines if (m := _LINE.match(line))}


@cache
def pages() -> dict[str, str]:
    """The web pages of the homelab, as the start page shows them."""
    services = examine(worktree(ROOT)).repo.services.values()
    found = {service.name: page(service, service.hosts[0]) for service in services}
    return {name: url for name, url in found.items() if url}


@cache
def seen_by_caddy() -> dict[str, set[int]]:
    """The containers that caddy can reach by name, and the ports of theirs that their compose files speak of."""
    found: dict[str, set[int]] = {}
    for file in sorted((ROOT / "services").rglob("compose.yml")):
        for key, container in yaml.safe_load(file.read_text())["services"].items():
            if {"media", "proxy"} & {*container.get("networks", [])}:
                assert key not in found, f"two containers are called {key} on caddy's networks"
                ports = [*container.get("ports", []), *container.get("expose", [])]
                found[key] = {int(port.rpartition(":")[2].removesuffix("/udp")) for port in ports}
    return found


def test_every_web_page_is_served_and_nothing_else() -> None:
    assert set(table()) == set(pages())


@pytest.mark.parametrize("name", [name for name, (host, _) in table().items() if host.startswith("{")])
def test_what_runs_on_pi_is_asked_at_its_port_there(name: str) -> None:
    address = urlsplit(pages()[name])
    assert (address.hostname, address.port) == ("homelab-pi.lan", table()[name][1])


@pytest.mark.parametrize("name", [name for name, (host, _) in table().items() if not host.startswith("{")])
def test_what_runs_on_hl15_is_asked_on_a_network_of_caddys(name: str) -> None:
    container, port = table()[name]
    assert port in seen_by_caddy()[container]
