"""What the doctor makes of a host's answer, and how it is shown."""

from __future__ import annotations

import json
from typing import Any

import pytest

from homelab_tasks.doctor import Finding, State
from homelab_tasks.doctor.away import judge, same_machines
from homelab_tasks.inspection import Answer, Disk, Engine, Folder, Inspection, Sudo
from homelab_tasks.model import System
from homelab_tasks.report.doctor import doctor_json, doctor_text
from homelab_tasks.report.terminal import Style
from homelab_tasks.runner import Unreachable
from tests.unit.builders import a_host, a_repo, a_service, an_observation, asking_early

GIB = 1024**3
NAS = a_host("nas")
TOOLS = {"git": "2.39.5", "bash": "5.2.15", "docker": "28.2.2", "compose": "2.26.1", "flock": "2.38.1"}


def an_inspection(**fields: Any) -> Inspection:
    plain: dict[str, Any] = {
        "seen": an_observation(),
        "user": "admin",
        "versions": TOOLS,
        "sudo": Sudo.FREE,
        "engine": Engine("/var/lib/docker", "28.2.2", "2", live_restore=True, logging="local"),
        "disks": (Disk("/opt/homelab", 100 * GIB, 50 * GIB, "/"),),
        "synced": True,
    }
    return Inspection(**{**plain, **fields})


def told(answer: Answer, **host: Any) -> list[str]:
    """What is not as it should be."""
    found = judge(a_repo(), a_host(**host), answer)
    return [f"{f.state.value} {f.topic}: {f.said}; {f.mend}" for f in found if f.state is not State.OK]


def test_an_engine_that_services_are_too_new_for_is_one_problem() -> None:
    services = [a_service(name, stack=asking_early(name)) for name in ("plex", "web")]
    old = an_inspection(engine=Engine("/var/lib/docker", "20.10.24+dfsg1", "2", live_restore=True, logging="local"))
    found = judge(a_repo(*services), NAS, old)
    said = "services/plex/compose.yml:9: start_interval of plex needs Docker Engine 25, and nas has 20.10.24+dfsg1"
    assert [(f.said, f.mend) for f in found if f.topic == "engine"] == [
        (f"{said} (one of 2 services)", "update Docker on nas, or remove the line")
    ]


def test_a_host_that_has_everything_is_well() -> None:
    assert told(an_inspection()) == []


def test_a_dead_host_is_one_problem() -> None:
    dead = Unreachable(NAS, "admin@nas.lan: connection refused", "is sshd running there?")
    assert told(dead) == ["problem reachable: admin@nas.lan: connection refused; is sshd running there?"]


REMOUNT = "on nas: sudo mount -o remount,rw /opt, and look at dmesg: a disk with errors becomes so"
RESTART = "then sudo systemctl reload docker"
CASES = [
    ({"versions": TOOLS | {"git": "2.20.0"}}, ["problem git: 2.20.0 is too old; on nas: install 2.29 or later"]),
    (
        {"seen": an_observation(problems=("docker is not installed on nas; install it there",)), "engine": None},
        ["problem deploys: docker is not installed on nas; install it there"],
    ),
    (
        {"folder": Folder.MISSING},
        [
            (
                "problem path: /opt/homelab is not there, and admin may not make it; "
                "on nas: sudo install -d -o admin /opt/homelab"
            )
        ],
    ),
    (
        {"folder": Folder.FOREIGN},
        ["problem path: /opt/homelab may not be written by admin; on nas: sudo chown -R admin: /opt/homelab"],
    ),
    (
        {"folder": Folder.FOREIGN, "barred": "Permission denied", "mount": "/"},
        ["problem path: /opt/homelab may not be written by admin; on nas: sudo chown -R admin: /opt/homelab"],
    ),
    (
        {"folder": Folder.FOREIGN, "barred": "Read-only file system", "mount": "/opt"},
        [f"problem path: cannot write /opt/homelab on nas (Read-only file system); {REMOUNT}"],
    ),
    (
        {"folder": Folder.MISSING, "barred": "Read-only file system", "mount": "/opt"},
        [f"problem path: cannot write /opt/homelab on nas (Read-only file system); {REMOUNT}"],
    ),
    (
        {"scratch": "mktemp: failed to create directory via template '/srv/tmp/homelab.XXXXXXXX': No such file or d.."},
        [
            (
                "problem scratch: /srv/tmp on nas, for what is temporary, is not there; "
                "on nas: sudo install -d -m 1777 /srv/tmp, or mend TMPDIR in its ~/.bashrc"
            )
        ],
    ),
    ({"folder": Folder.MAKEABLE}, []),
    (
        {"disks": (Disk("/opt/homelab", 100 * 10**9, 5 * 10**9, "/"),)},
        ["problem disk: 5.0 of 100 GB free on /; inv cleanup --host nas"],
    ),
    (
        {"skew": -90.0},
        [
            (
                "problem clock: 90 s behind this machine's; on nas: sudo timedatectl set-ntp true; "
                "or is it this machine's that is wrong?"
            )
        ],
    ),
    ({"skew": 9.0}, ["notice clock: 9 s ahead of this machine's; on nas: sudo timedatectl set-ntp true"]),
    ({"skew": -9.0, "trip": 10.0}, []),
    ({"synced": False}, ["notice time sync: is not synchronised; on nas: sudo timedatectl set-ntp true"]),
    ({"synced": None, "sudo": Sudo.ASKS}, []),
    (
        {"seen": an_observation(holder="ann@desk pid 7")},
        ["notice lock: held by ann@desk pid 7; wait for the end of that run"],
    ),
    ({"index_lock": 30}, []),
    ({"index_lock": 7200}, ["problem lock: Git's own, left for 120 min; on nas: rm /opt/homelab/.git/index.lock"]),
    (
        {"seen": an_observation(interrupted="c0ffee0123")},
        ["notice delivery: the delivery of c0ffee0 did not end; inv deploy-all --host nas"],
    ),
    (
        {"seen": an_observation(dirty=("hosts.yaml",))},
        ["problem edits: edited there: hosts.yaml; on nas: git -C /opt/homelab diff; commit it here, or undo it there"],
    ),
    (
        {"seen": an_observation(commit="c0ffee0123", delivered="f00ba4456")},
        ["problem commit: c0ffee0 is checked out there, and f00ba44 was delivered; inv deploy-all --host nas"],
    ),
    (
        {"few_sessions": "nas refuses another session; raise MaxSessions"},
        ["problem sessions: nas refuses another session; raise MaxSessions"],
    ),
    (
        {
            "engine": Engine("/var/lib/docker", "28.2.2", "1", live_restore=False, logging="json-file"),
            "logs_limited": False,
        },
        [
            (
                "notice cgroups: version 1, which Docker and systemd give up; "
                "on nas: boot with systemd.unified_cgroup_hierarchy=1, or a newer system"
            ),
            (
                "notice live-restore: off: containers stop whenever dockerd restarts; "
                f'on nas: add "live-restore": true to /etc/docker/daemon.json, {RESTART}'
            ),
            (
                "notice logs: without a limit: they may fill the disk; on nas: add "
                f'"log-opts": {{"max-size": "10m", "max-file": "3"}} to /etc/docker/daemon.json, {RESTART}'
            ),
        ],
    ),
]


