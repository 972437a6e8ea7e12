"""Stop, start, restart and destroy; and services that live in the network of another one."""

from __future__ import annotations

from tests.hosts.homelab import Homelab, containers, events, now, running, seen
from tests.lab import LabHost


def test_what_was_stopped_on_purpose_stays_stopped_until_it_is_named(home: Homelab, host: LabHost) -> None:
    home.add("db")
    home.add("app", depends_on=["db"])
    home.commit()
    home.deploy()
    assert "app runs on h1 and needs db" in home.succeed("stop", "db").out
    assert "stopped on purpose" in home.succeed("status").out
    held = home.deploy().said
    assert "left stopped db on h1, stopped by" in held
    assert "inv start db" in held
    assert running(host) == ["app-web-1"]
    home.succeed("start", "db")
    assert running(host) == ["app-web-1", "db-web-1"]
    home.succeed("stop", "db")
    home.succeed("deploy", "db")
    assert running(host) == ["app-web-1", "db-web-1"]
    assert "left stopped" not in home.deploy().out


def test_a_stop_goes_from_dependents_to_dependencies(home: Homelab, host: LabHost) -> None:
    for name, needs in (("db", []), ("api", ["db"]), ("web", ["api"])):
        home.add(name, depends_on=needs)
    home.commit()
    home.deploy()
    since = now(host)
    home.succeed("stop", "db,api,web")
    assert events(host, "die", since, "{{.Actor.Attributes.name}}") == ["web-web-1", "api-web-1", "db-web-1"]


def test_a_start_starts_what_is_needed_too_and_moves_no_commit(home: Homelab, host: LabHost) -> None:
    home.add("db")
    home.add("app", depends_on=["db"])
    home.commit()
    home.deploy()
    host.docker("stop", "db-web-1", "app-web-1")
    home.add("app", "image: homelab/demo:2", depends_on=["db"])
    home.commit()
    home.succeed("ensure", "app")
    assert running(host) == ["app-web-1", "db-web-1"]
    assert seen(host, "app-web-1").image == "homelab/demo:1"


def test_a_restart_waits_for_health_and_keeps_the_container(home: Homelab, host: LabHost) -> None:
    home.add("db", "healthcheck: {test: [CMD, 'true'], interval: 30s}")
    home.add("app", depends_on=["db"])
    home.commit()
    home.deploy()
    before = containers(host)
    done = home.succeed("restart", "db")
    assert "restarted, healthy in" in done.out
    after = containers(host)
    assert (after["db-web-1"].id, after["app-web-1"]) == (before["db-web-1"].id, before["app-web-1"])
    assert after["db-web-1"].started > before["db-web-1"].started


def test_destroy_asks_and_keeps_volumes_unless_told(home: Homelab, host: LabHost) -> None:
    home.add("db", "volumes: ['data:/data']")
    home.replace("services/db/compose.yml", "services:", "volumes: {data: {}}\nservices:")
    home.commit()
    home.deploy()
    assert home.succeed("destroy", "db", "--dry-run").said.endswith("to do it: inv destroy db")
    asked = home.inv("destroy", "db")
    assert (asked.status, asked.err) == (1, "error: remove db: nobody is there to ask; say --yes if it is meant\n")
    assert running(host) == ["db-web-1"]
    home.succeed("destroy", "db", "--yes")
    assert (running(host), host.docker("volume", "ls", "--quiet")) == ([], "db_data")
    assert home.succeed("destroy", "db", "--yes").out == "nothing to do: db is not deployed on h1\n"
    home.deploy()
    home.succeed("destroy", "db", "--volumes", "--yes")
    assert (running(host), host.docker("volume", "ls", "--quiet")) == ([], "")


def test_what_a_foreign_container_keeps_from_being_removed_is_not_told_as_removed(home: Homelab, host: LabHost) -> None:
    home.add("db", "volumes: ['data:/data']", "networks: [back]")
    home.replace("services/db/compose.yml", "services:", "volumes: {data: {}}\nnetworks: {back: {}}\nservices:")
    home.commit()
    home.deploy()
    foreign = ("--name", "squat", "--network", "db_back", "--volume", "db_data:/d")
    host.docker("run", "--detach", *foreign, "homelab/demo:1")
    done = home.inv("destroy", "db", "--volumes", "--yes")
    assert done.status == 1
    there = "still there: the network db_back (used by squat), the volume db_data (used by squat); remove what uses it"
    assert there in done.said
    assert running(host) == ["squat"]
    again = home.inv("destroy", "db", "--yes")
    assert (again.status, "still there: the network db_back (used by squat); remove" in again.said) == (1, True)
    host.docker("rm", "--force", "squat")
    home.succeed("destroy", "db", "--volumes", "--yes")
    assert "db_" not in host.docker("network", "ls", "--format", "{{.Name}}") + host.docker("volume", "ls", "--quiet")
    assert home.succeed("destroy", "db", "--yes").out == "nothing to do: db is not deployed on h1\n"


def test_what_is_protected_is_not_destroyed(home: Homelab, host: LabHost) -> None:
    home.add("db", protect=True)
    home.commit()
    home.deploy()
    done = home.inv("destroy", "db", "--yes")
    assert done.status == 1
    assert "services/db/service.yaml: db is protected; set protect: false there and commit" in done.said
    assert running(host) == ["db-web-1"]


def a_pair(home: Homelab, value: str) -> None:
    home.add("vpn", "container_name: vpn", f"environment: {{A: {value}}}")
    home.add("torrent", "container_name: torrent", "network_mode: 'container:vpn'", "command: [sleep, '9999']")
    home.commit()


def share_a_network(host: LabHost) -> bool:
    names = [host.check("readlink", f"/proc/{seen(host, name).pid}/ns/net") for name in ("vpn", "torrent")]
    return names[0] == names[1]


def test_who_lives_in_the_network_of_another_follows_it_into_a_new_container(home: Homelab, host: LabHost) -> None:
    a_pair(home, "one")
    home.deploy()
    assert share_a_network(host)
    a_pair(home, "two")
    done = home.succeed("deploy", "vpn")
    assert "torrent recreate: shares the network of vpn, which gets a new container; after vpn" in done.said
    assert share_a_network(host)
    host.docker("rm", "--force", "vpn")
    home.deploy()
    assert share_a_network(host)
    assert home.deploy().out.startswith("nothing to do:")


def test_who_lives_in_the_network_of_another_follows_its_restart(home: Homelab, host: LabHost) -> None:
    a_pair(home, "one")
    home.deploy()
    home.succeed("restart", "vpn")
    assert share_a_network(host)
    home.succeed("stop", "vpn")
    home.succeed("start", "vpn")
    assert share_a_network(host)
    home.succeed("deploy", "vpn", "--force")
    assert share_a_network(host)
