"""What runs where, what the repo holds, and both as JSON."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any

import pytest

from homelab_tasks.model import Check, CheckKind, Health, Reason, Repo, Service
from homelab_tasks.observe import Checkout, Observation, SeenContainer
from homelab_tasks.observe import Health as Seen
from homelab_tasks.plan import Change
from homelab_tasks.problem import Place
from homelab_tasks.record import Held, Record, RecordedContainer
from homelab_tasks.report import as_json
from homelab_tasks.report.services import hosts_text, list_text, show_text
from homelab_tasks.report.status import State, rows, status_text
from homelab_tasks.report.terminal import Style

from .builders import a_host, a_repo, a_service, an_edge
from .report_builders import BEFORE, NARROW, a_plan, a_report, a_step, done, failed, screen


def a_record(name: str = "plex", **fields: Any) -> Record:
    plain: dict[str, Any] = {
        "service": name,
        "project": name,
        "directory": f"services/{name}",
        "commit": BEFORE,
        "digest": f"digest-{name}",
        "containers": (RecordedContainer(f"id-{name}", "web", name, "sha256:1"),),
        "at": "2026-01-31T21:14:05Z",
        "by": "ann@desk",
    }
    return Record(**{**plain, **fields})


def a_container(
    name: str = "plex", state: str = "running", health: Seen = Seen.HEALTHY, **fields: Any
) -> SeenContainer:
    plain = {"image": "img:1", "project": name, "key": "web", "directory": "/x"}
    return SeenContainer(f"id-{name}", name, state, health, **{**plain, **fields})


def seen(*containers: SeenContainer, records: tuple[Record, ...] = (), **fields: Any) -> Observation:
    known = {record.service: record for record in records}
    look = {"commit": BEFORE, "records": known, "containers": containers, "clock": TEN_SECONDS_LATER}
    return Observation("nas", Checkout.GIT, **{**look, **fields})


TEN_SECONDS_LATER = datetime.fromisoformat("2026-01-31T21:14:15Z").timestamp()
BEGUN = a_record(digest="", commit="", containers=(), unfinished=True)
ENDED = a_record(containers=(RecordedContainer("id-plex", "web", "plex", "sha256:1", finished=True),))
HELD = Held("bob@couch", "2026-02-01T08:00:00Z")


@pytest.mark.parametrize(
    ("containers", "record", "state", "note"),
    [
        ((a_container(),), a_record(), State.HEALTHY, "up to date"),
        ((a_container(health=Seen.NONE),), a_record(), State.RUNNING, "up to date"),
        ((a_container(health=Seen.STARTING, up=9.0),), a_record(), State.HEALTHY, "up to date"),
        ((a_container(health=Seen.STARTING, up=1.0),), a_record(), State.STARTING, "up to date"),
        ((a_container(health=Seen.UNHEALTHY),), a_record(), State.UNHEALTHY, "container web is unhealthy"),
        ((a_container(),), a_record(digest="older"), State.HEALTHY, "changed in the repo since"),
        ((a_container(state="exited", exit=1),), a_record(), State.STOPPED, "container web is exited, exit status 1"),
        ((a_container(state="exited", exit=0),), ENDED, State.FINISHED, "up to date"),
        ((), a_record(), State.MISSING, "container web is gone"),
        ((), None, State.ABSENT, ""),
        ((a_container(),), None, State.HEALTHY, "runs, but was not deployed by this tool"),
        ((a_container(state="exited"),), None, State.STOPPED, "is there, but was not deployed by this tool"),
        ((a_container(state="exited"),), BEGUN, State.STOPPED, "its last deploy did not finish"),
        ((), BEGUN, State.MISSING, "its last deploy did not finish"),
        ((a_container(),), a_record(unfinished=True), State.HEALTHY, "its last deploy did not finish"),
        ((a_container(state="exited"),), a_record(held=HELD), State.HELD, "by bob@couch since 2026-02-01 08:00 UTC"),
        (
            (a_container(),),
            a_record(held=HELD),
            State.HEALTHY,
            "was stopped by bob@couch since 2026-02-01 08:00 UTC; somebody started it again",
        ),
    ],
)
def test_a_row_says_how_a_service_is_and_what_is_not_as_it_should_be(
    containers: tuple[SeenContainer, ...], record: Record | None, state: State, note: str
) -> None:
    repo = a_repo(a_service("plex"))
    look = seen(*containers, records=(record,) if record else ())
    (row,) = rows(repo, repo.services.values(), {"nas": look}, {})
    assert (row.state, row.note) == (state, note)


def test_a_deploy_that_is_at_work_is_not_called_unfinished() -> None:
    repo = a_repo(a_service("plex"))
    holder = "bob@couch, pid 7, since 2026-01-31T21:14:05Z: deploy plex"
    look = seen(a_container(), records=(a_record(unfinished=True),), holder=holder)
    (row,) = rows(repo, repo.services.values(), {"nas": look}, {})
    assert row.note == "bob@couch is at work there: deploy plex"


def a_homelab() -> tuple[Repo, dict[str, Observation], dict[str, str]]:
    repo = a_repo(a_service("plex"), a_service("tdarr"), a_service("blog", host="hl15"))
    look = seen(
        a_container("plex"),
        a_container("tdarr", health=Seen.UNHEALTHY),
        records=(a_record("plex"), a_record("tdarr"), a_record("old")),
    )
    return repo, {"nas": look}, {"hl15": "cannot reach hl15 (no answer within 10 s); is it on?"}


def test_status_is_a_table_with_the_reasons_and_the_next_commands() -> None:
    repo, looks, unfit = a_homelab()
    assert status_text(rows(repo, repo.services.values(), looks, unfit), unfit, style=NARROW) == screen("""
