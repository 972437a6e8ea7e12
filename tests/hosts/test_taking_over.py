"""Stacks that were started by hand or with another tool, and are ours from now on: nothing is lost on the way."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, put, running, seen
from tests.lab import LabHost

# One container with a volume, and `%s` for more lines of it
STACK = """\
services:
  web:
    image: homelab/demo:1
    init: true
    volumes: ["config:/data"%s]
volumes: {config: {}}
"""
PLAIN = STACK % ""
WITH_FOLDER = STACK % ', "./here:/here"'


def by_hand(host: LabHost, folder: str, compose: str, command: str = "docker compose up --detach") -> None:
    """Start a stack as a person does, and have it keep something."""
    host.check("mkdir", "-p", folder)
    assert host.exec("tee", f"{folder}/compose.yml", stdin=compose.encode()).returncode == 0
    host.check("sh", "-c", f"cd {folder} && {command}")
    name = running(host)[-1]
    host.docker("exec", name, "sh", "-c", "echo mine > /data/kept; [ ! -d /here ] || echo mine > /here/kept")


def kept(host: LabHost, name: str, path: str = "/data/kept") -> str:
    return host.docker("exec", name, "sh", "-c", f"cat {path} 2>/dev/null || true")


def add(home: Homelab, compose: str, name: str = "plex") -> None:
    home.write(f"services/{name}/compose.yml", compose)
    home.write(f"services/{name}/service.yaml", "host: h1\n")
    home.commit()


def refused(home: Homelab, *sentences: str) -> None:
    """The deploy and its dry run say so, and nothing happens."""
    for words in (("deploy", "plex", "--dry-run"), ("deploy", "plex")):
        done = home.inv(*words)
        assert done.status == 1, done.said
        for sentence in sentences:
            assert sentence in done.said


# How others start a stack called plex; Portainer does it in its own container, whose folder no host has
COMMANDS = {
    "by hand": "cd /srv/stacks/plex && docker compose up --detach",
    "compose-farm": "cd / && docker compose --file /srv/stacks/plex/compose.yml up --detach",
    "Portainer": (
        "mkdir --parents /data/compose/5 && cp /srv/stacks/plex/compose.yml /data/compose/5/docker-compose.yml && "
        "docker compose --project-name plex --file /data/compose/5/docker-compose.yml up --detach && rm -r /data"
    ),
}


@pytest.mark.parametrize("tool", COMMANDS)
def test_a_stack_that_is_called_as_its_service_is_taken_over_without_a_restart(
    home: Homelab, host: LabHost, tool: str
) -> None:
    by_hand(host, "/srv/stacks/plex", PLAIN, COMMANDS[tool])
    before = seen(host, "plex-web-1")
    add(home, PLAIN)
    assert "plex update: runs here, not yet recorded, requested" in home.succeed("deploy", "plex").said
    assert seen(host, "plex-web-1") == before
    assert kept(host, "plex-web-1") == "mine"
    assert home.succeed("deploy", "plex").out.startswith("nothing to do:")


def test_what_lies_beside_its_old_compose_file_is_not_left_behind(home: Homelab, host: LabHost) -> None:
    by_hand(host, "/srv/stacks/plex", WITH_FOLDER)
    before = seen(host, "plex-web-1")
    add(home, WITH_FOLDER)
    down = "docker compose --project-name plex down"
    move = f"{down} (volumes stay), move them to {CHECKOUT}/services/plex, deploy again"
    refused(home, f"plex: runs on h1 from /srv/stacks/plex, and ./here would be left behind there; on h1: {move}")
    assert seen(host, "plex-web-1") == before
    host.check(*down.split())
    host.check("sh", "-c", f"mkdir -p {CHECKOUT}/services/plex && mv /srv/stacks/plex/here {CHECKOUT}/services/plex/")
    host.check("chown", "-R", "admin:", CHECKOUT)
    home.succeed("deploy", "plex")
    assert (kept(host, "plex-web-1"), kept(host, "plex-web-1", "/here/kept")) == ("mine", "mine")


def test_a_stack_of_another_name_keeps_its_volumes_with_that_name(home: Homelab, host: LabHost) -> None:
    by_hand(host, "/srv/stacks/media", PLAIN)
    before = seen(host, "media-web-1")
    add(home, PLAIN)
    what = "plex: volume plex_config would be new and empty on h1, where the same runs as compose project media"
    refused(home, what, "write name: media at the top of services/plex/compose.yml to take it over")
    assert running(host) == ["media-web-1"]
    add(home, f"name: media\n{PLAIN}")
    home.succeed("deploy", "plex")
    assert seen(host, "media-web-1") == before
    assert kept(host, "media-web-1") == "mine"


def test_a_volume_of_another_name_is_used_once_it_is_named(home: Homelab, host: LabHost) -> None:
    """Where one old stack becomes several services, they cannot all have its name."""
    by_hand(host, "/srv/stacks/media", PLAIN)
    host.check("sh", "-c", "cd /srv/stacks/media && docker compose down")
    add(home, PLAIN.replace("config: {}", "config: {name: media_config, external: true}"))
    home.succeed("deploy", "plex")
    assert running(host) == ["plex-web-1"]
    assert kept(host, "plex-web-1") == "mine"


def test_who_wants_to_begin_anew_says_so_by_making_the_volume(home: Homelab, host: LabHost) -> None:
    by_hand(host, "/srv/stacks/media", PLAIN)
    add(home, PLAIN)
    host.docker("volume", "create", "plex_config")
    home.succeed("deploy", "plex")
    assert running(host) == ["media-web-1", "plex-web-1"]
    assert kept(host, "plex-web-1") == ""


def test_a_container_name_that_another_stack_has_is_told_before_anything_starts(home: Homelab, host: LabHost) -> None:
    named = PLAIN.replace("init: true", "container_name: plex").replace('"config:/data"', "config:/data")
    by_hand(host, "/srv/stacks/media", named)
    add(home, named.replace("config: {}", "config: {name: media_config, external: true}"))
    move = "on h1: docker rm --force plex, which keeps its volumes"
    refused(home, f"plex: container plex on h1 is of compose project media, started in /srv/stacks/media; {move}")
    host.docker("rm", "--force", "plex")
    home.succeed("deploy", "plex")
    assert kept(host, "plex") == "mine"


def test_containers_of_the_old_stack_that_are_not_in_the_repo_are_not_removed(home: Homelab, host: LabHost) -> None:
    more = PLAIN.replace("volumes: {config", "  db: {image: homelab/demo:1, init: true}\nvolumes: {config")
    by_hand(host, "/srv/stacks/plex", more)
    add(home, PLAIN)
    what = "plex: container plex-db-1 on h1 is of the same compose project (plex), not in services/plex/compose.yml"
    refused(home, f"{what}, and would be removed; add it there, or on h1: docker rm --force plex-db-1")
    assert running(host) == ["plex-db-1", "plex-web-1"]
    add(home, more)
    home.succeed("deploy", "plex")
    assert running(host) == ["plex-db-1", "plex-web-1"]


def test_an_instance_that_a_justfile_started_in_its_folder_is_told_to_be_called_otherwise(
    home: Homelab, host: LabHost
) -> None:
    """`cd services/sonarr/anime && docker compose up` calls the project anime, as it does for radarr/anime."""
    bind = PLAIN.replace('"config:/data"', "/srv/sonarr:/data").replace("volumes: {config: {}}\n", "")
    by_hand(host, f"{CHECKOUT}/services/sonarr/anime", bind)
    host.check("chown", "-R", "admin:", CHECKOUT)
    add(home, bind, "sonarr/anime")
    done = home.inv("deploy", "sonarr")
    move = "on h1: docker compose --project-name anime down (volumes stay), deploy again"
    assert f"sonarr-anime: runs on h1 as compose project anime, started in the same folder; {move}" in done.said
    host.docker("compose", "--project-name", "anime", "down")
    host.check("rm", f"{CHECKOUT}/services/sonarr/anime/compose.yml")
    home.succeed("deploy", "sonarr")
    assert running(host) == ["sonarr-anime-web-1"]
    assert kept(host, "sonarr-anime-web-1") == "mine"


def test_a_checkout_that_somebody_cloned_by_hand_is_taken_over(home: Homelab, host: LabHost) -> None:
    """As a Justfile's homelab has it: the same folder, the same names."""
    add(home, WITH_FOLDER)
    host.check("chown", "-R", "admin:", CHECKOUT)
    bundle = home.root.with_name("homelab.bundle")
    home.git("bundle", "create", str(bundle), "main")
    assert host.exec("tee", "/tmp/homelab.bundle", stdin=bundle.read_bytes()).returncode == 0
    clone = host.exec("git", "clone", "--quiet", "--branch", "main", "/tmp/homelab.bundle", CHECKOUT, user="admin")
    assert clone.returncode == 0, clone.stderr
    host.check("sh", "-c", f"cd {CHECKOUT}/services/plex && docker compose up --detach")
    before = seen(host, "plex-web-1")
    home.succeed("deploy", "plex")
    assert seen(host, "plex-web-1") == before


