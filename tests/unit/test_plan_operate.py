"""The plans of stop, restart and destroy."""

from __future__ import annotations

from homelab_tasks.command import Command
from homelab_tasks.model import Container, Reason
from homelab_tasks.observe import Observation
from homelab_tasks.plan import Plan, Verb
from homelab_tasks.plan.operate import plan_destroy, plan_restart, plan_stop
from homelab_tasks.record import Held

from .builders import a_container, a_record, a_repo, a_request, a_service, a_stack, an_edge, an_observation

ANN = Held("ann@desk", "2026-01-01T00:00:00Z")
CHAIN = a_repo(a_service("plex", depends_on="app"), a_service("app", depends_on="db"), a_service("db"))


def needs(plan: Plan) -> dict[str, set[str]]:
    return {s.subject: {key.partition("@")[0] for key in s.needs} for s in plan.steps}


def said(plan: Plan) -> dict[str, str]:
    last = {s.subject: [c for c in s.commands if "--project-name" in str(c)][-1] for s in plan.steps}
    argv = {name: command.argv for name, command in last.items() if isinstance(command, Command)}
    return {name: " ".join(words[words.index("--project-name") + 1 :]) for name, words in argv.items()}


def stop(*names: str, seen: Observation) -> Plan:
    return plan_stop(CHAIN, a_request(*names), {"nas": seen}, {}, ANN)


def test_stop_goes_against_the_order_and_is_written_down() -> None:
    plan = stop("plex", "app", "db", seen=an_observation("plex", "app", "db"))
    assert needs(plan) == {"plex": set(), "app": {"plex"}, "db": {"app"}}
    assert said(plan) == {"plex": "plex stop", "app": "app stop", "db": "db stop"}
    assert {s.entry.held if s.entry else None for s in plan.steps} == {ANN}


def test_the_order_is_kept_across_services_that_are_not_asked_for() -> None:
    assert needs(stop("plex", "db", seen=an_observation("plex", "app", "db"))) == {"plex": set(), "db": {"plex"}}


def test_stop_names_what_still_needs_a_stopped_service() -> None:
    plan = stop("db", seen=an_observation("plex", "app", "db"))
    assert plan.notices == ("app runs on nas and needs db",)


def test_stop_leaves_what_is_stopped_on_purpose_already() -> None:
    seen = an_observation("db", records={"db": a_record("db", held=ANN)}, containers=())
    plan = stop("db", "app", seen=seen)
    unchanged = [(u.subject, u.why) for u in plan.unchanged]
    assert (plan.steps, unchanged) == ((), [("db", "not running"), ("app", "not running")])


def test_a_service_that_does_not_run_is_still_held_from_now_on() -> None:
    plan = stop("db", seen=an_observation("db", containers=(a_container("db", state="exited"),)))
    assert [s.entry.held for s in plan.steps if s.entry] == [ANN]


def test_what_did_not_finish_stays_unfinished_however_it_is_stopped_and_restarted() -> None:
    seen = an_observation("db", records={"db": a_record("db", unfinished=True)})
    plans = stop("db", seen=seen), plan_restart(CHAIN, a_request("db"), {"nas": seen}, {})
    assert [step.entry.unfinished for plan in plans for step in plan.steps if step.entry] == [True, True]


def test_a_host_that_cannot_be_reached_blocks_its_steps() -> None:
    plan = plan_stop(CHAIN, a_request("db"), {}, {"nas": "cannot reach nas"}, ANN)
    assert [s.blocked for s in plan.steps] == ["cannot reach nas"]


VPN = a_repo(
    a_service("vpn", stack=a_stack("vpn", containers=(Container("vpn", name="gluetun"),))),
    a_service("qbit", stack=a_stack("qbit", containers=(Container("qbit", network_mode="container:gluetun"),))),
    edges=[an_edge("qbit", "vpn", Reason.NAMESPACE)],
)


