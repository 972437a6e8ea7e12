"""`inv doctor` on real hosts: what was broken is named with the command that mends it."""

from __future__ import annotations

from contextlib import ExitStack
from typing import Any

import pytest

from tests.hosts.homelab import CHECKOUT, Done, Homelab, put
from tests.hosts.test_host_lacks import COMPOSE, without
from tests.lab import Lab, LabHost


@pytest.fixture
def home(home: Homelab) -> Homelab:
    home.add("blog")
    home.commit()
    return home


def found(done: Done, place: str, state: str = "problem") -> dict[str, str]:
    """What is in this state at a place: topic -> what was said and what mends it."""
    rows: list[dict[str, Any]] = done.json["findings"]
    return {r["topic"]: f"{r['said']}; {r['mend']}" for r in rows if (r["place"], r["state"]) == (place, state)}


def examined(home: Homelab, *words: str) -> Done:
    return home.inv("doctor", "--format", "json", *words)


def test_hosts_that_have_everything_are_well(home: Homelab) -> None:
    done = home.inv("doctor")
    assert (done.status, done.err) == (0, "")
    assert [line for line in done.out.splitlines() if " problem " in line] == []
    assert done.out.splitlines()[-1].startswith("all is well")
    asked = examined(home)
    well = found(asked, "h1", "ok")
    assert well["docker"].startswith("engine ")
    assert well["path"] == "/opt/homelab, nothing deployed yet; "
    assert well["clock"] == "the same as here; "
    assert found(asked, "this machine", "ok")["known_hosts"] == "knows h1, h2, h3; "


def test_one_host_alone_is_asked_for_by_its_name(home: Homelab) -> None:
    done = examined(home, "--host", "h2")
    assert {row["place"] for row in done.json["findings"]} == {"this machine", "h2"}


def test_a_host_that_is_off_is_one_problem_and_holds_up_nobody(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.replace("hosts.yaml", "user: admin", "user: admin\n  connect_timeout: 2")
    hosts[1].cut()
    done = examined(home)
    assert (done.status, done.seconds < 8) == (1, True)
    assert list(found(done, "h2")) == ["reachable"]
    assert list(found(done, "h2", "ok")) == []
    assert "no answer within 1 s" in found(done, "h2")["reachable"]
    assert found(done, "h1") == found(done, "h3") == {}


def test_a_docker_that_hangs_hides_nothing_else(home: Homelab, host: LabHost) -> None:
    host.kill_docker()
    done = examined(home, "--host", "h1")
    assert "the docker daemon on h1 does not answer" in found(done, "h1")["deploys"]
    assert "git" in found(done, "h1", "ok")["tools"]


def test_everything_that_is_broken_is_told_at_once_and_its_commands_mend_it(home: Homelab, host: LabHost) -> None:
    host.check("gpasswd", "--delete", "admin", "docker")
    host.check("rm", "-r", CHECKOUT)
    with ExitStack() as faults:
        faults.enter_context(without(host, "/usr/bin/flock"))
        told = found(examined(home, "--host", "h1"), "h1")
    assert told["path"].endswith("on h1: sudo install -d -o admin /opt/homelab")
    said = home.inv("doctor", "--host", "h1").said
    move = "on h1: sudo usermod -aG docker admin"
    assert move in said
    for mend in (move, "on h1: sudo install -d -o admin /opt/homelab"):
        host.check(*mend.partition("sudo ")[2].split())
    assert home.inv("doctor", "--host", "h1").status == 0


@pytest.mark.parametrize(
    ("path", "said"),
    [
        ("/usr/bin/git", "git is not installed on h1"),
        (COMPOSE, "Docker Compose v2 is not installed on h1"),
        ("/usr/bin/flock", "flock is not installed on h1"),
    ],
)
def test_a_tool_that_is_not_there_is_named(home: Homelab, host: LabHost, path: str, said: str) -> None:
    with without(host, path):
        assert said in found(examined(home, "--host", "h1"), "h1")["deploys"]


def test_a_tool_that_is_too_old_is_named(home: Homelab, host: LabHost) -> None:
    put_program(
        host,
        "/usr/local/bin/git",
        'if [ "$1" = --version ]; then echo git version 2.20.1; else exec /usr/bin/git "$@"; fi',
    )
    try:
        assert found(examined(home, "--host", "h1"), "h1") == {"git": "2.20.1 is too old; on h1: install 2.29 or later"}
    finally:
        host.check("rm", "/usr/local/bin/git")


def test_a_checkout_in_disorder_is_told(home: Homelab, host: LabHost) -> None:
    home.deploy()
    put(host, "services/blog/compose.yml", "services: {}\n")
    put(host, ".git/index.lock", "")
    host.check("touch", "-d", "-2 hours", f"{CHECKOUT}/.git/index.lock")
    told = found(examined(home, "--host", "h1"), "h1")
    assert told["edits"].startswith("edited there: services/blog/compose.yml; on h1: git -C /opt/homelab diff")
    assert told["lock"] == "Git's own, left for 120 min; on h1: rm /opt/homelab/.git/index.lock"


def test_a_full_disk_is_told(home: Homelab, host: LabHost) -> None:
    host.fill_disk(free=100)
    assert found(examined(home, "--host", "h1"), "h1")["disk"].endswith("free on /opt/homelab; inv cleanup --host h1")


def test_a_host_key_that_nobody_knows_is_told_here_and_there(
    home: Homelab, lab: Lab, hosts: tuple[LabHost, ...]
) -> None:
    empty = home.root.parent / "known_hosts"
    empty.write_text("")
    home.inventory(lab, hosts, defaults={"known_hosts": str(empty)})
    done = examined(home, "--host", "h1")
    told = found(done, "this machine")["known_hosts"]
    assert told.endswith("is not known; inv setup h1, which shows it and asks")
    assert "unknown host key ssh-ed25519" in found(done, "h1")["reachable"]


def test_without_keys_the_first_thing_to_make_is_one(home: Homelab, lab: Lab) -> None:
    home.replace("hosts.yaml", f"  identity_file: {lab.identity_file}\n", "")
    told = found(examined(home, "--host", "h1"), "this machine")
    assert told["ssh keys"] == "none in ~/.ssh, none in an agent; ssh-keygen -t ed25519"


def test_a_repo_with_errors_is_examined_as_far_as_it_can_be_read(home: Homelab) -> None:
    home.write("services/blog/service.yaml", "host: h9\n")
    done = examined(home, "--host", "h1")
    assert found(done, "this machine")["repo"].startswith("1 error in the files of ")
    assert found(done, "h1") == {}


def put_program(host: LabHost, path: str, body: str) -> None:
    host.check("tee", path, stdin=f"#!/bin/bash\n{body}\n".encode())
    host.check("chmod", "755", path)