# What a container gets of a file beside its compose file
HANDED_ON = PLAIN.replace("    volumes:", "    configs: [app]\n    secrets: [key]\n    volumes:") + (
    "configs: {app: {file: ./app.conf}}\nsecrets: {key: {file: ./secrets/key}}\n"
)


def test_configs_and_secrets_are_those_of_the_repo_from_the_first_deploy_on(home: Homelab, host: LabHost) -> None:
    """Compose itself would leave the container alone, with the files of the old folder."""
    host.check(
        "sh", "-c", "mkdir -p /srv/stacks/plex/secrets && cd /srv/stacks/plex && echo one | tee app.conf secrets/key"
    )
    by_hand(host, "/srv/stacks/plex", HANDED_ON)
    home.write("services/plex/app.conf", "two\n")
    home.write("services/plex/secrets/key", "two\n")
    add(home, HANDED_ON)
    said = home.succeed("deploy", "plex").said
    assert f"config app of /srv/stacks/plex -> {CHECKOUT}/services/plex/app.conf" in said
    assert kept(host, "plex-web-1", "/app /run/secrets/key") == "two\ntwo"
    assert kept(host, "plex-web-1") == "mine"
    host.check("rm", "-r", "/srv/stacks/plex")
    home.succeed("restart", "plex")
    assert home.succeed("deploy", "plex").out.startswith("nothing to do:")


def test_a_secret_that_no_commit_has_is_missed_before_anything_changes(home: Homelab, host: LabHost) -> None:
    home.write(".gitignore", "secrets/\n")
    host.check(
        "sh", "-c", "mkdir -p /srv/stacks/plex/secrets && cd /srv/stacks/plex && echo one | tee app.conf secrets/key"
    )
    by_hand(host, "/srv/stacks/plex", HANDED_ON)
    before = seen(host, "plex-web-1")
    home.write("services/plex/app.conf", "two\n")
    add(home, HANDED_ON)
    what = f"plex: {CHECKOUT}/services/plex/secrets/key, the file of secret key, is missing on h1"
    refused(home, f"{what}; on h1: copy it there from /srv/stacks/plex/secrets/key")
    assert seen(host, "plex-web-1") == before
    host.check("chown", "-R", "admin:", "/opt/homelab")
    put(host, "services/plex/secrets/key", "one\n")
    home.succeed("deploy", "plex")
    assert kept(host, "plex-web-1", "/app /run/secrets/key") == "two\none"
    host.check("rm", f"{CHECKOUT}/services/plex/secrets/key")
    home.write("services/plex/app.conf", "three\n")
    home.commit()
    refused(home, f"{what}; put it there, or commit it if it is no secret")
