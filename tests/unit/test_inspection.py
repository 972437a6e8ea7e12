"""What a host prints of itself, and what is read of it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.inspection import Disk, Engine, Folder, Inspection, Published, Socket, Sudo, nearly_full, too_old
from homelab_tasks.inspection.parse import parse, version
from tests.unit.builders import a_host, an_observation

ANSWER = """\
\036user
admin
admin docker
\036versions
bash\t5.2.15(1)-release
git\tgit version 2.39.5
flock\tflock from util-linux 2.38.1
docker\tDocker version 28.2.2, build e6534b4
\036folder-state
makeable
\036index-lock
7200
\036foreign
/opt/homelab/.git/homelab/lock
\036sudo
asks
\036compose-version
v2.26.1-4
\036engine
/var/lib/docker\t28.2.2\t2\ttrue\tjson-file
\036disks
/opt/homelab\t1000\t500\t/
/var/lib/docker\t4000\t100\t/var
\036log-limit
none
\036synced
yes
\036listening
udp   UNCONN 0      0            127.0.0.53%lo:53         0.0.0.0:*
tcp   LISTEN 0      128                0.0.0.0:22         0.0.0.0:*
tcp   LISTEN 0      128                   [::]:22            [::]:*
tcp   LISTEN 0      4096                     *:9100             *:*
\036published
plex\tplex-web-1\tmedia,bridge\t0.0.0.0:80->8080/tcp, [::]:80->8080/tcp, 9000/tcp
dns\tdns-app-1\tbridge\t0.0.0.0:53-54->53-54/udp
vpn\tvpn-app-1\thost\t
\036nixos
25.11 (Xantusia)
\036shell
admin
\036compose
/usr/libexec/docker/cli-plugins/docker-compose
\036docker
\036docker-exit
0
\036clock
1700000000.5
"""


def test_everything_a_host_says_is_read() -> None:
    found = parse(a_host(), ANSWER)
    assert found == Inspection(
        seen=found.seen,
        user="admin",
        groups=frozenset({"admin", "docker"}),
        versions={"bash": "5.2.15", "git": "2.39.5", "flock": "2.38.1", "docker": "28.2.2", "compose": "2.26.1"},
        folder=Folder.MAKEABLE,
        foreign="/opt/homelab/.git/homelab/lock",
        sudo=Sudo.ASKS,
        engine=Engine("/var/lib/docker", "28.2.2", "2", live_restore=True, logging="json-file"),
        disks=(Disk("/opt/homelab", 1024000, 512000, "/"), Disk("/var/lib/docker", 4096000, 102400, "/var")),
        logs_limited=False,
        synced=True,
        listening=(
            Socket("tcp", 22, "0.0.0.0"),  # noqa: S104
            Socket("tcp", 22, "::"),
            Socket("tcp", 9100, "*"),
            Socket("udp", 53, "127.0.0.53"),
        ),
        published=(
            Published("plex", "plex-web-1", on_host=False, ports=frozenset({("tcp", 80)})),
            Published("dns", "dns-app-1", on_host=False, ports=frozenset({("udp", 53), ("udp", 54)})),
            Published("vpn", "vpn-app-1", on_host=True, ports=frozenset()),
        ),
        index_lock=7200,
        nixos="25.11 (Xantusia)",
    )
    assert (found.seen.clock, found.seen.problems) == (1700000000.5, ())


def test_what_cannot_be_written_is_read_with_its_reason() -> None:
    full = "mktemp: failed to create directory via template '/tmp/homelab.XXXXXXXX': No space left on device"
    found = parse(
        a_host(), f"\036folder-state\nforeign\n\036barred\nRead-only file system\n/opt\n\036scratch\n{full}\n"
    )
    assert (found.folder, found.barred, found.mount, found.scratch) == (
        Folder.FOREIGN,
        "Read-only file system",
        "/opt",
        full,
    )


def test_a_host_that_has_nothing_says_so() -> None:
    found = parse(a_host(), "\036engine\n\t\t\tfalse\t\n\036synced\n\n\036log-limit\nunknown\n\036clock\n1.0\n")
    assert (found.engine, found.synced, found.logs_limited, found.disks) == (None, None, None, ())


@given(st.text() | st.lists(st.sampled_from(ANSWER.splitlines(keepends=True))).map("".join))
def test_whatever_a_host_prints_is_read(text: str) -> None:
    assert parse(a_host(), text).seen.host == "nas"


@pytest.mark.parametrize(
    ("text", "numbers"),
    [("git version 2.39.5 (Apple Git-1)", (2, 39, 5)), ("v2.26.1-4", (2, 26, 1)), ("none", ()), ("29", ())],
)
def test_a_version_is_found_in_what_a_tool_says(text: str, numbers: tuple[int, ...]) -> None:
    assert version(text) == numbers


@pytest.mark.parametrize(
    ("versions", "engine", "told"),
    [
        ({"git": "2.28.1", "bash": "4.3.0", "compose": "2.2.0"}, "20.10.0", [("git", "2.28.1", "2.29")]),
        ({"git": "2.100.0"}, "19.3.1", [("docker", "19.3.1", "20.10")]),
        ({"docker": "19.3.1"}, "", [("docker", "19.3.1", "20.10")]),
        ({"compose": "1.29.2"}, "28.0.0", [("compose", "1.29.2", "2.2")]),
    ],
)
def test_what_is_too_old_is_named(versions: dict[str, str], engine: str, told: list[tuple[str, str, str]]) -> None:
    there = Engine("/var/lib/docker", engine) if engine else None
    assert list(too_old(Inspection(an_observation(), versions=versions, engine=there))) == told


@pytest.mark.parametrize(
    ("size", "free", "full"), [(100, 11, False), (100, 9, True), (10, 1.9, True), (10, 2.5, False), (0, 0, False)]
)
def test_a_disk_is_nearly_full_below_a_tenth_or_two_gigabytes(size: float, free: float, full: bool) -> None:  # noqa: FBT001
    gib = 1024**3
    disk = Disk("/opt/homelab", int(size * gib), int(free * gib), "/")
    assert list(nearly_full(Inspection(an_observation(), disks=(disk, disk)))) == [disk] * full
