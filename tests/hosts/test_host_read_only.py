"""A disk that a fault made read-only, and no room for what is temporary: the same sentence wherever it shows."""

from __future__ import annotations

import pytest

from tests.hosts.homelab import CHECKOUT, Homelab, running
from tests.hosts.test_doctor import examined, found
from tests.lab import LabHost

REMOUNT = f"sudo mount -o remount,rw {CHECKOUT}"


@pytest.fixture
def changed(home: Homelab) -> Homelab:
    home.add("blog")
    home.commit()
    home.deploy()
    home.add("blog", "environment: {TZ: UTC}")
    home.commit()
    return home


def test_a_read_only_disk_is_told_by_deploys_doctor_and_setup_with_the_line_that_mends_it(
    changed: Homelab, host: LabHost
) -> None:
    host.fill_disk(CHECKOUT, free=9000)
    host.check("mount", "-o", "remount,ro", CHECKOUT)
    told = f"cannot write {CHECKOUT} on h1 (Read-only file system); on h1: {REMOUNT}, and look at dmesg"
    for words in (["deploy-all", "--yes"], ["stop", "blog"]):
        done = changed.inv(*words)
        assert (done.status, told in done.err) == (1, True)
    assert found(examined(changed), "h1")["path"].startswith(told)
    setup = changed.inv("setup", "h1", "--yes")
    assert (setup.status, f"{CHECKOUT} on h1 is read-only; on h1: {REMOUNT}" in setup.said) == (1, True)
    host.check(*REMOUNT.removeprefix("sudo ").split())
    changed.deploy()
    assert changed.succeed("setup", "h1", "--yes").out == "nothing to do: h1 has all that a deploy needs\n"


@pytest.mark.parametrize(
    ("fault", "told"),
    [
        ("ro", "/tmp on h1 is read-only; on h1: sudo mount -o remount,rw $(stat -c %m /tmp)"),
        ("size=4k", "/tmp on h1 is full; on h1: see what lies there"),
    ],
)
def test_no_room_for_what_is_temporary_is_told_by_deploys_and_by_doctor(
    changed: Homelab, host: LabHost, fault: str, told: str
) -> None:
    host.check("mount", "-t", "tmpfs", "-o", f"mode=1777,{fault}", "tmpfs", "/tmp")
    try:
        runs = [changed.inv("deploy-all", "--yes", *words) for words in ([], ["--dry-run"])]
        doctor = found(examined(changed), "h1")["scratch"]
    finally:
        host.check("umount", "/tmp")
    assert [(done.status, told in done.said) for done in runs] == [(1, True), (1, True)]
    assert doctor.startswith(told)
    changed.deploy()
    assert running(host) == ["blog-web-1"]
