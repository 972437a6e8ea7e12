"""Deploys of what is new, and of what is not: nothing that is unchanged is touched."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, containers, head, put, running, seen
from tests.lab import LabHost


def test_a_first_deploy_brings_the_commit_and_the_containers_to_hosts_that_have_nothing(
    home: Homelab, hosts: tuple[LabHost, ...]
) -> None:
    home.add("vpn", host="h1")
    home.add("plex", host="h2", depends_on=["vpn"])
    commit = home.commit()
    done = home.inv("deploy", "plex")
    assert (done.status, done.err) == (0, "")
    assert (head(hosts[0]), head(hosts[1])) == (commit, commit)
    assert (running(hosts[0]), running(hosts[1]), running(hosts[2])) == (["vpn-web-1"], ["plex-web-1"], [])
    assert hosts[2].check("ls", "-A", CHECKOUT) == ""


def test_a_deploy_with_nothing_to_do_starts_no_process_and_touches_no_container(home: Homelab, host: LabHost) -> None:
    home.add("vpn", "healthcheck: {test: [CMD, 'true'], interval: 1h, start_period: 1s}")
    home.add("plex")
    commit = home.commit()
    home.deploy()
    before, since = containers(host), host.check("date", "+%s.%N")
    done = home.deploy()
    assert done.out == f"nothing to do: 2 services on h1 are as the repo says ({commit[:7]})\n"
    assert containers(host) == before
    until = host.check("date", "+%s.%N")
    assert host.docker("events", "--since", since, "--until", until) == ""


def test_only_the_service_whose_files_changed_gets_a_new_container(home: Homelab, host: LabHost) -> None:
    home.add("vpn")
    home.add("plex", "environment: {TOKEN: hush-one}", depends_on=["vpn"])
    home.commit()
    home.deploy()
    vpn, plex = seen(host, "vpn-web-1"), seen(host, "plex-web-1")
    home.add("plex", "image: homelab/demo:2", "environment: {TOKEN: hush-two, TZ: UTC}", depends_on=["vpn"])
    home.commit()
    done = home.deploy()
    assert "image 1 -> 2" in done.out
    assert "environment + TZ" in done.out
    assert "environment ~ TOKEN" in done.out
    assert "hush" not in done.out
    assert seen(host, "vpn-web-1") == vpn
    assert seen(host, "plex-web-1").id != plex.id
    assert seen(host, "plex-web-1").image == "homelab/demo:2"


def test_a_change_that_no_container_sees_is_delivered_and_restarts_nothing(home: Homelab, host: LabHost) -> None:
    home.add("plex")
    home.commit()
    home.deploy()
    before = containers(host)
    home.write("services/plex/notes.txt", "remember the milk\n")
    commit = home.commit()
    done = home.deploy()
    assert "recorded" in done.out
    assert containers(host) == before
    assert head(host) == commit
    assert home.deploy().out == f"nothing to do: plex on h1 is as the repo says ({commit[:7]})\n"


@pytest.mark.parametrize("path", ["README.md", "services/plex/README.md"])
def test_a_commit_that_changes_a_readme_only_needs_no_deploy(home: Homelab, host: LabHost, path: str) -> None:
    home.add("plex")
    commit = home.commit()
    home.deploy()
    home.write(path, "how to use it\n")
    later = home.commit()
    assert home.deploy().out == f"nothing to do: plex on h1 is as the repo says ({later[:7]})\n"
    assert head(host) == commit


def test_a_changed_env_file_on_the_host_recreates_its_service_and_no_other(home: Homelab, host: LabHost) -> None:
    put(host, "services/plex/.env", "TOKEN=hush-one\n")
    home.write(".gitignore", ".env\n")
    home.add("vpn")
    home.add("plex", "environment: {TOKEN: '${TOKEN:?}'}")
    home.commit()
    home.deploy()
    vpn = seen(host, "vpn-web-1")
    put(host, "services/plex/.env", "TOKEN=hush-two\n")
    for words in (
        ["status"],
        ["show", "plex"],
        ["deploy-all", "--dry-run"],
        ["deploy-all", "--dry-run", "--format=json"],
    ):
        assert "hush" not in home.succeed(*words).said
    done = home.deploy("--verbose")
    assert ".env changed" in done.out
    assert "environment ~ TOKEN" in done.out
    assert "hush" not in done.out
    assert host.docker("exec", "plex-web-1", "sh", "-c", "echo $TOKEN") == "hush-two"
    assert seen(host, "vpn-web-1") == vpn


def test_no_record_on_the_host_is_readable_by_others(home: Homelab, host: LabHost) -> None:
    home.add("plex", "environment: {TOKEN: hush}")
    home.commit()
    home.deploy()
    state = f"{CHECKOUT}/.git/homelab"
    assert host.check("find", state, "-perm", "/077") == ""
    assert host.check("stat", "--format", "%U %a", state) == "admin 700"


def test_instances_of_the_same_name_in_two_apps_do_not_share_a_project(home: Homelab, host: LabHost) -> None:
    home.add("sonarr/anime")
    home.add("sonarr/tv")
    home.add("radarr/anime")
    home.commit()
    home.succeed("deploy", "sonarr")
    assert running(host) == ["sonarr-anime-web-1", "sonarr-tv-web-1"]
    home.succeed("deploy", "radarr-anime")
    radarr = seen(host, "radarr-anime-web-1")
    home.succeed("destroy", "sonarr-anime", "--yes")
    assert running(host) == ["radarr-anime-web-1", "sonarr-tv-web-1"]
    assert seen(host, "radarr-anime-web-1") == radarr


def test_a_changed_env_file_that_compose_names_counts_too_and_profiles_and_replicas_are_composes_business(
    home: Homelab, host: LabHost
) -> None:
    put(host, "services/plex/secret.env", "TOKEN=hush-one\n")
    home.write(".gitignore", "*.env\n")
    home.add("plex", "env_file: secret.env", "deploy: {replicas: 2}")
    debug = "  debug:\n    image: homelab/demo:1\n    init: true\n    profiles: [debug]\n"
    home.write("services/plex/compose.yml", (home.root / "services/plex/compose.yml").read_text() + debug)
    home.commit()
    home.deploy()
    assert running(host) == ["plex-web-1", "plex-web-2"]
    assert "nothing to do" in home.deploy().out
    put(host, "services/plex/secret.env", "TOKEN=hush-two\n")
    done = home.deploy()
    assert "secret.env changed" in done.out
    assert "hush" not in done.out
    assert host.docker("exec", "plex-web-2", "sh", "-c", "echo $TOKEN") == "hush-two"