@pytest.mark.parametrize(("fields", "lines"), CASES)
def test_what_a_host_lacks_is_told_with_what_mends_it(fields: dict[str, Any], lines: list[str]) -> None:
    assert told(an_inspection(**fields)) == lines


def test_two_names_of_one_machine_are_told() -> None:
    def at(machine: str, folder: str = "/opt/homelab/.git/homelab") -> Inspection:
        return an_inspection(seen=an_observation(machine=machine, folder=folder))

    answers: dict[str, Answer] = {"nas": at("nas 7 0:1 /"), "pi": at("pi 9 0:1 /"), "old": at("nas 7 0:1 /")}
    answers |= {"other": at("nas 7 0:1 /", "/srv/lab/.git/homelab"), "copy": at("nas 8 0:1 /")}
    answers |= {"new": at("new 5 0:1 /", ""), "again": at("new 5 0:1 /", ""), "off": Unreachable(NAS, "x")}
    found = same_machines(answers)
    assert [(f.place, f.topic, f.said) for f in found] == [("old", "machine", "nas is the same one")]


def test_a_nixos_host_needs_sudo_without_a_password() -> None:
    asks = an_inspection(sudo=Sudo.ASKS, nixos="25.11")
    assert told(asks, system=System.NIXOS) == [
        (
            "problem sudo: asks for a password, and nobody is there to ask when a system is switched; "
            "set security.sudo.wheelNeedsPassword = false; for who deploys"
        )
    ]


def test_a_host_that_is_no_nixos_is_told() -> None:
    (line,) = told(an_inspection(), system=System.NIXOS)
    assert line == "problem nixos: this is no NixOS; remove system: nixos of nas from hosts.yaml"


FOUND = (
    Finding("this machine", "git", State.OK, "2.39.5"),
    Finding("nas", "disk", State.PROBLEM, "1.0 of 100 GB free on /", "inv cleanup --host nas"),
    Finding("nas", "live-restore", State.NOTICE, "off", "on nas: ..."),
)


def test_the_text_has_a_block_a_place_and_the_command_below_what_it_mends() -> None:
    assert doctor_text(FOUND, style=Style()) == (
        "this machine\n"
        "  ✓ ok      git  2.39.5\n"
        "\n"
        "nas\n"
        "  ✗ problem disk          1.0 of 100 GB free on /\n"
        "                          inv cleanup --host nas\n"
        "  · notice  live-restore  off\n"
        "                          on nas: ...\n"
        "\n"
        "1 problem, 1 notice"
    )


def test_no_line_is_wider_than_the_terminal() -> None:
    lines = doctor_text(FOUND, style=Style(width=40)).splitlines()
    assert max(map(len, lines)) <= 40


@pytest.mark.parametrize(("findings", "last"), [(FOUND[:1], "all is well"), (FOUND[2:], "all is well, 1 notice")])
def test_the_last_line_counts(findings: tuple[Finding, ...], last: str) -> None:
    assert doctor_text(findings, style=Style()).splitlines()[-1] == last


def test_the_json_has_the_same() -> None:
    body = json.loads(doctor_json(FOUND))
    assert body["ok"] is False
    assert body["findings"][1] == {
        "place": "nas",
        "topic": "disk",
        "state": "problem",
        "said": "1.0 of 100 GB free on /",
        "mend": "inv cleanup --host nas",
    }
