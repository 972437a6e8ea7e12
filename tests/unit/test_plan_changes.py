"""Differences between two resolved models, in words, and without any secret."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.plan.changes import difference


def changed(old: dict[str, Any], new: dict[str, Any]) -> list[str]:
    return [str(c) for c in difference({"services": {"web": old}}, {"services": {"web": new}}).changes]


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ({"image": "plex:1.40.2"}, {"image": "plex:1.41.0"}, ["web: image 1.40.2 -> 1.41.0"]),
        ({"image": "a:1"}, {"image": "b:1"}, ["web: image a:1 -> b:1"]),
        ({"image": "nas:5000/a"}, {"image": "nas:5000/b"}, ["web: image 5000/a -> 5000/b"]),
        ({}, {"image": "a:1"}, ["web: image (none) -> a:1"]),
        (
            {"environment": {"A": "1", "B": "1"}},
            {"environment": {"B": "2", "TZ": "x"}},
            ["web: environment + TZ", "web: environment - A", "web: environment ~ B"],
        ),
        ({"environment": {}}, {}, []),
        ({"labels": {"a": "1"}}, {"labels": {"a": "2"}}, ["web: labels ~ a"]),
        ({"restart": "no"}, {"restart": "always"}, ["web: restart no -> always"]),
        ({"privileged": True}, {}, ["web: privileged true -> (none)"]),
        ({"hostname": "h1"}, {"hostname": "h2"}, ["web: hostname changed"]),
        ({"command": ["a"]}, {"command": ["b"]}, ["web: command changed"]),
        ({}, {"healthcheck": {"test": ["CMD", "x"]}}, ["web: healthcheck added"]),
        ({"cap_add": ["X"]}, {}, ["web: cap_add removed"]),
        ({"depends_on": {"a": {}}}, {"depends_on": {"b": {}}}, []),
        (
            {"ports": [{"target": 80, "published": "8080", "protocol": "tcp", "mode": "ingress"}]},
            {"ports": [{"target": 53, "published": "53", "protocol": "udp", "host_ip": "10.0.0.1"}]},
            ["web: port + 10.0.0.1:53:53/udp", "web: port - 8080:80"],
        ),
        (
            {"ports": [{"target": 1, "published": "1"}, {"target": 2, "published": "2"}]},
            {"ports": [{"published": "2", "target": 2}, {"target": 1, "published": "1"}]},
            ["web: ports changed"],
        ),
        ({"entrypoint": None}, {"entrypoint": []}, ["web: entrypoint added"]),
        ({"command": []}, {"command": None}, ["web: command removed"]),
        ({}, {"scale": 0}, ["web: scale (none) -> 0"]),
        ({"scale": 0}, {}, ["web: scale 0 -> (none)"]),
        ({}, {"init": False}, ["web: init (none) -> false"]),
        ({}, {"healthcheck": {}}, ["web: healthcheck added"]),
        (
            {"volumes": [{"type": "bind", "source": "/a", "target": "/a"}]},
            {
                "volumes": [
                    {"type": "bind", "source": "/a", "target": "/a", "read_only": True},
                    {"type": "tmpfs", "target": "/t"},
                ]
            },
            ["web: mount + /a:/a:ro", "web: mount + tmpfs:/t", "web: mount - /a:/a"],
        ),
        (
            {"networks": {"default": None}},
            {"networks": {"proxy": None}},
            ["web: network + proxy", "web: network - default"],
        ),
        ({"networks": {"a": None}}, {"networks": {"a": {"aliases": ["x"]}}}, ["web: networks changed"]),
    ],
)
def test_a_change_is_told_field_by_field(old: dict[str, Any], new: dict[str, Any], words: list[str]) -> None:
    assert changed(old, new) == words


def test_containers_and_networks_come_and_go() -> None:
    old = {"services": {"a": {}, "b": {}}, "networks": {"x": {"name": "x"}}}
    new: dict[str, Any] = {"services": {"b": {}, "c": {}}, "networks": {"y": {}}, "volumes": {"v": {}}}
    found = difference(old, new)
    assert [str(c) for c in found.changes] == ["a: removed", "c: added", "network + y", "network - x", "volume + v"]
    assert found.containers == {"c"}


def test_those_that_share_the_network_of_a_new_container_are_made_anew_with_it() -> None:
    new: dict[str, Any] = {"services": {"vpn": {"image": "v:2"}, "app": {"network_mode": "service:vpn"}, "web": {}}}
    old = {"services": {**new["services"], "vpn": {"image": "v:1"}}}
    assert difference(old, new).containers == {"vpn", "app"}


@pytest.mark.parametrize("field", ["build", "profiles", "pull_policy"])
def test_compose_keeps_a_container_whose_settings_for_compose_itself_change(field: str) -> None:
    found = difference({"services": {"web": {field: ["a"]}}}, {"services": {"web": {field: ["b"]}}})
    assert ([str(c) for c in found.changes], found.containers) == ([f"web: {field} changed"], frozenset())


def deploying(**fields: Any) -> dict[str, Any]:
    return {"deploy": {"resources": {}, "placement": {}, **fields}}


@pytest.mark.parametrize(
    ("old", "new", "anew"),
    [
        ({}, {"scale": 0}, []),
        (deploying(), deploying(replicas=0), []),
        (deploying(replicas=2), deploying(replicas=3), []),
        ({}, deploying(), ["web"]),
        (deploying(), deploying(labels={"a": "b"}), ["web"]),
        ({"entrypoint": None}, {"entrypoint": []}, ["web"]),
        ({}, {"init": False}, ["web"]),
    ],
)
def test_a_container_is_made_anew_where_its_hash_in_compose_is_another(
    old: dict[str, Any], new: dict[str, Any], anew: list[str]
) -> None:
    found = difference({"services": {"web": old}}, {"services": {"web": new}})
    assert (sorted(found.containers), len(found.changes)) == (anew, 1)


FIELDS = [
    "environment",
    "labels",
    "command",
    "entrypoint",
    "healthcheck",
    "build",
    "secrets",
    "x-note",
    "logging",
    "user",
    "hostname",
]


def planted(secret: str) -> dict[str, Any]:
    return {
        "environment": {"KEY": secret, "PLAIN": None},
        "labels": {"traefik.auth": f"user:{secret}"},
        "command": ["serve", f"--token={secret}"],
        "entrypoint": [secret],
        "healthcheck": {"test": ["CMD-SHELL", f"curl -u {secret} localhost"]},
        "build": {"context": "/x", "args": {"TOKEN": secret}},
        "secrets": [{"source": "s", "target": secret}],
        "x-note": {"a": secret},
        "logging": {"options": {"url": secret}},
        "user": secret,
        "hostname": f"h{secret}",
    }


@given(
    st.sets(st.sampled_from(FIELDS)), st.sets(st.sampled_from(FIELDS)), st.sampled_from(["hunter2old", "hunter2new"])
)
def test_a_secret_is_never_part_of_what_is_told(before: set[str], after: set[str], second: str) -> None:
    one, two = planted("hunter2old"), planted(second)
    old = {"services": {"web": {f: one[f] for f in before}}, "configs": {"c": {"content": "hunter2old"}}}
    new = {"services": {"web": {f: two[f] for f in after}}, "configs": {"c": {"content": second}}}
    assert "hunter2" not in " ".join(map(str, difference(old, new).changes))
