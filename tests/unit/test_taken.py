"""Who has the port that a container wanted: out of what engines of several ages say, and the containers there."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.taken import with_holder

FAILED = "Error response from daemon: driver failed programming external connectivity on endpoint udp-web-1 (1c41f9fd):"


def a_container(name: str, *ports: tuple[int, str], project: str = "") -> dict[str, Any]:
    """As the Engine lists one; its first port is published for nobody."""
    published = [{"PrivatePort": 80, "PublicPort": port, "Type": kind} for port, kind in ports]
    labels = {"com.docker.compose.project": project} if project else {}
    return {"Names": [f"/{name}"], "Labels": labels, "Ports": [{"PrivatePort": 8080, "Type": "tcp"}, *published]}


THERE = [
    a_container("dns", (53, "udp")),
    a_container("old-web-1", (443, "tcp"), (8080, "tcp"), project="old"),
    a_container("other", (9001, "tcp")),
]
OLD, NEW = "Bind for {} failed: port is already allocated", "failed to bind host port {}: address already in use"
PROXY = "Error starting userland proxy: listen {}: bind: address already in use"


@pytest.mark.parametrize(
    ("said", "told"),
    [
        (OLD.format("0.0.0.0:9001"), "port 9001 is taken by container other; {} other"),
        (OLD.format(":::8080"), "port 8080 is taken by container old-web-1 of compose project old; {} old-web-1"),
        (PROXY.format("tcp6 [::1]:9001"), "port 9001 is taken by container other; {} other"),
        (NEW.format("for 0.0.0.0:53:172.18.0.2:53/udp"), "port 53 is taken by container dns; {} dns"),
    ],
)
def test_the_container_that_has_a_port_is_named(said: str, told: str) -> None:
    stop = told.format("on nas: docker stop")
    assert with_holder(f"{FAILED} {said}", "nas", THERE) == f"{stop}, or publish another port"


@pytest.mark.parametrize(
    ("said", "move"),
    [
        (OLD.format("0.0.0.0:7000"), "; on nas: docker ps --filter publish=7000"),
        (NEW.format("0.0.0.0:53/tcp"), "; on nas: sudo ss -lntup 'sport = :53'"),
        ("address already in use", ""),
    ],
)
def test_of_what_is_no_container_it_is_said_where_to_look(said: str, move: str) -> None:
    assert with_holder(f"{FAILED} {said}", "nas", THERE) == f"{FAILED} {said}{move}"