def test_restart_takes_along_who_shares_the_network() -> None:
    plan = plan_restart(VPN, a_request("vpn"), {"nas": an_observation("vpn", "qbit")}, {})
    assert [(s.verb, s.subject, s.cause) for s in plan.steps] == [
        (Verb.RESTART, "vpn", "requested"),
        (Verb.RECREATE, "qbit", "shares the network of a service that is restarted"),
    ]
    assert said(plan) == {"vpn": "vpn restart", "qbit": "qbit up --detach --no-deps --force-recreate qbit"}
    assert needs(plan) == {"vpn": set(), "qbit": {"vpn"}}


def test_the_container_whose_network_is_shared_is_written_down_by_name() -> None:
    seen = an_observation(
        "vpn", "qbit", records={"vpn": a_record("vpn"), "qbit": a_record("qbit", borrows={"vpn": "id-vpn"})}
    )
    for plan in (
        plan_restart(VPN, a_request("vpn"), {"nas": seen}, {}),
        plan_stop(VPN, a_request("qbit"), {"nas": seen}, {}, ANN),
    ):
        (entry,) = [s.entry for s in plan.steps if s.subject == "qbit"]
        assert entry
        assert entry.borrows == {"vpn": "gluetun"}


def test_restart_keeps_the_order_and_waits_for_health() -> None:
    plan = plan_restart(CHAIN, a_request("plex", "db"), {"nas": an_observation("plex", "app", "db")}, {})
    assert needs(plan) == {"db": set(), "plex": {"db"}}
    assert all(s.gate for s in plan.steps)


def test_restart_works_where_the_service_was_deployed() -> None:
    seen = an_observation("db", records={"db": a_record("db", directory="services/old place", project="old")})
    (step,) = plan_restart(CHAIN, a_request("db"), {"nas": seen}, {}).steps
    assert isinstance(step.commands[0], Command)
    assert step.commands[0].directory == "/opt/homelab/services/old place"
    assert step.gate
    assert step.gate.project == "old"


def test_what_was_never_deployed_is_not_restarted() -> None:
    plan = plan_restart(CHAIN, a_request("db"), {"nas": an_observation()}, {})
    assert ([(u.subject, u.why) for u in plan.unchanged], plan.steps) == ([("db", "not deployed")], ())


def test_destroy_goes_against_the_order_and_keeps_volumes_unless_told() -> None:
    seen = {"nas": an_observation("plex", "app", "db")}
    plan = plan_destroy(CHAIN, a_request("app", "db"), seen, {}, volumes=False)
    assert (needs(plan), said(plan)["db"]) == ({"app": set(), "db": {"app"}}, "db down --remove-orphans")
    assert all(s.entry and s.entry.removed for s in plan.steps)
    assert plan.notices == ("plex runs on nas and needs app",)
    again = plan_destroy(CHAIN, a_request("db"), seen, {}, volumes=True)
    assert (said(again), again.steps[0].cause) == (
        {"db": "db down --remove-orphans --volumes"},
        "with its volumes, requested",
    )


def test_destroy_looks_for_what_compose_left_there() -> None:
    seen = {"nas": an_observation("db")}
    for volumes, kinds in ((False, ("db", "network")), (True, ("db", "network", "volume"))):
        (step,) = plan_destroy(CHAIN, a_request("db"), seen, {}, volumes=volumes).steps
        assert isinstance(step.commands[-1], Command)
        assert step.commands[-1].argv[4:] == kinds


def test_destroy_removes_what_runs_unrecorded_and_passes_over_what_is_not_there() -> None:
    seen = {"nas": an_observation(containers=(a_container("db"),))}
    plan = plan_destroy(CHAIN, a_request("app", "db"), seen, {}, volumes=False)
    assert ([s.subject for s in plan.steps], [u.why for u in plan.unchanged]) == (["db"], ["not deployed"])


def test_destroy_refuses_what_is_protected() -> None:
    repo = a_repo(a_service("db", protect=True))
    plan = plan_destroy(repo, a_request("db"), {"nas": an_observation("db")}, {}, volumes=False)
    move = "set protect: false there and commit, if it is really to go"
    assert plan.faults == (f"services/db/service.yaml: db is protected; {move}",)
