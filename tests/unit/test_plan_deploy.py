"""The plan of a deploy: what is done, why, and what each step waits for."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.command import Command
from homelab_tasks.model import Container, Group, Network, Reaction, Reason, Repo
from homelab_tasks.observe import EnvFile, Health, SeenContainer
from homelab_tasks.plan import Gate, Plan, Renewal, Step, Verb
from homelab_tasks.record import Held

from .builders import (
    a_container,
    a_host,
    a_model,
    a_plan,
    a_record,
    a_repo,
    a_request,
    a_service,
    a_stack,
    an_edge,
    an_observation,
    resolved,
)

PLEX = a_repo(a_service("plex"))


def steps(plan: Plan) -> list[tuple[Verb, str, str]]:
    return [(s.verb, s.key, s.cause) for s in plan.steps]


def needs(plan: Plan) -> dict[str, set[str]]:
    return {s.key: set(s.needs) for s in plan.steps}


def words(step: Step) -> list[str]:
    """What each command of a step says to Compose."""
    commands = [act.argv for act in step.commands if isinstance(act, Command)]
    return [" ".join(argv[argv.index("--project-name") + 1 :]) for argv in commands]


def one(plan: Plan) -> Step:
    (step,) = plan.steps
    return step


UP = "up --detach --remove-orphans --quiet-pull"
MAKE = "up --no-start --no-deps --quiet-pull --force-recreate plex"
AGAIN = "up --detach --no-deps --force-recreate"


def test_unchanged_means_untouched() -> None:
    plan = a_plan(PLEX, a_request("plex"), an_observation("plex"))
    assert (plan.steps, plan.deliveries, plan.faults, plan.changes) == ((), (), (), False)
    assert [(u.subject, u.why) for u in plan.unchanged] == [("plex", "unchanged")]


def test_a_new_service_is_created_and_awaited() -> None:
    step = one(a_plan(PLEX, a_request("plex"), an_observation(), answers=[resolved(before=None)]))
    assert (step.verb, step.cause) == (Verb.CREATE, "new on nas, requested")
    assert words(step) == [f"plex {UP}"]
    assert step.gate
    assert (step.gate.project, step.gate.timeout) == ("plex", 180)
    assert step.entry
    assert (step.entry.digest, step.entry.detail != "") == ("digest-plex", True)


def test_containers_that_run_before_the_first_record_are_adopted() -> None:
    step = one(
        a_plan(PLEX, a_request("plex"), an_observation(containers=(a_container(),)), answers=[resolved(before=None)])
    )
    assert (step.verb, step.cause) == (Verb.UPDATE, "runs here, not yet recorded, requested")


def test_containers_that_do_not_run_are_not_told_as_running() -> None:
    seen = an_observation(containers=(a_container(state="exited"),))
    step = one(a_plan(PLEX, a_request("plex"), seen, answers=[resolved(before=None)]))
    assert step.cause == "is here, not yet recorded, requested"


BEGUN = {"plex": a_record(digest="", commit="", containers=(), unfinished=True)}


@pytest.mark.parametrize(("there", "verb"), [((), Verb.CREATE), ((a_container(id="new"),), Verb.UPDATE)])
def test_a_first_deploy_that_did_not_finish_is_done_again(there: tuple[SeenContainer, ...], verb: Verb) -> None:
    seen = an_observation(records=BEGUN, containers=there)
    step = one(a_plan(PLEX, a_request("plex"), seen, answers=[resolved(before=None)]))
    assert (step.verb, step.cause) == (verb, "its last deploy did not finish, requested")


def test_a_start_that_did_not_finish_is_tried_again() -> None:
    seen = an_observation("plex", records={"plex": a_record(unfinished=True)})
    step = one(a_plan(PLEX, a_request("plex"), seen))
    assert (step.verb, step.cause, words(step)) == (
        Verb.START,
        "its last deploy did not finish, requested",
        [f"plex {UP}"],
    )
    assert step.entry
    assert not step.entry.unfinished


def test_what_was_never_deployed_to_the_end_is_not_started() -> None:
    plan = a_plan(PLEX, a_request("plex", files=False), an_observation(records=BEGUN))
    assert (plan.steps, plan.faults) == ((), ("plex was never deployed to the end on nas; inv deploy plex",))


def test_what_a_failed_first_deploy_left_is_removed_with_the_service() -> None:
    seen = an_observation(records={"old": a_record("old", digest="", unfinished=True)})
    step = one(a_plan(PLEX, a_request(everything=True, prune=True), seen))
    assert (step.verb, step.subject, step.cause) == (Verb.REMOVE, "old", "no longer in the repo")


def test_a_way_back_leads_to_the_commit_also_where_only_something_goes() -> None:
    seen = an_observation("plex", records={"plex": a_record(), "new": a_record("new")}, commit="later")
    for back, why, delivered in [(False, "no longer in the repo", []), (True, "did not exist then", ["nas"])]:
        plan = a_plan(PLEX, a_request(everything=True, prune=True, back=back), seen)
        assert (one(plan).cause, [d.host.name for d in plan.deliveries]) == (why, delivered)


CHANGED = {"plex": a_record(digest="old")}


def test_a_changed_file_updates_with_its_causes_and_changes() -> None:
    answer = resolved(before=a_model(plex={"image": "plex:0"}))
    plan = a_plan(PLEX, a_request("plex"), an_observation("plex", records=CHANGED, commit="old"), answers=[answer])
    step = one(plan)
    assert (step.verb, step.cause, words(step)) == (Verb.UPDATE, "changed since c0ffee0, requested", [f"plex {UP}"])
    assert [str(c) for c in step.changes] == ["plex: image 0 -> 1"]
    assert [(d.host.name, d.commit) for d in plan.deliveries] == [("nas", "old")]


def test_a_change_that_no_container_sees_is_noted_and_touches_nothing() -> None:
    plan = a_plan(PLEX, a_request("plex"), an_observation("plex", records=CHANGED), answers=[resolved(files_before={})])
    step = one(plan)
    assert (step.verb, step.commands, step.gate) == (Verb.NOTE, (), None)
    assert [str(c) for c in step.changes] == ["compose.yml added"]
    assert step.entry
    assert step.entry.digest == "digest-plex"


def test_a_changed_env_file_is_named() -> None:
    env = {"services/plex/.env": EnvFile(0o600, "new", (), "stat")}
    answer = resolved(before=a_model(plex={"image": "plex:1", "environment": {"A": "hunter2"}}))
    step = one(a_plan(PLEX, a_request("plex"), an_observation("plex", env=env), answers=[answer]))
    assert (step.verb, step.cause) == (Verb.UPDATE, ".env changed, requested")
    assert [str(c) for c in step.changes] == ["plex: environment - A"]
    assert step.entry
    assert dict(step.entry.env) == {"services/plex/.env": "new"}


def test_a_stopped_container_is_started() -> None:
    seen = an_observation("plex", containers=(a_container(state="exited", exit=137),))
    step = one(a_plan(PLEX, a_request("plex"), seen))
    assert (step.verb, step.cause) == (Verb.START, "container plex is exited, exit status 137, requested")
    assert words(step) == [f"plex {UP}"]


def test_an_unhealthy_container_is_restarted() -> None:
    seen = an_observation("plex", containers=(a_container(health=Health.UNHEALTHY),))
    step = one(a_plan(PLEX, a_request("plex"), seen))
    assert (step.verb, words(step)) == (Verb.RESTART, [f"plex {UP}", "plex restart plex"])


@pytest.mark.parametrize(
    ("reaction", "verb", "said"),
    [
        (Reaction.RESTART, Verb.UPDATE, [f"plex {UP}", "plex restart plex"]),
        (Reaction.RECREATE, Verb.UPDATE, [f"plex {UP}", f"plex {AGAIN} plex"]),
        (Reaction.SIGNAL, Verb.UPDATE, [f"plex {UP}", "plex kill --signal HUP plex"]),
        (Reaction.NONE, Verb.NOTE, []),
    ],
)
def test_a_changed_file_in_a_mounted_folder_has_the_reaction_of_service_yaml(
    reaction: Reaction, verb: Verb, said: list[str]
) -> None:
    service = a_service("plex", on_config_change=reaction, signal="HUP", files={"services/plex/config/a": "new"})
    mount = {"type": "bind", "source": "/opt/homelab/services/plex/config", "target": "/config"}
    model = a_model(plex={"image": "plex:1", "volumes": [mount]})
    answer = resolved(model=model, before=model, files_before={"services/plex/config/a": "old"})
    step = one(a_plan(a_repo(service), a_request("plex"), an_observation("plex", records=CHANGED), answers=[answer]))
    assert (step.verb, words(step)) == (verb, said)


def test_force_makes_everything_anew_and_only_what_was_asked_for() -> None:
    repo = a_repo(a_service("plex", depends_on="db"), a_service("db"))
    plan = a_plan(repo, a_request("plex", force=True), an_observation("plex", "db"))
    assert steps(plan) == [(Verb.RECREATE, "plex@nas", "forced, requested")]
    assert words(plan.steps[0]) == [f"plex {UP} --force-recreate"]


def test_images_that_the_host_lacks_are_pulled_and_those_that_are_built_are_not() -> None:
    model = a_model(
        a={"image": "new:2"}, b={"image": "mine", "build": {"context": "."}}, c={"image": "docker.io/plex:1"}
    )
    step = one(a_plan(PLEX, a_request("plex"), an_observation(), answers=[resolved(model=model)]))
    assert step.pulls == ("new:2",)


def test_what_pull_policy_says_decides_what_is_pulled() -> None:
    model = a_model(
        a={"image": "plex:1", "pull_policy": "always"},
        b={"image": "plex:1", "pull_policy": "daily"},
        c={"image": "plex:1"},
        d={"image": "my/own:1", "build": {"context": "."}, "pull_policy": "always"},
        e={"image": "my/own:1"},
        f={"image": "new:2", "pull_policy": "always"},
    )
    step = one(a_plan(PLEX, a_request("plex"), an_observation(), answers=[resolved(model=model)]))
    assert step.pulls == ("new:2", "plex:1")
    assert step.renews == (Renewal("plex:1", "sha256:plex:1", ("a", "b"), 0),)
    assert words(step)[0] == "plex up --detach --pull missing --remove-orphans --quiet-pull --build"


CHAIN = a_repo(a_service("plex", depends_on="app"), a_service("app", depends_on="db"), a_service("db"))


def test_what_is_needed_is_part_of_the_plan_and_comes_first() -> None:
    plan = a_plan(CHAIN, a_request("plex"), an_observation())
    assert {s.key: s.asked for s in plan.steps} == {
        "db@nas": "needed by app", "app@nas": "needed by plex", "plex@nas": "requested",
    }  # fmt: skip
    assert needs(plan) == {"db@nas": set(), "app@nas": {"db@nas"}, "plex@nas": {"app@nas"}}


def test_an_unchanged_service_is_looked_through_to_what_it_needs() -> None:
    plan = a_plan(CHAIN, a_request("plex"), an_observation("app"))
    assert needs(plan) == {"db@nas": set(), "plex@nas": {"db@nas"}}


def test_what_only_the_order_of_groups_puts_first_is_told_apart() -> None:
    repo = a_repo(
        *(a_service(name, groups=("infra",)) for name in ("caddy", "gluetun", "pihole")),
        a_service("plex", groups=("media",), depends_on="gluetun"),
        edges=[an_edge("plex", name, Reason.GROUP) for name in ("caddy", "gluetun", "pihole")],
        groups={"infra": Group("infra"), "media": Group("media", after=("infra",))},
    )
    plex = {step.subject: step for step in a_plan(repo, a_request(*repo.services), an_observation()).steps}["plex"]
    assert plex.needs == {"caddy@nas", "gluetun@nas", "pihole@nas"}
    assert plex.by_group == (("caddy@nas", "infra"), ("pihole@nas", "infra"))


def test_no_deps_leaves_alone_what_is_needed() -> None:
    plan = a_plan(CHAIN, a_request("plex", dependencies=False), an_observation())
    assert needs(plan) == {"plex@nas": set()}


def test_the_longest_chain_is_told_first() -> None:
    repo = a_repo(*CHAIN.services.values(), a_service("alone"))
    plan = a_plan(repo, a_request("plex", "alone"), an_observation())
    assert [step.subject for step in plan.steps] == ["db", "app", "alone", "plex"]


TWO = (a_host("nas"), a_host("pi"))


def test_a_service_on_several_hosts_has_a_step_on_each_and_waits_for_its_own_hosts() -> None:
    repo = a_repo(a_service("agent", hosts=TWO, depends_on="vpn"), a_service("vpn", hosts=TWO))
    plan = a_plan(repo, a_request("agent"), an_observation(), an_observation(host="pi"))
    assert needs(plan) == {"vpn@nas": set(), "vpn@pi": set(), "agent@nas": {"vpn@nas"}, "agent@pi": {"vpn@pi"}}


def test_a_need_on_another_host_is_waited_for_there() -> None:
    repo = a_repo(
        a_service("plex", depends_on="app", host="nas"),
        a_service("app", hosts=TWO[1:], depends_on="vpn"),
        a_service("vpn", hosts=TWO),
    )
    seen = an_observation(), an_observation("app", host="pi")
    assert needs(a_plan(repo, a_request("plex"), *seen))["plex@nas"] == {"vpn@pi"}


def test_a_host_named_on_the_command_line_is_the_only_one() -> None:
    repo = a_repo(a_service("agent", hosts=TWO))
    plan = a_plan(repo, a_request("agent", hosts=frozenset(["pi"])), an_observation(), an_observation(host="pi"))
    assert [s.key for s in plan.steps] == ["agent@pi"]


def test_a_host_that_cannot_be_reached_blocks_its_own_services_only() -> None:
    repo = a_repo(a_service("plex"), a_service("blog", host="pi"))
    plan = a_plan(repo, a_request("plex", "blog"), an_observation(), unfit={"pi": "cannot reach pi (timed out)"})
    assert {s.key: s.blocked for s in plan.steps} == {"plex@nas": "", "blog@pi": "cannot reach pi (timed out)"}


def vpn_repo(**fields: Any) -> Repo:
    vpn = a_stack("vpn", containers=(Container("vpn", image="vpn:1", name="gluetun"),))
    qbit = a_stack("qbit", containers=(Container("qbit", network_mode="container:gluetun"), Container("web")))
    services = a_service("vpn", stack=vpn), a_service("qbit", stack=qbit)
    return a_repo(*services, edges=[an_edge("qbit", "vpn", Reason.NAMESPACE)], **fields)


QBIT = {"vpn": a_record("vpn"), "qbit": a_record("qbit", borrows={"vpn": "id-vpn"})}


def test_who_shares_the_network_of_a_changed_container_is_recreated_after_it() -> None:
    seen = an_observation("vpn", "qbit", records=QBIT | {"vpn": a_record("vpn", digest="old")})
    answer = resolved("vpn", before=a_model("vpn", vpn={"image": "vpn:0"}))
    plan = a_plan(vpn_repo(), a_request("vpn"), seen, answers=[answer])
    vpn, qbit = sorted(plan.steps, key=lambda s: s.subject, reverse=True)
    assert (qbit.verb, qbit.cause) == (Verb.RECREATE, "shares the network of vpn, which gets a new container")
    assert (words(qbit), qbit.needs) == ([f"qbit {AGAIN} qbit"], frozenset([vpn.key]))
    assert qbit.entry
    assert (qbit.entry.digest, qbit.entry.borrows) == ("digest-qbit", {"vpn": "gluetun"})


def test_who_shares_a_network_that_was_made_anew_behind_our_back_is_recreated() -> None:
    seen = an_observation("vpn", "qbit", records=QBIT, containers=(a_container("qbit"), a_container("vpn", id="new")))
    plan = a_plan(vpn_repo(), a_request("qbit"), seen)
    qbit = next(s for s in plan.steps if s.subject == "qbit")
    assert qbit.verb is Verb.RECREATE
    assert "vpn, whose network it shares, was made anew" in qbit.causes
    assert words(qbit) == [f"qbit {UP}", f"qbit {AGAIN} qbit"]


def test_a_follower_that_is_stopped_on_purpose_stays_stopped() -> None:
    held = QBIT | {"vpn": a_record("vpn", digest="old"), "qbit": a_record("qbit", held=Held("ann", "now"))}
    answer = resolved("vpn", before=a_model("vpn", vpn={"image": "vpn:0"}))
    plan = a_plan(vpn_repo(), a_request("vpn"), an_observation("vpn", "qbit", records=held), answers=[answer])
    assert [s.subject for s in plan.steps] == ["vpn"]


HELD = {"plex": a_record(held=Held("ann@desk", "2026-01-01T00:00:00Z"))}
EXITED = (a_container(state="exited", exit=0),)


def test_a_service_that_was_stopped_on_purpose_is_left_and_named() -> None:
    plan = a_plan(PLEX, a_request("plex", named=frozenset()), an_observation("plex", records=HELD, containers=EXITED))
    assert [(u.subject, u.why) for u in plan.held] == [("plex", "stopped by ann@desk, 2026-01-01T00:00:00Z")]
    assert plan.steps == ()


def test_a_deploy_by_name_releases_it() -> None:
    step = one(a_plan(PLEX, a_request("plex"), an_observation("plex", records=HELD, containers=EXITED)))
    assert step.verb is Verb.START
    assert step.entry
    assert step.entry.held is None


MOVED = a_repo(a_service("plex", host="pi"), hosts={"nas": a_host("nas"), "pi": a_host("pi")})


def test_a_moved_service_is_started_there_and_then_stopped_here() -> None:
    plan = a_plan(MOVED, a_request("plex"), an_observation("plex"), an_observation(host="pi"))
    assert steps(plan) == [
        (Verb.CREATE, "plex@pi", "was moved from nas, requested"),
        (Verb.REMOVE, "plex@nas", "was moved to pi"),
    ]
    assert needs(plan)["plex@nas"] == {"plex@pi"}
    assert words(plan.steps[1]) == ["plex down --remove-orphans"]
    assert plan.notices == ("plex: its data on nas is not moved; copy it yourself if it is needed",)


def test_what_a_move_left_behind_is_removed_by_the_next_deploy() -> None:
    plan = a_plan(MOVED, a_request("plex"), an_observation("plex"), an_observation("plex", host="pi"))
    assert steps(plan) == [(Verb.REMOVE, "plex@nas", "now belongs on pi only")]
    assert needs(plan) == {"plex@nas": set()}


PROTECTED = (
    "services/plex/service.yaml: plex would be removed from nas, and is protected; "
    "set protect: false there and commit, if it is really to go"
)
FEWER = a_repo(a_service("plex", host="pi", protect=True, digest="new"), hosts=MOVED.hosts)


def test_a_host_less_is_no_move_even_if_the_service_changes_where_it_stays() -> None:
    seen = an_observation("plex"), an_observation("plex", host="pi")
    plan = a_plan(FEWER, a_request("plex"), *seen)
    assert [(s.verb, s.key, s.moved) for s in plan.steps] == [
        (Verb.NOTE, "plex@pi", False),
        (Verb.REMOVE, "plex@nas", False),
    ]
    assert plan.faults == (PROTECTED,)
    assert plan.notices == ("plex: its data stays on nas; remove it there if it is not needed",)
    assert a_plan(FEWER, a_request("plex", back=True), *seen).faults == ()  # a rollback asks by itself
    assert a_plan(FEWER, a_request("plex"), seen[0], an_observation(host="pi")).faults == ()  # a move


def test_of_two_hosts_that_become_another_one_nobody_knows_which_has_moved() -> None:
    hosts = {name: a_host(name) for name in ("nas", "pi", "hl15")}
    repo = a_repo(a_service("plex", host="hl15"), hosts=hosts)
    seen = an_observation("plex"), an_observation("plex", host="pi"), an_observation(host="hl15")
    plan = a_plan(repo, a_request("plex"), *seen)
    assert [(s.key, s.moved) for s in plan.steps if s.verb is Verb.REMOVE] == [("plex@nas", False), ("plex@pi", False)]


def test_what_was_stopped_on_purpose_stays_so_when_its_host_changes() -> None:
    held = {"plex": a_record(held=Held("ann@desk", "2026-01-31T21:14:00Z"))}
    seen = an_observation(records=held), an_observation(host="pi")
    plan = a_plan(MOVED, a_request("plex", named=frozenset()), *seen)
    assert [(u.subject, u.host.name, u.why) for u in plan.held] == [
        ("plex", "pi", "stopped on nas by ann@desk, 2026-01-31T21:14:00Z")
    ]
    assert (plan.steps, plan.notices) == (
        (),
        ("plex was moved to pi, and stays on nas until it runs there: inv deploy plex",),
    )
    by_name = a_plan(MOVED, a_request("plex"), *seen)
    assert [(s.verb, s.key) for s in by_name.steps] == [(Verb.CREATE, "plex@pi"), (Verb.REMOVE, "plex@nas")]


def test_a_move_that_only_concerns_the_new_host_leaves_the_old_one() -> None:
    plan = a_plan(MOVED, a_request("plex", hosts=frozenset(["pi"])), an_observation("plex"), an_observation(host="pi"))
    assert [s.key for s in plan.steps] == ["plex@pi"]


def test_what_is_gone_from_the_repo_is_shown_and_removed_only_with_prune() -> None:
    seen = an_observation("plex", "old")
    shown = a_plan(PLEX, a_request("plex", everything=True), seen)
    pruned = a_plan(PLEX, a_request("plex", everything=True, prune=True), seen)
    assert ([(u.subject, u.why) for u in shown.gone], shown.steps) == ([("old", "no longer in the repo")], ())
    assert (steps(pruned), pruned.gone) == ([(Verb.REMOVE, "old@nas", "no longer in the repo")], ())
    assert words(pruned.steps[0]) == ["old down --remove-orphans"]


def test_a_deploy_of_some_services_prunes_the_hosts_that_it_is_about() -> None:
    repo = a_repo(a_service("plex"), a_service("blog", host="pi"))
    left = [an_observation("plex", records={"plex": a_record(), "old": a_record("old")})]
    left += [an_observation("blog", host="pi", records={"blog": a_record("blog"), "older": a_record("older")})]
    assert [s.key for s in a_plan(repo, a_request("plex", prune=True), *left).steps] == ["old@nas"]
    kept = a_plan(repo, a_request("plex"), *left)
    assert (kept.steps, kept.gone) == ((), ())


def test_removing_a_renamed_service_does_not_take_the_containers_of_its_heir() -> None:
    heir = a_service("media", stack=a_stack("media", project="plex"))
    seen = an_observation("plex", records={"plex": a_record()})
    plan = a_plan(a_repo(heir), a_request("media", everything=True, prune=True), seen)
    (removal,) = [s for s in plan.steps if s.verb is Verb.REMOVE]
    assert (removal.commands, removal.cause) == ((), "no longer in the repo, its containers are media's now")
    assert removal.entry
    assert removal.entry.removed


def test_a_renamed_project_is_taken_down_before_it_comes_up_anew() -> None:
    repo = a_repo(a_service("plex", stack=a_stack("plex", project="media")))
    step = one(a_plan(repo, a_request("plex"), an_observation("plex")))
    assert (step.verb, step.cause) == (Verb.UPDATE, "its compose project was called plex, requested")
    assert words(step) == ["plex down --remove-orphans", f"media {UP}"]


def external(*names: str, **listed: Network) -> tuple[Repo, Any]:
    model = a_model() | {"networks": {name: {"name": name, "external": True} for name in names}}
    return a_repo(a_service("plex"), networks=listed), resolved(model=model)


def test_networks_that_hosts_yaml_lists_are_made_first() -> None:
    repo, answer = external("proxy", proxy=Network("proxy"))
    plan = a_plan(repo, a_request("plex"), an_observation(), answers=[answer])
    assert steps(plan)[0] == (Verb.NETWORK, "network proxy@nas", "listed in hosts.yaml, needed by plex")
    assert (needs(plan)["plex@nas"], plan.faults) == ({"network proxy@nas"}, ())


def test_networks_that_are_there_are_not_made() -> None:
    repo, answer = external("proxy", proxy=Network("proxy"))
    plan = a_plan(repo, a_request("plex"), an_observation(), answers=[answer], networks=frozenset(["proxy"]))
    assert [s.key for s in plan.steps] == ["plex@nas"]


def test_ensure_starts_what_does_not_run_and_leaves_what_only_changed() -> None:
    repo = a_repo(a_service("plex"), a_service("blog"))
    records = {"plex": a_record(digest="old"), "blog": a_record("blog", digest="old")}
    seen = an_observation(
        "plex", "blog", records=records, commit="old", containers=(a_container(), a_container("blog", state="exited"))
    )
    plan = a_plan(repo, a_request("plex", "blog", files=False), seen)
    assert (plan.deliveries, [(s.verb, s.subject) for s in plan.steps]) == ((), [(Verb.START, "blog")])
    assert plan.steps[0].entry
    assert plan.steps[0].entry.digest == "old"


def test_an_interrupted_delivery_is_delivered_again() -> None:
    seen = an_observation("plex", interrupted="c0ffee", containers=EXITED)
    assert [d.host.name for d in a_plan(PLEX, a_request("plex"), seen).deliveries] == ["nas"]


def test_a_thousand_services_are_planned_in_a_moment() -> None:
    hosts = [a_host(f"h{n}") for n in range(50)]
    services = [
        a_service(
            f"s{n}",
            hosts=(hosts[n % 50],),
            depends_on=[f"s{m}" for m in (n - 1, n // 2, n // 3) if 0 <= m < n and n % 10],
        )
        for n in range(1000)
    ]
    repo = a_repo(*services)
    plan = a_plan(repo, a_request(*repo.services), *[an_observation(host=h.name) for h in hosts])
    assert len(plan.steps) == 1000


def test_a_container_that_waits_for_another_ones_health_starts_after_our_own_wait() -> None:
    model = a_model("blog", db={}, web={"depends_on": {"db": {"condition": "service_healthy"}}})
    plan = a_plan(
        a_repo(a_service("blog")),
        a_request("blog"),
        an_observation(),
        answers=[resolved("blog", model=model, before=None)],
    )
    first, gate, second = plan.steps[0].commands
    assert isinstance(gate, Gate)
    assert [str(first).split(" up ")[1], sorted(gate.keys), str(second).split(" up ")[1]] == [
        "--detach --no-deps --remove-orphans --quiet-pull db",
        ["db"],
        "--detach --no-deps --remove-orphans --quiet-pull web",
    ]


def test_what_moved_away_is_only_removed_when_it_runs_where_it_is_now() -> None:
    here, there = a_host("nas"), a_host("hl15")
    repo = a_repo(a_service("plex", hosts=(there,)), hosts={"nas": here, "hl15": there})
    old, new = an_observation("plex"), an_observation("plex", host="hl15")
    request = a_request("plex", hosts=frozenset({"nas"}))
    waiting = a_plan(repo, request, old)
    assert (waiting.steps, waiting.notices) == (
        (),
        ("plex was moved to hl15, and stays on nas until it runs there: inv deploy plex",),
    )
    assert [(s.verb, s.key) for s in a_plan(repo, request, old, new).steps] == [(Verb.REMOVE, "plex@nas")]
    begun = an_observation("plex", host="hl15", records={"plex": a_record(digest="", unfinished=True)})
    assert a_plan(repo, request, old, begun).steps == ()


def test_what_lives_in_the_network_of_a_stopped_service_stays_stopped_with_it() -> None:
    vpn = a_service("vpn", stack=a_stack("vpn", containers=(Container("vpn", name="gluetun"),)))
    qbit = a_service("qbit", stack=a_stack("qbit", containers=(Container("qbit", network_mode="container:gluetun"),)))
    repo = a_repo(vpn, qbit, edges=(an_edge("qbit", "vpn", Reason.NAMESPACE),))
    records = {"vpn": a_record("vpn", held=Held("ann@desk", "2026-01-31T21:14:00Z")), "qbit": a_record("qbit")}
    seen = an_observation("vpn", records=records, containers=())
    everything = a_request("vpn", "qbit", named=frozenset())
    assert [(u.subject, u.why) for u in a_plan(repo, everything, seen).held][-1] == (
        "qbit",
        "stopped with vpn, whose network it shares",
    )
    (step,) = a_plan(repo, a_request("qbit"), seen).steps
    assert step.blocked == "qbit shares the network of vpn, which is stopped; inv start vpn"


@pytest.mark.parametrize(
    ("names", "first"),
    [
        (["plex-plex-1", "0123456789ab_plex-plex-1"], "docker container rm id-1"),
        (["0123456789ab_plex-plex-1"], "docker container rename id-0 plex-plex-1"),
        (["plex-plex-1"], MAKE),
        (["plex-plex-1", "plex-plex-2"], MAKE),
    ],
)
def test_what_an_update_left_half_made_is_tidied_up_first(names: list[str], first: str) -> None:
    containers = tuple(a_container("plex", id=f"id-{n}", name=name, state="created") for n, name in enumerate(names))
    seen = an_observation(records={"plex": a_record("plex", digest="old", unfinished=True)}, containers=containers)
    step = one(a_plan(PLEX, a_request("plex"), seen, answers=[resolved("plex")]))
    assert isinstance(step.commands[0], Command)
    assert " ".join(step.commands[0].argv).endswith(first)
