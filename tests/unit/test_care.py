"""What a sweep would remove by the Engine's lists, and which images a pull would ask for."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.care.clean import Swept
from homelab_tasks.care.waste import Waste, old_names, waste_of
from homelab_tasks.commands.compose import fetched
from homelab_tasks.report.care import waste_text
from homelab_tasks.report.terminal import Style


def a_container(name: str, state: str = "exited", **fields: Any) -> dict[str, Any]:
    plain = {"Names": [f"/{name}"], "State": state, "Labels": {}, "ImageID": f"sha256:{name}", "Mounts": []}
    return {**plain, **fields}


def an_image(ident: str, *tags: str, **fields: Any) -> dict[str, Any]:
    return {"Id": f"sha256:{ident}", "RepoTags": list(tags), "RepoDigests": [], "Size": 90, "SharedSize": 20, **fields}


def wasted(*containers: dict[str, Any], told: bool = True, **usage: Any) -> list[tuple[str, str, int]]:
    lists = {"Images": None, "BuildCache": None, "Volumes": None, **usage}
    return [(one.kind, one.name, one.size) for one in waste_of(containers, lists, told=told)]


OF_COMPOSE = {"com.docker.compose.project": "plex"}


def test_of_containers_those_go_that_stand_still_and_are_of_no_project() -> None:
    containers = [
        a_container("stray", SizeRw=7),
        a_container("new", "created"),
        a_container("at-work", "running"),
        a_container("asleep", "paused"),
        a_container("plex", Labels=OF_COMPOSE),
    ]
    assert wasted(*containers) == [("container", "stray", 7), ("container", "new", 0)]


NAMED = "homelab-kept/plex:20260101T000000Z-a", "homelab-kept/plex:20260201T000000Z-b"


@pytest.mark.parametrize(
    ("image", "told"),
    [
        (an_image("0123456789abcdef"), [("image", "0123456789ab", 70)]),
        (an_image("0123456789abcdef", "<none>:<none>", SharedSize=-1), [("image", "0123456789ab", 90)]),
        (an_image("a", RepoDigests=["nginx@sha256:1"]), [("image", "a, once of nginx", 70)]),
        (an_image("a", "nginx:1"), []),
        (an_image("plex"), []),
        (an_image("stray"), [("container", "stray", 0), ("image", "stray", 70)]),
        (an_image("a", NAMED[0]), [("image", NAMED[0], 70)]),
        (an_image("a", NAMED[0], "plex:1"), [("image", NAMED[0], 0)]),
        (an_image("a", NAMED[1]), []),
        (an_image("plex", NAMED[0]), []),
    ],
)
def test_of_images_those_go_that_have_no_name_or_an_old_one_and_no_container(
    image: dict[str, Any], told: list[tuple[str, str, int]]
) -> None:
    containers = [a_container("plex", Labels=OF_COMPOSE)]
    containers += [a_container("stray")] if image["Id"] == "sha256:stray" else []
    assert wasted(*containers, Images=[image, an_image("last", NAMED[1])]) == told


def test_of_kept_images_the_names_of_each_projects_last_time_stay() -> None:
    images = [an_image("a", *NAMED), an_image("b", "homelab-kept/blog:20250101T000000Z-c")]
    assert old_names(images, ()) == [NAMED[0]]
    assert old_names(images, {"sha256:a"}) == []


def test_of_the_build_cache_goes_what_is_idle_and_nobodys_else() -> None:
    idle = {"InUse": False, "Shared": False, "Type": "regular", "Size": 5}
    entries = [idle, idle, {**idle, "InUse": True}, {**idle, "Shared": True}, {**idle, "Type": "internal"}]
    assert wasted(BuildCache=entries) == [("build cache", "2 entries", 10)]


HASH = "0123456789abcdef" * 4


@pytest.mark.parametrize(
    ("volume", "told", "goes"),
    [
        ({"Name": HASH, "Labels": {"com.docker.volume.anonymous": ""}}, True, True),
        ({"Name": HASH, "Labels": None}, True, False),
        ({"Name": HASH, "Labels": None}, False, True),
        ({"Name": "data", "Labels": None}, False, False),
        ({"Name": "used", "Labels": {"com.docker.volume.anonymous": ""}}, True, False),
    ],
)
def test_of_volumes_those_go_that_nobody_named_or_has(volume: dict[str, Any], *, told: bool, goes: bool) -> None:
    plex = a_container("plex", "running", Mounts=[{"Type": "bind"}, {"Type": "volume", "Name": "used"}])
    found = wasted(plex, told=told, Volumes=[{**volume, "UsageData": {"Size": 3}}])
    assert found == ([("volume", "0123456789ab", 3)] if goes else [])


def test_what_would_go_is_a_row_each_and_a_sum_a_host() -> None:
    waste = (Waste("container", "stray", 0), Waste("image", "0123456789ab, once of nginx", 1_250_000_000))
    found = [Swept("nas", waste), Swept("pi"), Swept("away", why="cannot reach away")]
    assert waste_text(found, style=Style()) == (
        "HOST  WHAT       SPACE      NAME\n"
        "nas   container  0.0 MB     stray\n"
        "nas   image      1250.0 MB  0123456789ab, once of nginx\n"
        "\n"
        "nas: would free at least 1250.0 MB\n"
        "pi: nothing to remove"
    )


def test_a_pull_asks_for_what_is_neither_built_nor_kept_from_registries() -> None:
    model = """{"services": {
        "a": {"image": "web:1"}, "b": {"image": "web:1"}, "c": {"image": "own:1", "build": {"context": "."}},
        "d": {"image": "db:2", "pull_policy": "always"}, "e": {"image": "x:1", "pull_policy": "never"}}}"""
    assert fetched(model) == ("web:1", "db:2")
    assert fetched("{}") == ()
