"""When a NixOS system is built and activated, and what waits for it."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.fleet import Fleet
from homelab_tasks.model import Host, Repo, System
from homelab_tasks.observe import Observation, parse
from homelab_tasks.plan import Step, Switch, Unit, Verb
from homelab_tasks.plan.system import restore
from homelab_tasks.record import SystemRecord

from .builders import a_host, a_plan, a_record, a_repo, a_request, a_service, an_observation

NEW, OLD = "/nix/store/n-nixos", "/nix/store/o-nixos"
COMMIT = "c0ffee" + "0" * 34
RECORD = SystemRecord(NEW, "digest-nixos", COMMIT, "2026-01-31T21:14:00Z", "ann@desk", OLD)


def nixos(name: str = "nas", **fields: Any) -> Host:
    return a_host(name, system=System.NIXOS, flake=f"nixos#{name}", **fields)


def homelab(*hosts: Host, **fields: Any) -> Repo:
    """NixOS hosts with the flake that `RECORD` was built from, and plex on the first of them."""
    every = hosts or (nixos(),)
    plain: dict[str, Any] = {
        "hosts": {host.name: host for host in every},
        "systems": {host.name: "digest-nixos" for host in every},
    }
    return a_repo(a_service("plex", hosts=every[:1]), **{**plain, **fields})


def running(*services: str, **fields: Any) -> Observation:
    return an_observation(*services, **{"system": NEW, "boot": NEW, "systems": (RECORD,), **fields})


def system_steps(repo: Repo, seen: Observation, *names: str, **fields: Any) -> list[Step]:
    plan = a_plan(repo, a_request(*names, system=True, **fields), seen)
    return [step for step in plan.steps if step.verb is Verb.SYSTEM]


def test_an_unchanged_system_is_left_alone() -> None:
    plan = a_plan(homelab(), a_request(system=True), running())
    assert (plan.steps, plan.unchanged) == ((), (Unit("the system", nixos(), "unchanged"),))


@pytest.mark.parametrize(
    ("seen", "cause"),
    [
        (running(systems=()), "not yet recorded"),
        (running(system=OLD), "another system runs than the recorded one"),
        (running(boot=OLD), "its next boot would start another system"),
        (running(armed=True), "its last activation was never confirmed"),
        (
            running(systems=(SystemRecord(NEW, "other", COMMIT, "", ""),)),
            "nixos/ changed since c0ffee0",
        ),
    ],
)
def test_whatever_is_not_as_recorded_is_activated_again(seen: Observation, cause: str) -> None:
    assert [(step.key, step.cause) for step in system_steps(homelab(), seen)] == [("nixos system@nas", cause)]


def test_it_is_built_from_the_checkout_and_recorded_with_its_commit() -> None:
    (step,) = system_steps(homelab(prefix="lab/"), running(systems=()))
    (act,) = step.commands
    assert step.build and step.build.argv[-2:] == ("/opt/homelab/.git/homelab", "/opt/homelab/lab/nixos#nas")
    assert isinstance(act, Switch)
    assert (act.system, act.files, act.commit, act.patience) == ("", "digest-nixos", COMMIT, 180)


def test_services_wait_for_the_system_of_their_host() -> None:
    plan = a_plan(homelab(), a_request("plex", system=True), running(systems=()))
    assert [(step.key, step.needs) for step in plan.steps] == [
        ("nixos system@nas", frozenset()),
        ("plex@nas", frozenset({"nixos system@nas"})),
    ]


def test_a_deploy_of_services_only_asks_nothing_of_the_system() -> None:
    plan = a_plan(homelab(), a_request("plex"), running(systems=()))
    assert [step.key for step in plan.steps] == ["plex@nas"]


def test_only_the_hosts_of_the_request_are_meant() -> None:
    repo = homelab(nixos("nas"), nixos("pi"))
    seen = [running("plex"), running(host="pi", systems=())]
    deploy = a_plan(repo, a_request("plex", system=True), *seen)
    update = a_plan(repo, a_request(system=True), *seen)
    assert ([s.key for s in deploy.steps], [s.key for s in update.steps]) == ([], ["nixos system@pi"])


def test_several_systems_are_activated_in_one_lane_and_need_nothing_of_each_other() -> None:
    seen = [running(systems=()), running(host="pi", systems=())]
    plan = a_plan(homelab(nixos("nas"), nixos("pi")), a_request(system=True), *seen)
    assert [(step.lane, step.needs) for step in plan.steps] == [("systems", frozenset())] * 2


def test_force_builds_what_is_unchanged() -> None:
    assert [step.cause for step in system_steps(homelab(), running(), force=True)] == ["forced"]


def test_a_host_that_is_no_nixos_is_told() -> None:
    (step,) = system_steps(homelab(), running(system="", boot="", systems=()))
    assert step.blocked == "nas does not run NixOS; if that is right: system: none in hosts.yaml"


def test_a_flake_that_is_not_committed_is_told() -> None:
    (step,) = system_steps(homelab(systems={"nas": ""}), running())
    assert step.blocked == "the flake of nas (nixos#nas) is not in the commit; git add it and commit"


def test_a_commit_is_delivered_for_a_system_alone() -> None:
    plan = a_plan(homelab(), a_request(system=True), running(systems=(), commit="0ld"))
    assert [(d.host.name, d.commit) for d in plan.deliveries] == [("nas", "0ld")]


def test_a_system_that_ran_before_is_gone_back_to_exactly() -> None:
    before = SystemRecord(OLD, "old-digest", "0ld", "", "")
    step = restore(nixos(confirm_timeout=90), running(), before, cause="rolled back")
    (act,) = step.commands
    assert isinstance(act, Switch)
    assert (step.build, step.cause, act.system, act.files, act.commit) == (
        None,
        "rolled back",
        OLD,
        "old-digest",
        "0ld",
    )
    assert act.activate.argv[4:] == ("90", "")


def test_a_look_tells_the_system_its_boot_default_and_what_was_recorded() -> None:
    said = (
        f"\036system\n{NEW}\n{OLD}\n\036armed\n\036systems\n{RECORD.line()}\ntorn {{\n\036docker\n\036docker-exit\n0\n"
        "\036clock\n1.0\n"
    )
    seen = parse(nixos(), said)
    assert (seen.system, seen.boot, seen.armed, seen.systems) == (NEW, OLD, True, (RECORD,))


def test_a_host_that_gets_docker_from_its_system_can_be_updated_without() -> None:
    seen = parse(nixos(), "\036docker-exit\n127\n\036clock\n1.0\n")
    move = "virtualisation.docker.enable = true in its configuration, then: inv update-system"
    assert seen.problems == seen.of_docker == (f"docker is not installed on nas; {move}",)
    repo = homelab()
    assert (Fleet(repo).problems_of(seen), Fleet(repo, docker=False).problems_of(seen)) == (seen.problems, ())


def test_a_record_of_a_service_is_none_of_a_system() -> None:
    said = f"\036systems\n{a_record('plex').line()}\n\036clock\n1.0\n"
    assert parse(nixos(), said).systems == ()
