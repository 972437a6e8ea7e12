"""This repo's homelab, all of it, on two lab hosts: deployed in one go, found unchanged, broken, and brought back."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from scripts.bench.ground import SSHD_LOG
from tests.hosts.homelab import CHECKOUT, eventually, head
from tests.hosts.reference import Reference, clear, lay_out
from tests.hosts.reference_swaps import GIVEN
from tests.lab import Lab

OLD, NEW = "homelab/demo:1", "homelab/demo:2"
INSTANCES = {
    "radarr-anime": "/var/lib/services/radarr/anime",
    "radarr-movies": "/var/lib/services/radarr/movies",
    "sonarr-anime": "/var/lib/services/sonarr/anime",
    "sonarr-shows": "/var/lib/services/sonarr/shows",
}
ARR = "radarr-anime radarr-movies sonarr-anime sonarr-shows"
MEDIA = f"bazarr overseerr plex profilarr prowlarr {ARR} sabnzbd tautulli tdarr"
NETWORKS = {
    "media": f"{MEDIA} caddy gluetun",  # and with gluetun deluge
    "monitoring": "grafana loki prometheus",
    "proxy": f"{MEDIA} caddy grafana homepage immich nextcloud prometheus vaultwarden",
    "postgres": "postgres",  # for those to come that need a database
    "homepage_default": "homepage",
    "immich_default": "immich",
    "nextcloud_default": "nextcloud",
    "pihole_default": "pihole",
    "host": "alloy home-assistant",
}
DUMPS = {
    "immich": "/var/lib/services/immich/dumps/*.sql.gz",
    "nextcloud": "/var/lib/services/nextcloud/dumps/*.sql.gz",
    "postgres": "/var/lib/services/postgres/dumps/*.sql.gz",
    "vaultwarden": "/var/lib/services/vaultwarden/db_*.sqlite3",
}


@pytest.fixture(scope="module")
def deployed(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Reference]:
    """The homelab with its `.env` files, on hosts that had nothing. Each test leaves it healthy for the next."""
    lab.reset()
    hosts = dict(zip(("hl15", "pi"), lab.hosts, strict=False))
    reference = lay_out(tmp_path_factory.mktemp("reference") / "homelab", lab, hosts)
    made = reference.inv("env.init", "--generate")
    assert reference.give() == {*GIVEN}, made.said
    reference.succeed("env.push", "*", "--yes")
    reference.succeed("env.check")
    reference.succeed("deploy-all", "--yes")
    yield reference
    for host in hosts.values():
        clear(host)


def test_every_container_of_every_service_is_up_and_healthy(deployed: Reference) -> None:
    services, found = deployed.repo.services.values(), deployed.containers()
    meant = {service.name: len(service.stack.containers) * len(service.hosts) for service in services}
    assert {name: len(those) for name, those in found.items()} == meant
    # Docker itself may ask once more until it says what the deploy has found by asking
    eventually(lambda: _not_healthy(deployed) == [], "every container healthy")


def _not_healthy(deployed: Reference) -> list[str]:
    return [name for name, those in deployed.containers().items() for one in those if one.health not in ("healthy", "")]


def test_nothing_started_before_what_it_needs_was_ready(deployed: Reference) -> None:
    found, edges = deployed.containers(), deployed.repo.edges
    started = {name: min(one.started for one in those) for name, those in found.items()}
    ready = {name: max(one.ready for one in those) for name, those in found.items()}
    assert len(edges) > 100
    assert [edge for edge in edges if started[edge.dependent] < ready[edge.dependency]] == []


def test_deluge_has_no_network_but_that_of_gluetun(deployed: Reference) -> None:
    found = deployed.containers()
    (gluetun,), (deluge,), (plex,) = found["gluetun"], found["deluge"], found["plex"]
    assert deluge.namespace == gluetun.namespace
    assert plex.namespace != gluetun.namespace


def test_instances_of_one_app_are_projects_with_folders_of_their_own(deployed: Reference) -> None:
    found = deployed.containers()
    assert {name: found[name][0].mounts["/config"] for name in INSTANCES} == INSTANCES


def test_who_shares_a_network_with_whom_is_as_meant(deployed: Reference) -> None:
    members: dict[str, set[str]] = {}
    for name, those in deployed.containers().items():
        for network in set().union(*(one.networks for one in those)):
            members.setdefault(network, set()).add(name)
    assert members == {network: {*names.split()} for network, names in NETWORKS.items()}


def test_who_runs_in_a_container_can_read_the_config_that_the_repo_gives_it(deployed: Reference) -> None:
    given = {
        f"{name}: {there}": (deployed.size(source), one.size(there))
        for name, those in deployed.containers().items()
        for one in those
        for there, source in one.mounts.items()
        if source.startswith(CHECKOUT)
    }
    assert len(given) > 10
    assert {where: sizes for where, sizes in given.items() if sizes[0] != sizes[1]} == {}


def test_a_second_deploy_asks_each_host_once_and_touches_nothing(deployed: Reference) -> None:
    before, logins = deployed.containers(), _logins(deployed)
    done = deployed.succeed("deploy-all", "--yes")
    assert done.out.startswith("nothing to do: ")
    assert deployed.containers() == before
    assert {name: count - logins[name] for name, count in _logins(deployed).items()} == {"hl15": 1, "pi": 1}


def _logins(deployed: Reference) -> dict[str, int]:
    return {name: host.check("cat", SSHD_LOG).count("Accepted publickey") for name, host in deployed.hosts.items()}


def test_an_update_of_a_database_is_preceded_by_a_dump(deployed: Reference) -> None:
    for name in DUMPS:
        deployed.change(name, labels={"updated": "yes"})
    deployed.home.commit("databases: a label")
    deployed.succeed("deploy-all", "--yes")
    (run,) = deployed.succeed("history", "--limit", "1", "--format", "json").json["runs"]
    kept = {change["service"]: change["kept"] for change in run["changes"]}
    found = {name: deployed.hosts["hl15"].check("bash", "-c", f"ls {files}") for name, files in DUMPS.items()}
    assert kept == found


def test_a_bad_commit_in_media_is_put_back_and_other_groups_never_notice(deployed: Reference) -> None:
    before, good = deployed.containers(), head(deployed.hosts["hl15"])
    media = deployed.in_group("media")
    for name in media:
        deployed.change(name, image=NEW)
    deployed.change("overseerr", command=["sh", "-c", "echo no such database; exit 3"])
    deployed.home.commit("media: newer images, and one that does not start")
    done = deployed.inv("deploy-all", "--yes")
    after = deployed.containers()
    assert (done.status, "all is as before" in done.said) == (1, True)
    assert "overseerr: container overseerr restarts again and again, exit status 3" in done.said
    assert {one.image for those in after.values() for one in those} == {OLD}
    assert {name for name in after if after[name] != before[name]} <= media
    assert head(deployed.hosts["hl15"]) == good
    deployed.home.git("revert", "--no-edit", "HEAD")


def test_the_media_group_goes_back_alone_and_what_came_with_it_stays(deployed: Reference) -> None:
    media = deployed.in_group("media")
    for name in [*media, "homepage"]:
        deployed.change(name, image=NEW)
    deployed.home.commit("newer images")
    deployed.succeed("deploy-all", "--yes")
    before = deployed.containers()
    deployed.succeed("rollback", "--group", "media", "--yes")
    after = deployed.containers()
    assert {one.image for name in media for one in after[name]} == {OLD}
    assert {one.image for one in after["homepage"]} == {NEW}
    assert {name for name in after if after[name] != before[name]} == media
