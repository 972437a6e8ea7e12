"""Networks, volumes, configs and secrets that mean something else than before."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.commands.engine import Stock
from homelab_tasks.commands.networks import Network
from homelab_tasks.plan.changes import difference
from homelab_tasks.plan.doubts import Doubted, doubted_networks
from homelab_tasks.plan.effect import effect_of
from homelab_tasks.plan.redefined import Redefined, redefined

from .builders import (
    a_container,
    a_host,
    a_model,
    a_plan,
    a_record,
    a_repo,
    a_request,
    a_service,
    an_observation,
    resolved,
)

OWN = {"name": "plex_n", "ipam": {}}
SUBNET = {"name": "plex_n", "ipam": {"config": [{"subnet": "10.9.0.0/24"}]}}
LENT = {"name": "proxy", "external": True}


def on(network: dict[str, Any]) -> dict[str, Any]:
    """A model of which one container is on network `n`, one shares the network of that, and one is elsewhere."""
    containers = {
        "web": {"networks": {"n": None}},
        "app": {"network_mode": "service:web"},
        "db": {"networks": {"m": {}}},
    }
    return a_model("plex", **containers) | {"networks": {"n": network, "m": {"name": "plex_m"}}}


@pytest.mark.parametrize(
    ("old", "new", "told", "gone", "users"),
    [
        (OWN, OWN | {"internal": True}, "network n: internal true; its containers are made anew", ["plex_n"], "web"),
        (OWN | {"internal": True}, OWN, "network n: internal false; its containers are made anew", ["plex_n"], "web"),
        (OWN, SUBNET, "network n: ipam changed; its containers are made anew", ["plex_n"], "web"),
        (OWN, OWN | {"labels": {"a": "b"}}, "network n: labels changed; Docker keeps those that it has", [], ""),
        (
            OWN,
            OWN | {"name": "lan"},
            "network n: name plex_n -> lan; its containers are made anew",
            ["plex_n"],
            "web",
        ),
        (
            OWN,
            LENT,
            "network n: external true, name plex_n -> proxy; its containers are made anew",
            [],
            "web",
        ),
        (LENT, LENT | {"name": "x"}, "network n: name proxy -> x; its containers are made anew", [], "web"),
        (OWN, {"name": "plex_n", "external": True}, "network n: external true", [], ""),
    ],
)
def test_a_network_that_is_another_one_takes_its_containers_along(
    old: dict[str, Any], new: dict[str, Any], told: str, gone: list[str], users: str
) -> None:
    before, model = on(old), on(new)
    assert [str(c) for c in difference(before, model).changes] == [told]
    assert redefined(before, model) == Redefined(frozenset(users.split()), tuple(gone))


def test_a_changed_network_goes_first_and_who_lives_in_its_containers_is_made_anew_too() -> None:
    service, answer = a_service(files={}), resolved(before=on(OWN), model=on(SUBNET), files_before={})
    found = effect_of(a_repo(service), service, a_host(), answer)
    assert (found.networks, found.anew, found.recreate) == (("plex_n",), frozenset({"web", "app"}), frozenset[str]())


def test_the_plan_takes_it_away_before_containers_are_made_and_started() -> None:
    answer = resolved(before=on(OWN), model=on(SUBNET), files_before={})
    seen = an_observation(records={"plex": a_record(digest="old")})
    (step,) = a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer]).steps
    words = [" ".join(command.argv[-7:]) for command in step.commands if hasattr(command, "argv")]
    assert words[0].endswith("homelab plex plex_n")
    assert words[1].endswith("up --no-start --no-deps --quiet-pull --force-recreate app web")
    assert words[2].endswith("up --detach --remove-orphans --quiet-pull")


def test_a_network_that_others_are_on_is_a_fault() -> None:
    """Also with a container that does not run, which has no address there."""
    answer = resolved(before=on(OWN), model=on(SUBNET), files_before={})
    seen = an_observation("plex", records={"plex": a_record(digest="old")})
    joined = {"plex_n": {("plex", "web"), ("sonarr", "web"), ("sonarr", "db")}, "blog_default": {("blog", "web")}}
    plan = a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer], joined=joined)
    (told,) = plan.faults
    assert told == (
        "plex: network plex_n has to be made anew on nas, and sonarr is on it; on nas: docker compose "
        "--project-name sonarr down (volumes stay), then deploy both again"
    )


MADE = Network(ranges=({"subnet": "172.18.0.0/16", "gateway": "172.18.0.1"},))
MTU = {"com.docker.network.driver.mtu": "1400"}


def going(network: dict[str, Any], stock: Stock) -> tuple[str, ...]:
    """What has to go of a model with this network, after a deploy that failed, by what the Engine has."""
    service, model = a_service(files={}), on(network)
    answer = resolved(before=model, model=model, files_before={})
    doubted = doubted_networks(model, stock, "plex", {"web"})
    return effect_of(a_repo(service), service, a_host(), answer, doubted=doubted).networks


@pytest.mark.parametrize(
    ("network", "there"),
    [
        (OWN, MADE),
        (OWN, Network(options={"com.docker.network.enable_ipv4": "true"})),
        (SUBNET, Network(ranges=({"subnet": "10.9.0.0/24", "gateway": "10.9.0.1"},))),
        ({"ipam": {"config": [{"subnet": "fd00:0::/64"}]}}, Network(ranges=({"subnet": "fd00::/64"},))),
        ({"driver_opts": MTU}, Network(options=MTU)),
        ({"driver_opts": {"com.docker.network.driver.mtu": 1400}}, Network(options=MTU)),
        ({"internal": True, "driver": "bridge"}, Network(flags=frozenset({"internal"}))),
    ],
)
def test_a_failed_deploy_is_no_reason_to_take_a_network_away_that_is_made_as_it_is_to_be(
    network: dict[str, Any], there: Network
) -> None:
    joined = {"plex_n": frozenset({("plex", "web")})}
    stock = Stock(networks={"plex_n": there, "plex_m": Network()}, joined=joined)
    assert going(OWN | network, stock) == ()


@pytest.mark.parametrize(
    ("network", "there"),
    [
        ({}, {}),
        ({}, {"plex_n": Network(flags=frozenset({"internal"}))}),
        ({}, {"plex_n": Network("macvlan")}),
        ({}, {"plex_n": Network(options=MTU)}),
        ({"internal": True}, {"plex_n": MADE}),
        ({"driver_opts": MTU}, {"plex_n": MADE}),
        (SUBNET, {"plex_n": MADE}),
    ],
    ids=["gone", "was internal", "another driver", "had an option", "internal", "an option", "a subnet"],
)
def test_after_a_failed_deploy_a_network_that_is_not_made_as_it_is_to_be_is_made_anew(
    network: dict[str, Any], there: dict[str, Network]
) -> None:
    assert going(OWN | network, Stock(networks={"plex_m": Network(), **there})) == ("plex_n",)


def test_an_option_that_other_networks_have_too_may_be_the_daemons() -> None:
    stock = Stock(networks={"plex_n": Network(options=MTU), "plex_m": Network(), "blog_default": Network(options=MTU)})
    assert going(OWN, stock) == ()


def test_a_container_that_a_failed_deploy_took_off_its_network_is_made_anew_before_it_is_started() -> None:
    model = on(OWN)
    off = Stock(networks={"plex_n": MADE, "plex_m": MADE}, joined={"plex_m": frozenset({("plex", "db")})})
    assert doubted_networks(model, off, "plex", {"web", "db"}) == Doubted(off=frozenset({"web"}))
    seen = an_observation("plex", containers=(a_container(key="web"),), records={"plex": a_record(unfinished=True)})
    stock: dict[str, Any] = {"networks": off.networks, "joined": off.joined}
    answer = resolved(before=model, model=model)
    (step,) = a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer], **stock).steps
    words = [" ".join(command.argv[-7:]) for command in step.commands if hasattr(command, "argv")]
    assert words[0].endswith("up --no-start --no-deps --quiet-pull --force-recreate app web")
    assert words[1].endswith("up --detach --remove-orphans --quiet-pull")


def keeping(**volume: Any) -> dict[str, Any]:
    mount = {"type": "volume", "source": "data", "target": "/data"}
    return a_model("plex", web={"volumes": [mount]}, db={}) | {"volumes": {"data": {"name": "plex_data", **volume}}}


SHARE = {"driver_opts": {"type": "cifs", "o": "password=hush"}}
OTHER_VOLUME = (
    "plex: volume data is to be another one on nas (driver_opts changed), and Docker changes none; give it another "
    "name: in services/plex/compose.yml to begin with a new one, and plex_data stays, or to lose what is in it, on "
    "nas: docker compose --project-name plex down && docker volume rm plex_data"
)


@pytest.mark.parametrize(
    ("before", "model", "there", "told"),
    [
        ({}, SHARE, {"plex_data": ("local", {})}, (OTHER_VOLUME,)),
        ({}, SHARE, {"plex_data": ("local", SHARE["driver_opts"])}, ()),
        ({}, SHARE, {}, ()),
        (SHARE, SHARE, {"plex_data": ("local", {})}, ()),
        ({}, {"driver": "local"}, {"plex_data": ("local", {})}, ()),
        ({}, {"labels": {"a": "b"}}, {"plex_data": ("local", {})}, ()),
        ({}, SHARE | {"name": "share"}, {"plex_data": ("local", {})}, ()),
    ],
    ids=["changed", "made so by hand", "not there yet", "unchanged", "the default", "labels", "under another name"],
)
def test_a_volume_that_is_there_and_is_to_be_of_another_make_is_a_fault(
    before: dict[str, Any], model: dict[str, Any], there: dict[str, Any], told: tuple[str, ...]
) -> None:
    answer = resolved(before=keeping(**before), model=keeping(**model), files_before={})
    seen = an_observation("plex", records={"plex": a_record(digest="old")})
    stock: dict[str, Any] = {"volumes": frozenset(there), "makes": there}
    assert a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer], **stock).faults == told


def test_a_volume_of_another_name_is_mounted_by_a_new_container() -> None:
    service = a_service(files={})
    answer = resolved(before=keeping(), model=keeping(name="media"), files_before={})
    found = effect_of(a_repo(service), service, a_host(), answer)
    assert (found.recreate, found.anew) == (frozenset({"web"}), frozenset[str]())
    assert [str(c) for c in found.changes] == ["volume data: name plex_data -> media; its containers are made anew"]


def given(**body: Any) -> dict[str, Any]:
    return a_model("plex", web={"secrets": [{"source": "s"}]}, db={}) | {"secrets": {"s": body}}


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ({"content": "one"}, {"content": "two"}),
        ({"environment": "TOKEN", "value_hash": "aa"}, {"environment": "TOKEN", "value_hash": "bb"}),
        ({"environment": "TOKEN"}, {"content": "one"}),
    ],
)
def test_a_secret_of_another_content_needs_a_new_container(old: dict[str, Any], new: dict[str, Any]) -> None:
    service = a_service(files={})
    found = effect_of(
        a_repo(service), service, a_host(), resolved(before=given(**old), model=given(**new), files_before={})
    )
    assert (found.recreate, [str(c) for c in found.changes]) == (frozenset({"web"}), ["secret s changed"])


def test_a_value_that_only_one_model_has_a_hash_of_is_another_where_an_env_file_is() -> None:
    """The host had no key to hash it with before its first deploy."""
    service = a_service(files={})
    plain, hashed = given(environment="TOKEN"), given(environment="TOKEN", value_hash="aa")
    for before, model in ((plain, hashed), (hashed, plain)):
        answer = resolved(before=before, model=model, files_before={})
        assert not effect_of(a_repo(service), service, a_host(), answer)
        assert effect_of(a_repo(service), service, a_host(), answer, other_env=True).recreate == {"web"}


def test_after_a_failed_deploy_it_may_be_in_the_container_whatever_the_record_says() -> None:
    service, model = a_service(files={}), given(content="one")
    answer = resolved(before=model, model=model, files_before={})
    assert effect_of(a_repo(service), service, a_host(), answer, doubted=Doubted()).recreate == {"web"}
    assert not effect_of(a_repo(service), service, a_host(), answer)


def test_a_secret_of_a_variable_without_a_value_is_a_fault() -> None:
    answer = resolved(model=given(environment="TOKEN"), unset=frozenset({"TOKEN", "OTHER"}))
    seen = an_observation("plex", records={"plex": a_record(digest="old")})
    plan = a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer])
    assert plan.faults == ("plex: TOKEN has no value on nas; inv env.push plex",)


def test_containers_that_no_active_profile_names_are_removed_first_and_named_before() -> None:
    seen = an_observation(
        "plex",
        containers=(
            a_container(),
            a_container(id="id-was", key="was"),
            a_container(id="id-dbg", key="dbg"),
            a_container("other", id="id-other", key="nobody"),
        ),
    )
    answer = resolved(before=a_model("plex", plex={"image": "plex:1"}, was={}))
    (step,) = a_plan(a_repo(a_service()), a_request("plex"), seen, answers=[answer]).steps
    assert [str(c) for c in step.changes] == ["was: removed", "dbg: removed"]
    first, *rest = [command for command in step.commands if hasattr(command, "argv")]
    assert first.argv[-4:] == ("homelab", "plex", "id-was", "id-dbg")
    assert len(rest) == 1


def test_nothing_is_removed_where_what_compose_said_is_lost() -> None:
    service, there = a_service(files={}), [a_container()]
    assert effect_of(a_repo(service), service, a_host(), resolved(model={}, before=None), there).orphans == ()
