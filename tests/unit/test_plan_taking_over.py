"""What a first deploy would leave or lose of a stack that somebody else started, told before anything changes."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.observe import SeenContainer

from .builders import a_container, a_plan, a_record, a_repo, a_request, a_service, an_observation, resolved

OURS = "/opt/homelab/services/plex"
OLD = "/srv/stacks/media"


def faults(*containers: SeenContainer, there: tuple[str, ...] = (), **model: Any) -> str:
    """Of the first deploy of plex, onto a host with these containers, and the volumes that are `there`."""
    plain = {"name": "plex", "services": {"plex": {"image": "plex:1"}}}
    seen = an_observation(containers=containers)
    answer = resolved(before=None, files_before=None, model={**plain, **model})
    plan = a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer], volumes=frozenset(there))
    return "\n".join(plan.faults)


def mounting(*sources: str, kind: str = "bind") -> dict[str, Any]:
    mounts = [{"type": kind, "source": source, "target": "/x"} for source in sources]
    return {"plex": {"image": "plex:1", "volumes": mounts}}


def media(**fields: Any) -> SeenContainer:
    return a_container(**{"project": "media", "name": "media-plex-1", "directory": OLD, **fields})


def test_a_stack_of_the_same_name_without_folders_of_its_own_is_taken_over() -> None:
    assert faults(a_container(directory=OLD), services=mounting("/var/lib/plex", "/etc/localtime")) == ""


def test_folders_beside_the_old_compose_file_are_named() -> None:
    sources = mounting(f"{OURS}/config", f"{OURS}/db/data", f"{OURS}/compose.yml", "/opt/homelab/services/plexx")
    assert faults(a_container(directory="/srv/my stacks"), services=sources) == (
        "plex: runs on nas from /srv/my stacks, and ./config, ./db/data would be left behind there; "
        "on nas: docker compose --project-name plex down (volumes stay), "
        "move them to /opt/homelab/services/plex, deploy again"
    )


def test_where_it_runs_from_our_folder_nothing_is_left_behind() -> None:
    assert faults(a_container(), services=mounting(f"{OURS}/config")) == ""


def test_a_named_volume_is_no_folder() -> None:
    assert faults(a_container(directory=OLD), services=mounting("config", kind="volume")) == ""


def test_a_container_that_would_be_removed_as_an_orphan_is_named() -> None:
    assert faults(a_container(), a_container(key="db", name="plex-db-1")) == (
        "plex: container plex-db-1 on nas is of the same compose project (plex), not in services/plex/compose.yml, "
        "and would be removed; add it there, or on nas: docker rm --force plex-db-1"
    )


def test_another_project_in_our_own_folder_is_the_same_stack() -> None:
    assert faults(media(directory=OURS)) == (
        "plex: runs on nas as compose project media, started in the same folder; "
        "on nas: docker compose --project-name media down (volumes stay), deploy again"
    )


def test_a_volume_that_would_be_new_beside_the_old_one_is_named() -> None:
    model = {"volumes": {"config": {"name": "plex_config"}, "gone": {"name": "plex_gone"}}}
    assert faults(media(image="plex:0.9"), there=("media_config",), **model) == (
        "plex: volume plex_config would be new and empty on nas, where the same runs as compose project media, "
        "with volume media_config; write name: media at the top of services/plex/compose.yml to take it over, "
        "or on nas: docker volume create plex_config, to begin anew"
    )


@pytest.mark.parametrize(
    ("container", "there", "body"),
    [
        (media(), ("media_config", "plex_config"), {"name": "plex_config"}),
        (media(), ("media_config",), {"name": "media_config", "external": True}),
        (media(image="other:1"), ("media_config",), {"name": "plex_config"}),
        (media(key="web"), ("media_config",), {"name": "plex_config"}),
    ],
    ids=["it is there", "it is named", "another image", "another container"],
)
def test_another_stack_is_left_alone(container: SeenContainer, there: tuple[str, ...], body: dict[str, Any]) -> None:
    assert faults(container, there=there, volumes={"config": body}) == ""


def test_a_container_name_that_another_project_has_is_told() -> None:
    assert faults(media(name="plex"), services={"plex": {"image": "plex:1", "container_name": "plex"}}) == (
        "plex: container plex on nas is of compose project media, started in /srv/stacks/media; "
        "on nas: docker rm --force plex, which keeps its volumes"
    )


def test_what_is_recorded_or_in_the_repo_is_no_stranger() -> None:
    repo = a_repo(a_service(), a_service("blog"))
    seen = an_observation(
        containers=(media(directory=OURS, project="blog"), media(directory=OURS, project="gone")),
        records={"gone": a_record("gone")},
    )
    assert a_plan(repo, a_request("plex"), seen).faults == ()


def test_a_service_that_was_deployed_before_is_not_asked_about() -> None:
    seen = an_observation("plex", containers=(a_container(), a_container(key="db", name="plex-db-1", id="id-db")))
    assert a_plan(a_repo(a_service()), a_request("plex"), seen).faults == ()
