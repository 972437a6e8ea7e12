"""A container's health test is run early: often inside the container, seldom as an exec, and given up when it hangs."""

from __future__ import annotations

import io
import json
import tarfile
from pathlib import Path

from homelab_tasks.early import ROUND
from tests.hosts.homelab import Homelab, events, now
from tests.lab import LabHost

BUSYBOX = Path("/bin/busybox")
BARE = "homelab/bare:1"  # a program and no shell


def late(*lines: str) -> tuple[str, str]:
    """A container that runs these lines and then does nothing, with its own health check left to us."""
    command = ["sh", "-c", "; ".join([*lines, "exec sleep 1000"])]
    return f"command: {json.dumps(command)}", "restart: always"


def check(test: str | list[str], **more: str) -> str:
    """A health check that Docker itself runs an hour from now."""
    return f"healthcheck: {json.dumps({'test': test, 'interval': '1h', **more})}"


def test_many_tests_are_one_exec(home: Homelab, host: LabHost) -> None:
    home.add("plex", *late("sleep 1", "touch /tmp/ready"), check("echo run >>/tmp/runs; test -e /tmp/ready"))
    home.commit()
    since = now(host)
    home.succeed("deploy", "plex")
    runs = host.docker("exec", "plex-web-1", "cat", "/tmp/runs").split()
    execs = events(host, "exec_create", since, "{{.ID}}")
    assert len(runs) > 5
    assert len(execs) == 2  # with that of this test


def test_a_test_has_its_words_as_they_are(home: Homelab) -> None:
    home.add("plex", *late(), check(["CMD", "sh", "-c", 'test "$$1" = "a  b\'*"', "sh", "a  b'*"]))
    home.commit()
    assert home.deploy("--timeout", "10").seconds < 10


def test_a_test_that_hangs_is_given_up(home: Homelab) -> None:
    home.add("plex", *late("sleep 0.5", "touch /tmp/ready"), check("test -e /tmp/ready || sleep 999", timeout="1s"))
    home.commit()
    assert ROUND < home.deploy("--timeout", "40").seconds < 40


def test_a_container_that_ends_and_starts_again_is_tested_on(home: Homelab) -> None:
    falls_once = "[ -e /tmp/fell ] || { touch /tmp/fell; sleep 0.5; exit 1; }"
    home.add("plex", *late(falls_once, "sleep 0.5", "touch /tmp/ready"), check("test -e /tmp/ready"))
    home.commit()
    assert home.deploy("--timeout", "10").seconds < 10


def test_a_container_without_a_shell_is_tested_too(home: Homelab, host: LabHost) -> None:
    host.docker("import", "-", BARE, stdin=bare())
    command = ["/busybox", "sh", "-c", "/busybox sleep 0.5; /busybox touch /ready; exec /busybox sleep 1000"]
    container = {"image": BARE, "init": True, "command": command}
    health = {"healthcheck": {"test": ["CMD", "/busybox", "test", "-e", "/ready"], "interval": "1h"}}
    home.write("services/plex/compose.yml", json.dumps({"services": {"web": container | health}}))
    home.write("services/plex/service.yaml", "host: h1\n")
    home.commit()
    assert home.deploy("--timeout", "10").seconds < 10


def bare() -> bytes:
    """A root file system with one file."""
    made = io.BytesIO()
    with tarfile.open(fileobj=made, mode="w") as tar:
        tar.add(BUSYBOX.resolve(), "busybox")
    return made.getvalue()
