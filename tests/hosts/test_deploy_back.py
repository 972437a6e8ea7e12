"""What a deploy laid on a host and did not finish, or did for another service, is undone when the repo goes back."""

from __future__ import annotations

from typing import Any

from tests.hosts.homelab import CHECKOUT, Homelab, eventually, seen
from tests.lab import LabHost

READS = "command: [sh, -c, 'cat /config/*; exec sleep 1000']"
CONFIG = "services/plex/config/app.yml"


def a_plex(home: Homelab, **settings: Any) -> None:
    """plex, deployed, which has read `good` from its configuration."""
    home.add("plex", READS, "volumes: ['./config:/config:ro']", **settings)
    home.write(CONFIG, "good\n")
    home.commit()
    home.deploy()


def change(home: Homelab, content: str) -> str:
    home.write(CONFIG, content)
    return home.commit()


def test_a_file_that_made_its_service_fail_is_taken_back_and_the_service_reads_the_old_one(
    home: Homelab, host: LabHost
) -> None:
    says_good = {"command": "docker logs --tail 1 plex-web-1 | grep -q good"}
    a_plex(home, health=[says_good])
    change(home, "bad\n")
    assert home.inv("deploy-all", "--timeout", "1").status == 1
    assert host.docker("logs", "plex-web-1") == "good\nbad"
    change(home, "good\n")
    home.deploy()
    assert host.docker("logs", "plex-web-1") == "good\nbad\ngood"
    assert "nothing to do" in home.deploy().out


def test_a_file_that_came_with_the_deploy_of_another_service_is_taken_back_too(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    a_plex(home)
    home.add("blog", "image: homelab/demo:2")
    change(home, "bad\n")
    home.succeed("deploy", "blog")
    assert host.docker("exec", "plex-web-1", "cat", "/config/app.yml") == "bad"
    change(home, "good\n")
    home.succeed("deploy", "plex")
    assert host.docker("exec", "plex-web-1", "cat", "/config/app.yml") == "good"
    assert "nothing to do" in home.deploy().out


def test_a_service_that_was_not_meant_keeps_its_container_until_it_is(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    a_plex(home)
    plex = seen(host, "plex-web-1")
    home.add("blog", "image: homelab/demo:2")
    change(home, "better\n")
    home.succeed("deploy", "blog")
    assert seen(host, "plex-web-1") == plex
    assert "config/app.yml changed" in home.succeed("deploy", "plex").out
    eventually(lambda: host.docker("logs", "plex-web-1") == "good\nbetter", "the second reading")


def test_a_changed_image_that_failed_is_taken_back(home: Homelab, host: LabHost) -> None:
    home.add("plex")
    home.commit()
    home.deploy()
    home.add("plex", "image: homelab/demo:2", "command: 'false'")
    home.commit()
    assert home.inv("deploy-all").status == 1
    home.add("plex")
    home.commit()
    home.deploy()
    assert (seen(host, "plex-web-1").image, seen(host, "plex-web-1").status) == ("homelab/demo:1", "running")
    assert host.check("cat", f"{CHECKOUT}/services/plex/compose.yml").count("demo:2") == 0