service  host  state        commit   since
blog     hl15  unknown      -        -      hl15 could not be looked at
plex     nas   healthy      1a2b3c4  10 s   up to date
tdarr    nas   unhealthy    1a2b3c4  10 s   container web is unhealthy
old      nas   left behind  1a2b3c4  10 s   no longer in the repo
! cannot reach hl15 (no answer within 10 s); is it on?

3 services on 2 hosts: 1 healthy, 1 unhealthy, 1 left behind, 1 unknown
next  inv logs tdarr --tail 50
      inv deploy-all --dry-run
      inv deploy-all --prune --dry-run
""")


def test_a_host_that_could_not_be_looked_at_is_named_though_no_service_is_there() -> None:
    repo = a_repo(a_service("plex"))
    found = rows(repo, repo.services.values(), {"nas": seen(a_container(), records=(a_record(),))}, {})
    assert status_text(found, {"pi": "cannot reach pi; is it on?"}, style=NARROW) == screen("""
service  host  state    commit   since
plex     nas   healthy  1a2b3c4  10 s   up to date
! cannot reach pi; is it on?

1 service on 1 host: 1 healthy
""")
    assert status_text((), {"pi": "cannot reach pi; is it on?"}, style=NARROW) == screen("""
no service here
! cannot reach pi; is it on?
""")


def test_status_of_some_services_leaves_out_the_rest_and_hosts_nobody_looked_at() -> None:
    repo, looks, _ = a_homelab()
    found = rows(repo, [repo.services["plex"], repo.services["blog"]], looks, {})
    assert [row.service for row in found] == ["plex"]


def test_status_as_json_says_whether_all_is_well() -> None:
    repo, looks, unfit = a_homelab()
    told = json.loads(as_json.status(repo, rows(repo, [repo.services["plex"]], looks, {}), {}))
    assert told == {
        "commit": repo.commit,
        "ok": True,
        "services": [
            {
                "service": "plex",
                "host": "nas",
                "state": "healthy",
                "commit": BEFORE,
                "current": True,
                "note": "up to date",
                "at": "2026-01-31T21:14:05Z",
                "pinned": False,
            }
        ],
        "hosts": {},
    }
    assert json.loads(as_json.status(repo, rows(repo, repo.services.values(), looks, unfit), unfit))["ok"] is False


def test_the_list_is_a_table_and_a_count() -> None:
    repo = a_repo(a_service("plex", groups=("media",), description="Media server"), a_service("blog", host="hl15"))
    assert list_text(repo, style=NARROW) == screen("""
service  hosts  groups  description
blog     hl15   -
plex     nas    media   Media server

2 services, 2 hosts, 1 group
""")


def a_plex() -> tuple[Repo, Service]:
    health = Health((Check(CheckKind.HTTP, "http://{host}:32400/identity"),))
    plex = a_service("plex", depends_on="tdarr", description="Media server", health=health, protect=True)
    network = an_edge("seerr", "plex", Reason.NETWORK, detail="uses network media, which plex creates")
    return a_repo(plex, a_service("tdarr"), a_service("seerr"), edges=[network]), plex


def test_show_says_why_each_edge_exists() -> None:
    repo, plex = a_plex()
    assert show_text(repo, plex, style=NARROW, seen={"nas": seen(records=(a_record(),))}) == screen("""
