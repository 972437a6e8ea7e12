"""The order in which a failed run goes back."""

from __future__ import annotations

import pytest

from homelab_tasks.model import Container, Reason
from homelab_tasks.plan import Step, Verb
from homelab_tasks.plan.reverse import in_reverse

from .builders import a_repo, a_service, a_stack, an_edge
from .report_builders import a_plan, a_step

REPO = a_repo(*map(a_service, ("db", "api", "web", "vpn")))


def needs(steps: list[Step]) -> dict[str, str]:
    """Service -> those that it waits for on the way back."""
    return {step.subject: " ".join(sorted(need.partition("@")[0] for need in step.needs)) for step in steps}


@pytest.mark.parametrize(
    ("forward", "back", "expected"),
    [
        ({"db": ""}, "db", {"db": ""}),
        ({"db": "", "api": "db", "web": "api"}, "db api web", {"db": "api", "api": "web", "web": ""}),
        ({"db": "", "api": "db", "web": "db"}, "db api web", {"db": "api web", "api": "", "web": ""}),
        ({"db": "", "api": "db", "web": "api"}, "db api", {"db": "api", "api": ""}),
        ({"db": "", "web": ""}, "db web", {"db": "", "web": ""}),
    ],
)
def test_what_came_up_last_goes_back_first(forward: dict[str, str], back: str, expected: dict[str, str]) -> None:
    plan = a_plan(*(a_step(name, after=after) for name, after in forward.items()))
    assert needs(in_reverse(map(a_step, back.split()), plan, REPO)) == expected


def test_the_steps_come_in_the_order_in_which_they_are_done() -> None:
    plan = a_plan(a_step("db"), a_step("api", after="db"), a_step("web", after="api"))
    back = in_reverse({a_step("api"), a_step("web"), a_step("db")}, plan, REPO)
    assert [step.subject for step in back] == ["web", "api", "db"]


def in_the_network_of_vpn(*back: Step) -> dict[str, str]:
    """The way back where `web` lives in the network of `vpn`, which came after `db`."""
    owner = a_service("vpn", stack=a_stack("vpn", containers=(Container("vpn", name="vpn"),)))
    guest = a_service("web", stack=a_stack("web", containers=(Container("web", network_mode="container:vpn"),)))
    repo = a_repo(owner, guest, a_service("db"), edges=[an_edge("web", "vpn", Reason.NAMESPACE)])
    plan = a_plan(a_step("db"), a_step("vpn", after="db"), a_step("web", after="vpn"))
    return needs(in_reverse(back, plan, repo))


def test_who_lives_in_the_network_of_another_container_follows_it() -> None:
    steps = map(a_step, ("db", "vpn", "web"))
    assert in_the_network_of_vpn(*steps) == {"db": "vpn web", "vpn": "", "web": "vpn"}


def test_who_lives_in_the_network_of_a_container_that_goes_away_leaves_it_first() -> None:
    removed = a_step("vpn", Verb.REMOVE)
    assert in_the_network_of_vpn(removed, a_step("web")) == {"vpn": "web", "web": ""}
