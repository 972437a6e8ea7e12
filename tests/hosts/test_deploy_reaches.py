"""Changes that Compose takes no notice of by itself: they reach the containers all the same."""

from __future__ import annotations

import json

from tests.hosts.homelab import Homelab, put, running, seen
from tests.lab import LabHost

LINES = "    image: homelab/demo:1\n    init: true\n"
TOKEN = f"services:\n  web:\n{LINES}    secrets: [token]\n    configs: [c]\n"
TOKEN += "secrets: {token: {environment: TOKEN}}\nconfigs: {c: {content: 'val=${A-}'}}\n"


def written(home: Homelab, name: str, text: str) -> None:
    home.write(f"services/{name}/compose.yml", text)
    home.write(f"services/{name}/service.yaml", "host: h1\n")


def changed(home: Homelab, old: str, new: str) -> str:
    """plex with this difference, deployed; nothing is left to do then. Gives what the deploy said."""
    home.replace("services/plex/compose.yml", old, new)
    home.commit()
    said = home.deploy().said
    assert "nothing to do" in home.deploy().said
    return said


def test_a_container_whose_profile_goes_off_is_removed(home: Homelab, host: LabHost) -> None:
    written(home, "plex", f"services:\n  web:\n{LINES}  was:\n{LINES}")
    home.commit()
    home.deploy()
    assert "was: removed" in changed(home, "  was:\n", "  was:\n    profiles: [x]\n")
    assert running(host) == ["plex-web-1"]
    by_hand = "cd /opt/homelab/services/plex && docker compose --project-name plex up --detach --no-deps was"
    host.check("sh", "-c", by_hand)
    assert running(host) == ["plex-was-1", "plex-web-1"]
    assert "was: removed" in home.inv("deploy-all", "--dry-run").said
    home.deploy()
    assert running(host) == ["plex-web-1"]
    changed(home, "    profiles: [x]\n", "")
    assert running(host) == ["plex-was-1", "plex-web-1"]


def test_scale_and_an_empty_entrypoint_count_in_both_directions(home: Homelab, host: LabHost) -> None:
    written(home, "plex", f"services:\n  web:\n{LINES}  also:\n{LINES}    command: [/init, httpd, -f]\n")
    home.commit()
    home.deploy()
    changed(home, "  web:\n", "  web:\n    scale: 0\n")
    assert running(host) == ["plex-also-1"]
    changed(home, "    scale: 0\n", "")
    assert running(host) == ["plex-also-1", "plex-web-1"]
    before = seen(host, "plex-also-1")
    changed(home, "    command:", "    entrypoint: []\n    command:")
    emptied = seen(host, "plex-also-1")
    changed(home, "    entrypoint: []\n", "")
    assert len({before.id, emptied.id, seen(host, "plex-also-1").id}) == 3


def test_a_secret_and_a_config_of_other_content_reach_the_container(home: Homelab, host: LabHost) -> None:
    written(home, "plex", TOKEN)
    home.commit()
    assert "TOKEN has no value on h1" in home.inv("deploy-all", "--yes").said
    put(host, "services/plex/.env", "TOKEN=first\n")
    home.deploy()
    for token, a in (("second", "1"), ("second", "2"), ("third", "2")):
        put(host, "services/plex/.env", f"TOKEN={token}\nA={a}\n")
        done = home.deploy()
        assert token not in done.said
        read = host.docker("exec", "plex-web-1", "cat", "/run/secrets/token", "/c").split("val=")
        assert read == [token, a]
    assert "nothing to do" in home.deploy().said


def test_a_container_that_was_made_and_never_started_is_made_again_with_all_that_it_gets(
    home: Homelab, host: LabHost
) -> None:
    written(home, "plex", TOKEN)
    home.commit()
    put(host, "services/plex/.env", "TOKEN=first\n")
    home.deploy()
    host.docker("rm", "--force", "plex-web-1")
    failing = "docker compose --project-name plex up --detach"
    host.check("sh", "-c", f"cd /opt/homelab/services/plex && mv .env away && ! {failing} && mv away .env")
    assert seen(host, "plex-web-1").status == "created"
    home.deploy()
    assert host.docker("exec", "plex-web-1", "cat", "/run/secrets/token") == "first"


NETWORK = f"services:\n  web:\n{LINES}    networks: [n]\n  db:\n{LINES}networks:\n  n:\n    driver: bridge\n"


def internal(host: LabHost) -> bool:
    (network,) = json.loads(host.docker("network", "inspect", "plex_n"))
    names = {container["Name"] for container in network["Containers"].values()}
    assert names == {"plex-web-1"}
    return bool(network["Internal"])


def test_a_changed_network_is_made_anew_with_the_containers_on_it(home: Homelab, host: LabHost) -> None:
    written(home, "plex", NETWORK)
    home.commit()
    home.deploy()
    db = seen(host, "plex-db-1")
    said = changed(home, "driver: bridge\n", "driver: bridge\n    internal: true\n")
    assert "network n: internal true; its containers are made anew" in said
    assert internal(host)
    changed(home, "    internal: true\n", "    ipam: {config: [{subnet: 10.99.0.0/24}]}\n")
    assert not internal(host)
    assert seen(host, "plex-db-1") == db


def with_a_change_that_fails(home: Homelab) -> None:
    """A deployed network is to be internal, and a container on it does not come up."""
    written(home, "plex", NETWORK)
    home.commit()
    home.deploy()
    home.replace("services/plex/compose.yml", "driver: bridge\n", "driver: bridge\n    internal: true\n")
    home.replace("services/plex/compose.yml", "    networks: [n]\n", "    networks: [n]\n    command: ['false']\n")
    home.commit()