plex  Media server
  hosts       nas (nas.lan)
  directory   services/plex
  compose     compose.yml
  project     plex
  containers  plex: plex:1 (no healthcheck in the file)
  checks      http http://{host}:32400/identity
  healthy in  180 s at most
  env files   .env
  new config  restart
  protected   destroy refuses it (protect: true in services/plex/service.yaml)
  needs       tdarr: declared, depends on tdarr (services/plex/service.yaml:1)
  needed by   seerr: network, uses network media, which plex creates
              (services/seerr/service.yaml:1)
  deployed    1a2b3c4 on nas by ann@desk, since 2026-01-31 21:14 UTC
""")


def test_what_follows_from_the_order_of_groups_is_said_once_for_all() -> None:
    vpn = a_service("vpn")
    said = {"detail": "group media comes after group infra", "place": Place("hosts.yaml", 9)}
    edges = [
        *(an_edge(name, "vpn", Reason.GROUP, **said) for name in ("deluge", "plex")),
        an_edge("plex", "vpn", Reason.NAMESPACE, detail="shares the network of vpn"),
    ]
    repo = a_repo(vpn, a_service("deluge"), a_service("plex"), edges=edges)
    assert show_text(repo, vpn, style=Style()).partition("  needs ")[2].splitlines() == [
        "      nothing",
        "  needed by   plex: namespace, shares the network of vpn (services/plex/service.yaml:1)",
        "              deluge, plex: group, group media comes after group infra (hosts.yaml:9)",
    ]


def test_show_as_json_has_the_edges_too() -> None:
    repo, plex = a_plex()
    (told,) = json.loads(as_json.shown(repo, [plex], {"nas": seen(records=(a_record(),))}))["services"]
    deployed = {"host": "nas", "commit": BEFORE, "at": "2026-01-31T21:14:05Z", "by": "ann@desk", "pinned": False}
    assert told["deployed"] == [deployed]
    assert told["needs"] == [
        {
            "service": "tdarr",
            "reason": "declared",
            "detail": "depends on tdarr",
            "place": "services/plex/service.yaml:1",
        }
    ]
    assert told["containers"] == [{"key": "plex", "image": "plex:1", "name": "", "builds": False}]


def test_hosts_say_what_was_found_there() -> None:
    repo = a_repo(a_service("plex"), a_service("blog", hosts=(a_host("hl15", user="admin", port=2222),)))
    why = "cannot reach hl15 (no answer within 10 s); is it on?"
    looks = {"nas": seen(a_container(), dirty=("hosts.yaml",))}
    assert hosts_text(repo, looks, {"hl15": why}, style=NARROW) == screen("""
host  address              system  tags  services
hl15  admin@hl15.lan:2222  -       -     1         cannot reach hl15 (no answer
                                                   within 10 s); is it on?
nas   nas.lan              -       -     1         at 1a2b3c4, 1 container,
                                                   edited there: hosts.yaml
""")
    told = json.loads(as_json.hosts(repo, {}, {"hl15": why}))["hosts"]
    assert [(host["name"], host["reachable"], host["why"]) for host in told] == [
        ("hl15", False, why),
        ("nas", None, ""),
    ]


def test_a_run_as_json_is_the_plan_with_what_became_of_each_step() -> None:
    first, second = a_step("tdarr", changes=(Change("web", "image 1 -> 2"),)), a_step("plex", after="tdarr")
    plan = a_plan(first, second)
    planned = json.loads(as_json.run(plan))
    assert (planned["ok"], planned["seconds"], planned["steps"][0]) == (
        None,
        None,
        {
            "key": "tdarr@nas",
            "service": "tdarr",
            "host": "nas",
            "verb": "update",
            "cause": "requested",
            "changes": ["web: image 1 -> 2"],
            "needs": [],
            "pulls": [],
            "hooks": {},
            "blocked": "",
        },
    )
    told = json.loads(as_json.run(plan, a_report(done(first), failed(second), plan=plan)))
    assert (told["ok"], told["seconds"], [step["status"] for step in told["steps"]]) == (
        False,
        12.3,
        ["done", "failed"],
    )


def test_tables_fit_narrow_terminals() -> None:
    repo, looks, unfit = a_homelab()
    for width in (40, 60, 80):
        narrow = Style(width=width)
        shown = [
            status_text(rows(repo, repo.services.values(), looks, unfit), unfit, style=narrow),
            list_text(repo, style=narrow),
            hosts_text(repo, looks, unfit, style=narrow),
            *(show_text(repo, service, style=narrow) for service in repo.services.values()),
        ]
        assert max(len(line) for text in shown for line in text.splitlines()) <= width
