"""What lies beside a compose file and not in Git: secrets, data under a former name, the `.env` of a former host."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.model import Container, Hook, Moment, Service, Transport
from homelab_tasks.observe import EnvFile
from homelab_tasks.plan.beside import places
from homelab_tasks.plan.survey import survey
from homelab_tasks.record import Record, RecordedContainer

from .builders import (
    a_container,
    a_host,
    a_plan,
    a_record,
    a_repo,
    a_request,
    a_service,
    a_stack,
    an_observation,
    resolved,
)

KEY = "services/plex/secrets/key"
DATA = "services/plex/data"


def seeing(*mounts: str, **fields: Any) -> Service:
    """plex, whose container sees these files and folders."""
    containers = (Container("plex", image="plex:1", mounts=mounts),)
    return a_service(**{"stack": a_stack(containers=containers), **fields})


def pihole(**fields: Any) -> Record:
    """What plex was called before."""
    mine = RecordedContainer("id-old", "plex", "pihole-plex-1", "sha256:plex:1")
    return a_record("pihole", **{"containers": (mine,), **fields})


def faults(service: Service, *there: str, model: Any = None, old: Record | None = None, **more: Any) -> str:
    """Of a first deploy, where these paths are there, and of an `old` service its records."""
    seen = an_observation(records={old.service: old} if old else {}, containers=more.pop("containers", ()))
    plain = {"name": "plex", "services": {"plex": {"image": "plex:2"}}}
    answer = resolved(before=None, files_before=None, model={**plain, **(model or {})})
    plan = a_plan(a_repo(service), a_request("plex"), seen, answers=[answer], there=frozenset(there), **more)
    return "\n".join(plan.faults)


SECRET = {
    "services": {"plex": {"image": "plex:2", "secrets": [{"source": "key"}]}},
    "secrets": {"key": {"file": f"/opt/homelab/{KEY}"}},
}
MISSING = f"plex: /opt/homelab/{KEY}, the file of secret key, is missing on nas; "


def test_a_secret_that_only_the_host_can_have_and_has_not_is_told() -> None:
    assert faults(seeing(KEY), model=SECRET) == f"{MISSING}put it there, or commit it if it is no secret"


def test_it_may_be_had_from_the_folder_where_the_stack_was_started() -> None:
    old = a_container(directory="/opt/stacks/plex")
    move = "on nas: copy it there from /opt/stacks/plex/secrets/key"
    assert faults(seeing(KEY), model=SECRET, containers=(old,)) == MISSING + move


@pytest.mark.parametrize(
    ("service", "there"),
    [
        (seeing(KEY), (KEY,)),
        (seeing(KEY, files={KEY: "blob"}), ()),
        (seeing(KEY, hooks=(Hook(Moment.BEFORE_DEPLOY, "./decrypt"),)), ()),
        (seeing(), ()),
    ],
    ids=["it is there", "it is committed", "a hook may make it", "nobody knows here"],
)
def test_no_other_file_is_missed(service: Service, there: tuple[str, ...]) -> None:
    assert faults(service, *there, model=SECRET) == ""


def test_a_folder_under_the_former_name_is_not_left_behind() -> None:
    assert faults(seeing(DATA), "services/pihole/data", old=pihole()) == (
        "plex: ./data would be left behind on nas in /opt/homelab/services/pihole, as pihole has left the repo; "
        "on nas: move it to /opt/homelab/services/plex, or make it there to begin anew; deploy again"
    )


def test_where_the_old_containers_are_still_there_they_go_first() -> None:
    old = a_container("pihole", key="plex")
    assert "; on nas: docker compose --project-name pihole down (volumes stay), move it to " in faults(
        seeing(DATA), "services/pihole/data", old=pihole(), containers=(old,)
    )


def test_a_service_that_kept_its_project_keeps_its_folder_too() -> None:
    """Also where its containers are others by now."""
    said = faults(seeing(DATA), "services/pihole/data", old=pihole(project="plex", containers=()))
    assert said.startswith("plex: ./data would be left behind on nas in /opt/homelab/services/pihole,")


@pytest.mark.parametrize("there", [(), (DATA,), ("services/pihole/data", DATA)])
def test_a_folder_that_is_not_there_or_moved_is_none(there: tuple[str, ...]) -> None:
    assert faults(seeing(DATA), *there, old=pihole()) == ""


def test_a_secret_under_the_former_name_is_told_once() -> None:
    said = faults(seeing(KEY), "services/pihole/secrets/key", model=SECRET, old=pihole())
    assert said.startswith("plex: ./secrets/key would be left behind on nas in /opt/homelab/services/pihole")
    assert "is missing" not in said


VOLUMES = {"volumes": {"config": {"name": "plex_config"}}}


def test_a_volume_under_the_former_name_is_not_left_behind() -> None:
    """Also where somebody has removed the old containers."""
    assert faults(a_service(), old=pihole(), model=VOLUMES, volumes=frozenset({"pihole_config"})) == (
        "plex: volume plex_config would be new and empty on nas, and pihole, which left the repo, has volume "
        "pihole_config; write name: pihole at the top of services/plex/compose.yml to take it over, "
        "or on nas: docker volume create plex_config, to begin anew"
    )


def test_a_service_whose_project_gets_another_name_does_not_begin_with_empty_volumes() -> None:
    seen = an_observation(records={"plex": a_record(project="media")})
    plan = a_plan(
        a_repo(a_service()),
        a_request("plex"),
        seen,
        answers=[resolved(model={"services": {}, **VOLUMES})],
        volumes=frozenset({"media_config"}),
    )
    (fault,) = plan.faults
    assert "plex_config would be new and empty on nas, and media, as its compose project was called, has" in fault


@pytest.mark.parametrize(
    ("old", "model", "volumes"),
    [
        (pihole(), {}, ("pihole_config",)),
        (pihole(), VOLUMES, ("pihole_config", "plex_config")),
        (pihole(), {"volumes": {"config": {"name": "pihole_config", "external": True}}}, ("pihole_config",)),
        (pihole(), {"volumes": {"config": {"name": "shared"}}}, ("pihole_config", "shared")),
        (pihole(), VOLUMES, ()),
        (pihole(containers=()), VOLUMES, ("pihole_config",)),
        (
            pihole(containers=(RecordedContainer("id", "plex", "pihole-plex-1", "sha256:blog:1"),)),
            VOLUMES,
            ("pihole_config",),
        ),
    ],
    ids=["no volume", "it is there", "external", "its name is pinned", "no old one", "no container", "another image"],
)
def test_a_service_that_has_nothing_of_a_former_one_is_no_fault(
    old: Record, model: dict[str, Any], volumes: tuple[str, ...]
) -> None:
    repo, answer = a_repo(a_service(), a_service("blog")), {"name": "plex", "services": {"plex": {"image": "plex:2"}}}
    seen = an_observation(records={"pihole": old})
    found = resolved(before=None, files_before=None, model={**answer, **model})
    assert a_plan(repo, a_request("plex"), seen, answers=[found], volumes=frozenset(volumes)).faults == ()


def test_the_places_that_are_looked_for_are_few() -> None:
    """Nothing that is committed; under a former name only what is new."""
    plex = seeing(KEY, "services/plex/app.yml", "shared/key", files={"services/plex/app.yml": "blob"})
    seen, request = an_observation(records={"pihole": pihole()}), a_request("plex")
    first = survey(a_repo(plex), request, {"nas": seen}, {}).findings
    assert places(a_repo(plex, prefix="lab/"), first, seen) == (
        f"lab/{KEY}",
        "lab/shared/key",
        "lab/services/pihole/secrets/key",
    )
    again = survey(a_repo(plex), request, {"nas": an_observation("plex", containers=())}, {}).findings
    assert places(a_repo(plex), again, seen) == (KEY, "shared/key")


def moving(*, env: bool = True, there: bool = False, **fields: Any) -> tuple[str, ...]:
    """The faults of a move from nas to pi; the `.env` was on nas, and may be on pi already."""
    path = "services/plex/.env"
    old = an_observation(records={"plex": a_record(env={path: "hash"} if env else {})}, containers=(a_container(),))
    lies = {path: EnvFile(0o600, "hash", ("A",), "stat")} if there else {}
    new = an_observation(host="pi", env=lies)
    plan = a_plan(
        a_repo(a_service(host="pi", **fields), hosts={name: a_host(name) for name in ("nas", "pi")}),
        a_request("plex"),
        old,
        new,
    )
    return plan.faults


def test_an_env_file_that_a_move_would_leave_is_told() -> None:
    anew = "mkdir -p /opt/homelab/services/plex && touch /opt/homelab/services/plex/.env"
    what = "plex: services/plex/.env lies on nas and not on pi"
    assert moving() == (f"{what}; inv env.push plex, or to begin without, on pi: {anew}",)


def test_a_move_of_a_service_that_had_none_or_has_it_there_or_makes_it_is_no_fault() -> None:
    assert moving(hooks=(Hook(Moment.BEFORE_DEPLOY, "./decrypt"),)) == ()
    assert (moving(env=False), moving(there=True), moving(files={"services/plex/.env": "blob"})) == ((), (), ())


MOUNT = {
    "services": {"plex": {"image": "plex:2", "volumes": [{"type": "bind", "source": f"/opt/homelab/{KEY}"}]}},
}
FOLDER_INSTEAD = f"plex: /opt/homelab/{KEY}, which container plex mounts, is missing on nas, and a file here; "


def test_a_mounted_file_that_only_this_machine_has_does_not_become_a_folder_on_the_host() -> None:
    assert faults(seeing(KEY), model=MOUNT, here=frozenset({KEY})) == (
        f"{FOLDER_INSTEAD}ssh nas.lan 'mkdir -p /opt/homelab/services/plex/secrets && "
        f"cat >/opt/homelab/{KEY}' <{KEY}, or commit it if it is no secret"
    )


@pytest.mark.parametrize(
    ("host", "move"),
    [
        ({"transport": Transport.LOCAL}, f"mkdir -p /opt/homelab/services/plex/secrets && cp {KEY} /opt/homelab/{KEY}"),
        ({"port": 2222, "user": "admin"}, "ssh -p 2222 admin@nas.lan 'mkdir -p "),
    ],
)
def test_the_line_that_copies_it_goes_where_the_host_is(host: dict[str, Any], move: str) -> None:
    service = seeing(KEY, hosts=(a_host(**host),))
    assert faults(service, model=MOUNT, here=frozenset({KEY})).startswith(FOLDER_INSTEAD + move)


def test_a_mounted_env_file_is_pushed() -> None:
    mount = {"services": {"plex": {"volumes": [{"type": "bind", "source": "/opt/homelab/services/plex/.env"}]}}}
    said = faults(seeing("services/plex/.env"), model=mount, here=frozenset({"services/plex/.env"}))
    assert said.endswith(" is missing on nas, and a file here; inv env.push plex")


@pytest.mark.parametrize(
    ("there", "here"),
    [((KEY,), frozenset({KEY})), ((), frozenset[str]())],
    ids=["it is there", "it is a folder, or nobody knows"],
)
def test_other_mounts_are_left_to_docker(there: tuple[str, ...], here: frozenset[str]) -> None:
    assert faults(seeing(KEY), *there, model=MOUNT, here=here) == ""
