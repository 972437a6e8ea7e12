"""What an engine has, read from its own answers."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.commands.engine import Stock, image_name, stock
from homelab_tasks.commands.networks import Network
from homelab_tasks.commands.unique import Unique

from .engine_answers import CONTAINERS, IMAGES, NETWORKS, SAID, VOLUMES, answer


def test_all_that_is_asked_is_read_from_four_answers() -> None:
    assert stock(SAID) == Stock(
        images={
            "nginx:latest": "sha256:aa",
            "nginx@sha256:dd": "sha256:aa",
            "sha256:aa": "sha256:aa",
            "sha256:bb": "sha256:bb",
            "caddy:2": "sha256:cc",
            "sha256:cc": "sha256:cc",
        },
        networks={
            "bridge": Network(),
            "lan": Network(
                "macvlan",
                frozenset({"internal"}),
                {"parent": "eth0"},
                ({"subnet": "10.0.0.0/24", "gateway": "10.0.0.1"},),
            ),
        },
        volumes=frozenset({"media"}),
        makes={"media": ("local", {"type": "nfs"})},
        version="26.1.5+dfsg1",
        held={
            "pihole": frozenset(
                {
                    Unique("container name", "pihole"),
                    Unique("port", "53/udp"),
                    Unique("port", "8080/tcp", "127.0.0.1"),
                    Unique("address", "10.0.0.5", "lan"),
                    Unique("network", "lan"),
                    Unique("subnet", "10.0.0.0/24"),
                }
            )
        },
        joined={"lan": frozenset({("pihole", "dns")})},
    )


def test_an_engine_without_volumes_says_null() -> None:
    found = stock(IMAGES + NETWORKS + CONTAINERS + answer('{"Volumes":null,"Warnings":null}'))
    assert found
    assert found.volumes == frozenset()


def test_what_is_cut_short_anywhere_is_no_answer() -> None:
    assert {stock(SAID[:length]) for length in range(len(SAID.rstrip()))} == {None}


@pytest.mark.parametrize(
    "said",
    [
        "",
        "permission denied while trying to connect to the Docker daemon socket",
        IMAGES
        + NETWORKS
        + CONTAINERS
        + answer('{"message":"no space left on device"}', status="500 Internal Server Error"),
        IMAGES + NETWORKS + CONTAINERS + answer("[]"),
        IMAGES + answer("[3]") + CONTAINERS + VOLUMES,
        IMAGES + NETWORKS + answer("[3]") + VOLUMES,
        IMAGES + answer("nothing") + CONTAINERS + VOLUMES,
    ],
)
def test_what_is_not_an_answer_is_none(said: str) -> None:
    assert stock(said) is None


@given(st.text(), st.integers(0, len(SAID)))
def test_the_parser_never_raises(noise: str, at: int) -> None:
    stock(noise)
    stock(SAID[:at] + noise + SAID[at:])


@pytest.mark.parametrize(
    ("name", "short"),
    [
        ("nginx", "nginx:latest"),
        ("docker.io/library/nginx", "nginx:latest"),
        ("index.docker.io/linuxserver/plex:1", "linuxserver/plex:1"),
        ("nas:5000/app", "nas:5000/app:latest"),
        ("ghcr.io/a/b@sha256:dd", "ghcr.io/a/b@sha256:dd"),
    ],
)
def test_names_of_one_image_become_one_name(name: str, short: str) -> None:
    assert image_name(name) == short
