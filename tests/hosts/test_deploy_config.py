"""A changed file that containers see through a bind mount: `on_config_change` says what they need."""

from __future__ import annotations

from typing import Any

from tests.hosts.homelab import Homelab, containers, eventually, seen
from tests.lab import LabHost

READS = r"""command:
      - sh
      - -c
      - |
        trap 'echo reloaded; cat /config/*' HUP
        cat /config/*
        while :; do sleep 0.05; done"""
FOLDER = "volumes: ['./config:/config:ro']"
FILE = "volumes: ['./config/app.yml:/config/app.yml:ro']"


def deployed_and_changed(home: Homelab, host: LabHost, mount: str, **settings: Any) -> None:
    """plex, deployed with one content of its configuration, whose repo then has another."""
    home.add("plex", READS, mount, **settings)
    home.write("services/plex/config/app.yml", "one\n")
    home.commit()
    home.deploy()
    eventually(lambda: host.docker("logs", "plex-web-1") == "one", "the first reading")
    home.write("services/plex/config/app.yml", "two\n")
    home.commit()


def test_by_default_the_container_is_restarted(home: Homelab, host: LabHost) -> None:
    deployed_and_changed(home, host, FOLDER)
    before = seen(host, "plex-web-1")
    assert "config/app.yml changed" in home.deploy().out
    after = seen(host, "plex-web-1")
    assert (after.id, after.started > before.started) == (before.id, True)
    eventually(lambda: host.docker("logs", "plex-web-1") == "one\ntwo", "the second reading")


def test_a_file_that_is_the_mount_itself_is_read_anew_too(home: Homelab, host: LabHost) -> None:
    deployed_and_changed(home, host, FILE)
    home.deploy()
    eventually(lambda: host.docker("logs", "plex-web-1") == "one\ntwo", "the second reading")


def test_recreate_gives_a_new_container(home: Homelab, host: LabHost) -> None:
    deployed_and_changed(home, host, FOLDER, on_config_change="recreate")
    before = seen(host, "plex-web-1")
    home.deploy()
    assert seen(host, "plex-web-1").id != before.id
    eventually(lambda: host.docker("logs", "plex-web-1") == "two", "the only reading of the new container")


def test_none_leaves_the_container_alone_and_brings_the_file(home: Homelab, host: LabHost) -> None:
    deployed_and_changed(home, host, FOLDER, on_config_change="none")
    before = containers(host)
    home.deploy()
    assert containers(host) == before
    assert host.docker("exec", "plex-web-1", "cat", "/config/app.yml") == "two"
    assert "nothing to do" in home.deploy().out


def test_a_signal_reaches_the_program_which_finds_the_new_file(home: Homelab, host: LabHost) -> None:
    deployed_and_changed(home, host, FOLDER, on_config_change="signal:HUP")
    before = containers(host)
    home.deploy()
    assert containers(host) == before
    eventually(lambda: host.docker("logs", "plex-web-1") == "one\nreloaded\ntwo", "the reading after the signal")
    assert "nothing to do" in home.deploy().out


def test_a_signal_would_find_the_old_file_where_the_file_is_the_mount_so_it_is_a_restart(
    home: Homelab, host: LabHost
) -> None:
    deployed_and_changed(home, host, FILE, on_config_change="signal:HUP")
    home.deploy()
    eventually(lambda: host.docker("logs", "plex-web-1") == "one\ntwo", "the second reading")


def test_only_the_container_that_sees_the_file_is_restarted(home: Homelab, host: LabHost) -> None:
    home.add("plex", READS, FOLDER)
    beside = "  db:\n    image: homelab/demo:1\n    init: true\n"
    home.write("services/plex/compose.yml", (home.root / "services/plex/compose.yml").read_text() + beside)
    home.write("services/plex/config/app.yml", "one\n")
    home.commit()
    home.deploy()
    db = seen(host, "plex-db-1")
    home.write("services/plex/config/app.yml", "two\n")
    home.commit()
    home.deploy()
    assert seen(host, "plex-db-1") == db
    eventually(lambda: "two" in host.docker("logs", "plex-web-1"), "the second reading")


def test_a_changed_file_of_a_build_is_built_anew(home: Homelab, host: LabHost) -> None:
    home.write("services/plex/compose.yml", "services:\n  web:\n    build: .\n    init: true\n")
    home.write("services/plex/service.yaml", "host: h1\n")
    home.write("services/plex/Dockerfile", "FROM homelab/demo:1\nCOPY page /www/index.html\n")
    for content in ("one", "two"):
        home.write("services/plex/page", content)
        home.commit()
        home.deploy()
        assert host.docker("exec", "plex-web-1", "cat", "/www/index.html") == content
    assert "nothing to do" in home.deploy().out
