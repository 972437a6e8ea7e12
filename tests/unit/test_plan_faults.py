"""What stops a plan before anything changes, each with the next move."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.commands.resolve import Resolved
from homelab_tasks.model import Stack
from homelab_tasks.observe import EnvFile

from .builders import (
    a_model,
    a_plan,
    a_repo,
    a_request,
    a_resolution,
    a_service,
    a_stack,
    an_observation,
    asking_early,
    resolved,
)


def test_an_image_that_is_not_to_be_pulled_has_to_be_there() -> None:
    web = {"image": "my/own:1", "pull_policy": "never"}
    fault = "plex: image my/own:1 is not on nas, and its pull_policy is never; build or load it there"
    assert faults(resolved(model=a_model(web=web))) == (f"{fault}, or remove the line if a registry has it",)
    assert faults(resolved(model=a_model(web=web, worker={"image": "my/own:1", "build": {"context": "."}}))) == ()
    assert faults(resolved(model=a_model(web={**web, "image": "docker.io/plex:1"}))) == ()


ENV = {"services/plex/.env": EnvFile(0o600, "", ("COMPOSE_FILE",), "")}
INCLUDE = "name the files with include: in the compose file, or call one compose.override.yml, and take the line out"


def test_where_an_env_file_chooses_the_compose_files_it_is_to_blame() -> None:
    said = "stat /opt/homelab/common/extra.yml: no such file or directory"
    seen, repo = an_observation(env=ENV), a_repo(a_service("plex"))
    plan = a_plan(repo, a_request("plex"), seen, answers=[resolved(model=None, error=said)])
    what = f"services/plex/compose.yml: Compose on nas rejects it: {said}"
    assert plan.faults == (f"{what}; COMPOSE_FILE in its .env there names files besides it: {INCLUDE}",)


def test_containers_that_an_env_file_brings_are_told() -> None:
    model = a_model(plex={"image": "plex:1"}, gpu={"image": "plex:1"})
    seen, repo = an_observation(env=ENV), a_repo(a_service("plex"))
    plan = a_plan(repo, a_request("plex"), seen, answers=[resolved(model=model)])
    assert plan.notices == (f"plex: COMPOSE_FILE in its .env on nas brings gpu, which no graph has; {INCLUDE}",)
    assert a_plan(repo, a_request("plex"), an_observation(), answers=[resolved(model=model)]).notices == ()


def faults(answer: Resolved, *others: Any, names: tuple[str, ...] = ("plex",)) -> tuple[str, ...]:
    repo = a_repo(a_service("plex"), *others)
    return a_plan(repo, a_request(*names), an_observation(), answers=[answer]).faults


@pytest.mark.parametrize(
    ("error", "fault"),
    [
        (
            "env file /opt/homelab/services/plex/.env not found: stat: no such file or directory",
            "plex: /opt/homelab/services/plex/.env is missing on nas; inv env.push plex",
        ),
        (
            "env file /opt/homelab/services/plex/my app.env not found: stat: no such file or directory",
            (
                "plex: /opt/homelab/services/plex/my app.env is missing on nas; "
                "on nas: mkdir -p /opt/homelab/services/plex, then make it there"
            ),
        ),
        (
            "env file /opt/home lab/plex.env not found: stat: no such file or directory",
            "plex: /opt/home lab/plex.env is missing on nas; on nas: mkdir -p '/opt/home lab', then make it there",
        ),
        (
            "error while interpolating services.plex.image: required variable TAG is missing a value: set it",
            "plex: TAG has no value on nas; inv env.push plex",
        ),
        (
            "failed to read /opt/home lab/services/plex/.env: line 3",
            "plex: Compose cannot read /opt/home lab/services/plex/.env on nas, line 3; mend it there",
        ),
        (
            "failed to read /opt/home lab/services/plex/.env",
            "plex: Compose cannot read /opt/home lab/services/plex/.env on nas; mend it there",
        ),
        (
            "services.plex.image must be a string",
            (
                "services/plex/compose.yml: Compose on nas rejects it: services.plex.image must be a string; "
                "mend the file and commit"
            ),
        ),
    ],
)
def test_what_compose_refuses_is_told_with_the_next_move(error: str, fault: str) -> None:
    assert faults(resolved(model=None, error=error)) == (fault,)


def test_what_lacks_a_value_in_a_file_that_is_there_is_to_be_edited() -> None:
    error = "error while interpolating services.plex.image: required variable TAG is missing a value: set it"
    env = {"services/plex/.env": EnvFile(0o600, "hash", (), "stat")}
    plan = a_plan(
        a_repo(a_service()), a_request("plex"), an_observation(env=env), answers=[resolved(model=None, error=error)]
    )
    assert plan.faults == ("plex: TAG has no value on nas; set it: inv env.edit plex --host nas",)


@pytest.mark.parametrize("template", ["docker-compose.env.example", "docker-compose.env-sample"])
def test_an_env_file_that_is_missing_is_made_from_the_template_that_is_there(template: str) -> None:
    error = "env file /opt/homelab/services/plex/docker-compose.env not found: stat: no such file or directory"
    plan = a_plan(
        a_repo(a_service(files={f"services/plex/{template}": "blob"})),
        a_request("plex", force=True),
        an_observation("plex"),
        answers=[resolved(model=None, error=error)],
    )
    missing = "plex: /opt/homelab/services/plex/docker-compose.env is missing on nas"
    assert plan.faults == (f"{missing}; make it there from services/plex/{template}",)


@pytest.mark.parametrize(
    ("engine", "stack", "told"),
    [
        ("20.10.24+dfsg1", asking_early("plex"), True),
        ("24.0.9", asking_early("plex"), True),
        ("25.0.0", asking_early("plex"), False),
        ("26.1.5+dfsg1", asking_early("plex"), False),
        ("library-import", asking_early("plex"), False),
        ("", asking_early("plex"), False),
        ("20.10.24", asking_early("plex", active=False), False),
        ("20.10.24", a_stack("plex"), False),
    ],
)
def test_what_an_engine_is_too_old_for_is_told_at_its_line(engine: str, stack: Stack, *, told: bool) -> None:
    plan = a_plan(a_repo(a_service(stack=stack)), a_request("plex"), an_observation(), version=engine)
    fault = (
        f"services/plex/compose.yml:9: start_interval of plex needs Docker Engine 25, and nas has {engine}; "
        "update Docker on nas, or remove the line"
    )
    assert plan.faults == ((fault,) if told else ())


def needing(kind: str, name: str) -> Resolved:
    return resolved(model={"services": {}, kind: {"x": {"name": name, "external": True}}})


def test_a_network_that_nobody_makes_is_a_fault() -> None:
    move = "list it under networks: in hosts.yaml"
    assert faults(needing("networks", "proxy")) == (
        f"plex: network proxy does not exist on nas and no service makes it; {move}",
    )


def test_a_network_that_another_service_makes_names_it_unless_it_is_part_of_the_plan() -> None:
    proxy = a_service("traefik", stack=a_stack("traefik", makes_networks=frozenset(["proxy"])))
    fault = "plex: network proxy does not exist on nas; traefik makes it: inv deploy traefik"
    assert faults(needing("networks", "proxy"), proxy) == (fault,)
    assert faults(needing("networks", "proxy"), proxy, names=("plex", "traefik")) == ()


def test_a_volume_that_nobody_makes_is_a_fault() -> None:
    assert faults(needing("volumes", "media")) == (
        "plex: volume media does not exist on nas; on nas: docker volume create media",
    )


def test_a_volume_that_another_service_makes_names_it() -> None:
    other = a_service("files", stack=a_stack("files", makes_volumes=frozenset(["media"])))
    assert faults(needing("volumes", "media"), other) == (
        "plex: volume media does not exist on nas; files makes it: inv deploy files",
    )


def test_variables_that_compose_fills_with_nothing_are_a_notice() -> None:
    plan = a_plan(a_repo(a_service()), a_request("plex"), an_observation(), answers=[resolved(blank=("TZ",))])
    assert (plan.faults, plan.notices) == ((), ("plex: TZ is not set on nas; Compose uses a blank",))


@pytest.mark.parametrize(("strange", "said"), [((3,), "line 3"), ((1, 4, 7), "line 1 and 2 more")])
def test_lines_that_are_no_records_are_a_notice(strange: tuple[int, ...], said: str) -> None:
    plan = a_plan(a_repo(a_service("plex")), a_request("plex"), an_observation("plex", strange=strange))
    assert plan.notices == (f"nas: {said} of .git/homelab/state.jsonl: no record, left out; remove that there",)


def test_an_answer_that_was_cut_short_is_a_fault() -> None:
    from homelab_tasks.plan.deploy import plan_deploy
    from homelab_tasks.plan.facts import Facts
    from homelab_tasks.plan.survey import survey

    repo, seen = a_repo(a_service()), {"nas": an_observation()}
    cut = a_resolution(problem="the answer of nas about compose was cut short; run the same again")
    plan = plan_deploy(survey(repo, a_request("plex"), seen, {}), Facts(repo, seen, {"nas": cut}))
    assert plan.faults == ("the answer of nas about compose was cut short; run the same again",)


def test_an_env_file_of_the_commit_is_not_named_by_its_path_on_the_host() -> None:
    path = "/opt/homelab/services/plex/own.env"
    stack = a_stack("plex", host_env_files=(path, "/etc/all.env"))
    fault = f"plex: env_file {path} is a file of the repo, read on nas before it comes there; write ./own.env"
    for files, expected in (({"services/plex/own.env": "blob"}, (fault,)), ({}, ())):
        repo = a_repo(a_service("plex", stack=stack, files=files, digest="other"))
        assert a_plan(repo, a_request("plex"), an_observation("plex"), answers=[resolved()]).faults == expected