def test_a_failed_deploy_puts_a_changed_network_back(home: Homelab, host: LabHost) -> None:
    with_a_change_that_fails(home)
    done = home.inv("deploy-all", "--yes", "--on-failure", "revert")
    assert (done.status, "all is as before" in done.said) == (1, True)
    assert not internal(host)


PROXY = f"services:\n  web:\n{LINES}    networks: [n]\nnetworks: {{n: {{name: proxy}}}}\n"
DOWN = "docker compose --project-name use down (volumes stay)"


def shared(home: Homelab) -> None:
    """`proxy` has a network, and `use` is on it."""
    written(home, "proxy", PROXY)
    written(home, "use", PROXY.replace("name: proxy", "name: proxy, external: true"))
    home.commit()
    home.deploy()


def test_a_network_that_no_failed_deploy_changed_stays_whatever_the_clocks_say(home: Homelab, host: LabHost) -> None:
    shared(home)
    host.check("sed", "-i", 's/"at":"20[0-9]*/"at":"2020/', "/opt/homelab/.git/homelab/state.jsonl")
    of_host = (host.docker("network", "inspect", "--format", "{{.Id}}", "proxy"), seen(host, "use-web-1"))
    home.replace("services/proxy/compose.yml", "    networks: [n]\n", "    networks: [n]\n    command: ['false']\n")
    home.commit()
    assert home.inv("deploy-all", "--yes", "--on-failure", "keep").status == 1
    home.replace("services/proxy/compose.yml", "    command: ['false']\n", "")
    home.commit()
    home.deploy()
    assert (host.docker("network", "inspect", "--format", "{{.Id}}", "proxy"), seen(host, "use-web-1")) == of_host
    assert running(host) == ["proxy-web-1", "use-web-1"]


def test_a_failed_change_of_a_network_that_is_kept_is_undone_by_the_next_deploy(home: Homelab, host: LabHost) -> None:
    with_a_change_that_fails(home)
    assert home.inv("deploy-all", "--yes", "--on-failure", "keep").status == 1
    home.git("revert", "--no-edit", "HEAD")
    home.deploy()
    assert not internal(host)


def test_who_is_on_a_changed_network_and_does_not_run_is_told_before_anything_changes(
    home: Homelab, host: LabHost
) -> None:
    shared(home)
    host.docker("stop", "--time", "1", "use-web-1")
    host.docker("run", "--detach", "--init", "--network", "proxy", "--name", "mine", "homelab/demo:1")
    home.replace("services/proxy/compose.yml", "name: proxy", "name: proxy, internal: true")
    home.commit()
    refused = "network proxy has to be made anew on h1, and use is on it"
    assert f"{refused}; on h1: {DOWN}" in home.inv("deploy-all", "--dry-run").said
    host.docker("compose", "--project-name", "use", "down")
    assert "mine is on it; docker container rm --force mine" in home.inv("deploy-all", "--yes").said
    host.docker("container", "rm", "--force", "mine")
    home.deploy()
    assert running(host) == ["proxy-web-1", "use-web-1"]


def test_a_secret_that_was_handed_on_before_the_host_had_a_key_is_no_other_one(home: Homelab, host: LabHost) -> None:
    written(home, "plex", TOKEN)
    home.commit()
    put(host, "services/plex/.env", "TOKEN=first\n")
    home.deploy()
    first = seen(host, "plex-web-1")
    home.write("services/plex/unused.txt", "x\n")
    home.commit()
    assert "secret" not in home.deploy().said
    assert seen(host, "plex-web-1") == first


def test_a_volume_that_is_to_be_another_one_is_told_before_anything_changes(home: Homelab, host: LabHost) -> None:
    volume = f"services:\n  web:\n{LINES}    volumes: ['data:/data']\nvolumes:\n  data:\n    labels: {{a: b}}\n"
    written(home, "plex", volume)
    home.commit()
    home.deploy()
    options = "driver_opts: {type: tmpfs, device: tmpfs}\n"
    home.replace("services/plex/compose.yml", "labels: {a: b}\n", options)
    home.commit()
    assert "volume data is to be another one on h1 (driver_opts changed)" in home.inv("deploy-all", "--yes").said
    host.docker("compose", "--project-name", "plex", "down")
    host.docker("volume", "rm", "plex_data")
    home.deploy()
    assert json.loads(host.docker("volume", "inspect", "plex_data"))[0]["Options"] == {
        "type": "tmpfs",
        "device": "tmpfs",
    }


def test_a_dockerfile_beside_its_context_and_other_contexts_are_built_anew(home: Homelab, host: LabHost) -> None:
    build = "{context: ./app, dockerfile: ../docker/Dockerfile, additional_contexts: {conf: ./conf}}"
    written(home, "plex", f"services:\n  web:\n    build: {build}\n    init: true\n")
    home.write("services/plex/app/page", "one\n")
    home.write("services/plex/conf/x", "one\n")
    home.write("services/plex/docker/Dockerfile", "FROM homelab/demo:1\nCOPY page /www/one\n")
    home.commit()
    home.deploy()
    assert host.docker("exec", "plex-web-1", "ls", "/www/one") == "/www/one"
    home.write("services/plex/docker/Dockerfile", "FROM homelab/demo:1\nCOPY page /www/two\n")
    home.commit()
    home.deploy()
    assert host.docker("exec", "plex-web-1", "ls", "/www/two") == "/www/two"
    host.docker("rmi", "--force", "plex-web")
    home.deploy("--force")
    assert host.docker("images", "--quiet", "plex-web") != ""
