"""What a host lacks or forbids: named with the command that mends it, which the tests then run."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, running
from tests.lab import LabHost


@contextmanager
def without(host: LabHost, path: str) -> Iterator[None]:
    """The host as if a program were not installed."""
    away = f"{path.rpartition('/')[0]}/.away"
    host.check("mv", path, away)
    try:
        yield
    finally:
        host.check("/bin/busybox" if path.endswith("/bash") else "env", "mv", away, path)


COMPOSE = "/usr/libexec/docker/cli-plugins/docker-compose"
MISSING = {
    "/usr/bin/git": "git is not installed on h1; install it there",
    "/usr/bin/docker": "docker is not installed on h1; install Docker Engine and Compose v2 there",
    "/usr/bin/tar": "tar is not installed on h1; install it there",
    "/usr/bin/flock": "flock is not installed on h1; install it there",
    COMPOSE: "Docker Compose v2 is not installed on h1; install its plugin there",
}


@pytest.mark.parametrize("path", MISSING)
def test_a_program_that_a_host_lacks_is_named_and_the_other_hosts_are_deployed(
    home: Homelab, hosts: tuple[LabHost, ...], path: str
) -> None:
    home.add("blog", host="h1")
    home.add("wiki", host="h2")
    home.commit()
    with without(hosts[0], path):
        done = home.inv("deploy-all")
    assert done.status == 1
    assert MISSING[path] in done.said
    assert (running(hosts[0]), running(hosts[1])) == ([], ["wiki-web-1"])
    home.deploy()
    assert running(hosts[0]) == ["blog-web-1"]


CHECK = "healthcheck: {test: [CMD, 'true'], start_period: 9s, start_interval: 1s}"
# All of it is the real one but the number in the Engine's answers
OLD = """#!/bin/bash
[ "$2" = dial-stdio ] || exec /usr/bin/docker "$@"
/usr/bin/docker "$@" | sed --unbuffered 's,^Server: Docker/[^ ]*,Server: Docker/20.10.24,'
"""


def test_what_an_older_engine_cannot_do_is_told_before_anything_changes_and_by_dry_runs(
    home: Homelab, host: LabHost
) -> None:
    home.add("blog")
    home.add("plex", CHECK)
    home.commit()
    host.check("tee", "/usr/local/bin/docker", stdin=OLD.encode())
    host.check("chmod", "755", "/usr/local/bin/docker")
    try:
        runs = [home.inv("deploy-all", "--yes", *words) for words in ([], ["--dry-run"])]
    finally:
        host.check("rm", "/usr/local/bin/docker")
    told = "services/plex/compose.yml:5:74: start_interval of plex needs Docker Engine 25, and h1 has 20.10.24"
    assert [(done.status, told in done.said) for done in runs] == [(1, True), (1, True)]
    assert running(host) == []
    assert "plex h1 created, healthy" in home.deploy().said


def test_a_host_without_bash_is_named(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    host.check("usermod", "--shell", "/bin/sh", "admin")
    try:
        with without(host, "/usr/bin/bash"):
            assert "bash is not installed on h1; install it there" in home.inv("deploy-all").said
    finally:
        host.check("usermod", "--shell", "/bin/bash", "admin")


def test_a_user_outside_the_docker_group_gets_the_command_that_mends_it(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    host.check("gpasswd", "--delete", "admin", "docker")
    done = home.inv("deploy-all")
    assert done.status == 1
    told = "admin may not use docker on h1; on h1: sudo usermod -aG docker admin"
    assert told in done.said
    host.check(*told.partition("sudo ")[2].split())
    home.deploy()


@pytest.mark.parametrize("fault", ["chown root: /opt/homelab", "rm -r /opt/homelab"])
def test_a_checkout_that_may_not_be_written_gets_the_command_that_mends_it(
    home: Homelab, host: LabHost, fault: str
) -> None:
    home.add("blog")
    home.commit()
    host.check(*fault.split())
    done = home.inv("deploy-all")
    assert done.status == 1
    told = "cannot write /opt/homelab on h1 (permission denied); on h1: sudo install -d -o admin /opt/homelab"
    assert told in done.err
    host.check(*told.partition("sudo ")[2].split())
    home.deploy()


def test_a_checkout_of_another_user_gets_the_command_that_mends_it(home: Homelab, host: LabHost) -> None:
    home.add("blog")
    home.commit()
    home.deploy()
    host.check("chown", "-R", "root:", CHECKOUT)
    home.add("blog", "image: homelab/demo:2")
    home.commit()
    told = "/opt/homelab on h1 belongs to another user; on h1: sudo chown -R admin: /opt/homelab"
    assert told in home.inv("deploy-all").said
    host.check(*told.partition("sudo ")[2].split())
    home.deploy()
