"""Steps that take a port or a name wait for the steps that free it."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.commands.resolve import Resolved
from homelab_tasks.commands.unique import Unique
from homelab_tasks.plan import Plan

from .builders import a_host, a_plan, a_record, a_repo, a_request, a_service, a_stack, an_observation, resolved

EIGHTY, NAME = Unique("port", "80/tcp"), Unique("container name", "pihole")


def asking(name: str, *ports: int, **fields: Any) -> Resolved:
    """A service that publishes these ports, and did not in its last deploy."""
    published = [{"target": 80, "published": str(one), "protocol": "tcp"} for one in ports]
    model = {"name": name, "services": {name: {"image": f"{name}:1", "ports": published, **fields}}}
    return resolved(name, model=model)


def changed(*names: str) -> Any:
    """A host where these services run, and are to be others."""
    return an_observation(*names, records={name: a_record(name, digest="old") for name in names})


def needs(plan: Plan) -> dict[str, set[str]]:
    return {step.key: set(step.needs) for step in plan.steps}


def renamed(answer: Resolved, *held: Unique, **request: Any) -> Plan:
    """The service pihole is called dns by now, and the first had these things."""
    asked = a_request("dns", **{"everything": True, "prune": True, **request})
    return a_plan(a_repo(a_service("dns")), asked, an_observation("pihole"), answers=[answer], held={"pihole": held})


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        (asking("dns", 80), EIGHTY),
        (asking("dns", container_name="pihole"), NAME),
        (asking("dns", networks={"lan": {"ipv4_address": "10.0.0.5"}}), Unique("address", "10.0.0.5", "lan")),
    ],
)
def test_what_takes_something_of_a_removed_service_waits_for_its_removal(answer: Resolved, held: Unique) -> None:
    assert needs(renamed(answer, held)) == {"dns@nas": {"pihole@nas"}, "pihole@nas": set()}


def test_a_network_and_its_range_are_free_when_all_of_the_project_is_gone() -> None:
    networks = {"lan": {"name": "lan", "ipam": {"config": [{"subnet": "10.0.0.0/24"}]}}}
    answer = resolved("dns", model={"name": "dns", "services": {}, "networks": networks})
    for held in (Unique("network", "lan"), Unique("subnet", "10.0.0.0/24")):
        assert needs(renamed(answer, held))["dns@nas"] == {"pihole@nas"}


@pytest.mark.parametrize(
    ("answer", "held"),
    [
        (asking("dns", 81), EIGHTY),
        (asking("dns", 80), Unique("port", "80/udp")),
        (asking("dns", container_name="dns"), NAME),
        (asking("dns", networks={"lan": {"ipv4_address": "10.0.0.5"}}), Unique("address", "10.0.0.5", "other")),
    ],
)
def test_without_a_conflict_nobody_waits(answer: Resolved, held: Unique) -> None:
    assert needs(renamed(answer, held))["dns@nas"] == set()


def test_a_port_of_another_address_is_another_port() -> None:
    here = Unique("port", "80/tcp", "10.0.0.5")
    ports = [{"target": 80, "published": "80", "host_ip": address} for address in ("10.0.0.5", "10.0.0.6", "::")]
    waits = [needs(renamed(_publishing(one), here))["dns@nas"] for one in ports]
    assert waits == [{"pihole@nas"}, set(), {"pihole@nas"}]


def _publishing(port: dict[str, Any]) -> Resolved:
    return resolved("dns", model={"name": "dns", "services": {"dns": {"image": "dns:1", "ports": [port]}}})


def test_a_service_that_only_changes_its_port_comes_before_who_takes_the_old_one() -> None:
    repo = a_repo(a_service("slow"), a_service("tools"))
    answers, held = [asking("slow", 81), asking("tools", 80)], {"slow": {EIGHTY}}
    plan = a_plan(repo, a_request("slow", "tools"), changed("slow", "tools"), answers=answers, held=held)
    assert needs(plan) == {"slow@nas": set(), "tools@nas": {"slow@nas"}}


def test_the_same_port_of_another_host_is_free() -> None:
    repo = a_repo(a_service("dns", host="pi"), hosts={"nas": a_host("nas"), "pi": a_host("pi")})
    request = a_request("dns", everything=True, prune=True)
    seen = an_observation("pihole"), an_observation(host="pi")
    plan = a_plan(repo, request, *seen, answers=[asking("dns", 80)], held={"pihole": {EIGHTY}})
    assert needs(plan) == {"dns@pi": set(), "pihole@nas": set()}


def test_a_removal_that_leaves_the_containers_to_an_heir_frees_nothing() -> None:
    heir = a_service("media", stack=a_stack("media", project="pihole"))
    request = a_request("media", "dns", everything=True, prune=True)
    plan = a_plan(
        a_repo(heir, a_service("dns")),
        request,
        an_observation("pihole"),
        answers=[asking("dns", 80), asking("media", 80)],
        held={"pihole": {EIGHTY}},
    )
    assert needs(plan)["dns@nas"] == set()


SWAP = (
    "b takes port 81 of a on nas, which can only go on after it; "
    "on nas: docker compose --project-name a stop, then deploy again"
)


def test_who_change_places_are_told_how_one_can_go_first() -> None:
    repo, held = a_repo(a_service("a"), a_service("b")), {"a": {Unique("port", "81/tcp")}, "b": {EIGHTY}}
    answers = [asking("a", 80), asking("b", 81)]
    plan = a_plan(repo, a_request("a", "b"), changed("a", "b"), answers=answers, held=held)
    assert (needs(plan), plan.faults) == ({"a@nas": {"b@nas"}, "b@nas": set()}, (SWAP,))
    stopped = a_plan(repo, a_request("a", "b"), changed("a", "b"), answers=answers, held={"b": {EIGHTY}})
    assert (needs(stopped), stopped.faults) == ({"a@nas": {"b@nas"}, "b@nas": set()}, ())


def test_what_another_needs_cannot_wait_for_it() -> None:
    repo = a_repo(a_service("proxy"), a_service("web", depends_on="proxy"))
    answers = [asking("proxy", container_name="pihole"), asking("web", container_name="web")]
    plan = a_plan(repo, a_request("web"), changed("proxy", "web"), answers=answers, held={"web": {NAME}})
    assert needs(plan) == {"proxy@nas": set(), "web@nas": {"proxy@nas"}}
    (fault,) = plan.faults
    assert fault == (
        "proxy takes container name pihole of web on nas, which can only go on after it; "
        "on nas: docker compose --project-name web down (volumes stay), then deploy again"
    )


@pytest.mark.parametrize(
    ("asked", "move"),
    [
        ({"title": "deploy-all --host nas"}, "deploy-all --host nas --prune"),
        ({"title": "deploy dns", "everything": False}, "deploy dns --prune"),
        ({"title": "rollback --to 1a2b3c4", "everything": False, "back": True}, "deploy-all --prune"),
    ],
)
def test_what_is_gone_from_the_repo_and_stays_is_in_the_way(asked: dict[str, Any], move: str) -> None:
    assert renamed(asking("dns", 80), EIGHTY, prune=False, **asked).faults == (
        f"dns takes port 80 on nas, which pihole has, no longer in the repo; inv {move} removes that first",
    )
