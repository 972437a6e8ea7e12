"""What a host's answer means for the repo: keys, modes, disks and ports; and a host's dry build."""

from __future__ import annotations

import io
import tarfile
from pathlib import Path
from typing import Any

import pytest

from homelab_tasks.inspection import Disk, Engine, Inspection, Published, Socket
from homelab_tasks.observe import EnvFile
from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.source import worktree
from homelab_tasks.runner import Result
from homelab_tasks.validate import remote, remote_nixos
from homelab_tasks.validate.facts import Facts
from homelab_tasks.validate.nixos.folder import Flake
from tests.unit.builders import Files, a_host, an_observation

COMPOSE = (
    "services:\n  app:\n    image: x\n    environment: {A: '${A}', B: '${B:-b}'}\n    ports: ['80:80', '53:53/udp']\n"
)
FILES = {
    "hosts.yaml": "hosts:\n  nas: {address: 10.0.0.5}\n",
    "services/plex/compose.yml": COMPOSE,
    "services/plex/.env.example": "# one\nA=\nB=\n",
}
SOUND = {"services/plex/.env": EnvFile(0o600, "", ("A",), "")}


def told(files: dict[str, str] | None = None, env: dict[str, EnvFile] | None = None, **fields: Any) -> list[str]:
    """What is wrong with the host of a repo with these files, where that host has these env files."""
    facts = Facts(examine(Files({**FILES, **(files or {})})))
    found = Inspection(an_observation(env=SOUND if env is None else env), **fields)
    return [f"{p.rule} {p}" for p in remote.judge(facts, facts.repo.hosts["nas"], found)]


def test_a_host_as_the_repo_wants_it_has_no_problem() -> None:
    assert told() == []


def test_a_key_that_the_stack_needs_is_missed_and_one_with_a_default_is_not() -> None:
    env = {"services/plex/.env": EnvFile(0o600, "", ("C",), "")}
    assert told(env=env) == [
        "H004 services/plex/.env.example:2: A is missing in the .env of plex on nas; inv env.edit plex --host nas"
    ]


def test_every_key_is_missed_where_a_container_gets_the_whole_file() -> None:
    whole = {"services/plex/compose.yml": "services: {app: {image: x, env_file: .env}}\n"}
    (line,) = told(whole)
    assert line.startswith("H004 services/plex/.env.example:3: B is missing")


def test_a_host_without_the_file_is_told_what_needs_it() -> None:
    told_so = "plex has no .env on nas, and needs A; inv env.init --names plex && inv env.push plex"
    assert told(env={}) == [f"H003 services/plex/.env.example: {told_so}"]


def test_a_file_that_nothing_needs_is_not_missed() -> None:
    assert told({"services/plex/compose.yml": "services: {app: {image: x}}\n"}, env={}) == []


def test_a_file_that_others_may_read_is_told() -> None:
    (line,) = told(env={"services/plex/.env": EnvFile(0o644, "", ("A",), "")})
    move = "on nas: chmod 600 /opt/homelab/services/plex/.env"
    assert (
        line == f"H005 services/plex/.env.example: services/plex/.env on nas may be read by others (mode 644); {move}"
    )


def test_what_a_host_lacks_stands_at_its_name() -> None:
    old: dict[str, Any] = {
        "engine": Engine("/var/lib/docker", "19.3.1"),
        "disks": (Disk("/", 100 * 10**9, 10**9, "/"),),
    }
    assert told(**old) == [
        "H002 hosts.yaml:2:3: docker 19.3.1 on nas is too old; install 20.10 or later there",
        "H006 hosts.yaml:2:3: 1.0 of 100 GB are free on nas for /; inv cleanup --host nas",
    ]


def test_an_engine_that_is_too_old_for_a_health_check_is_told_at_its_line() -> None:
    check = "{test: 'true', start_period: 9s, start_interval: 1s}"
    early = {"services/plex/compose.yml": f"services:\n  app:\n    image: x\n    healthcheck: {check}\n"}
    (line,) = told(early, env={}, engine=Engine("/var/lib/docker", "24.0.7"))
    assert line == (
        "H002 services/plex/compose.yml:4:67: start_interval of plex needs Docker Engine 25, and nas has 24.0.7; "
        "update Docker on nas, or remove the line"
    )
    assert told(early, env={}, engine=Engine("/var/lib/docker", "25.0.3")) == []


OWN = Published("plex", "plex-app-1", on_host=False, ports=frozenset({("tcp", 80)}))
OTHER = Published("web", "web-app-1", on_host=False, ports=frozenset({("tcp", 80)}))
ANYONE = Published("plex", "plex-app-1", on_host=True, ports=frozenset())
EVERYWHERE, HERE = "0.0.0.0", "127.0.0.1"  # noqa: S104
PORTS = [
    ((Socket("tcp", 80, EVERYWHERE),), (), "port 80 of nas is taken by something else"),
    ((Socket("tcp", 80, HERE),), (), "port 80 of nas is taken by something else"),
    ((Socket("tcp", 80, EVERYWHERE),), (OTHER,), "port 80 of nas is taken by container web-app-1"),
    ((Socket("udp", 53, HERE),), (), "port 53/udp of nas is taken by something else"),
    ((Socket("tcp", 80, EVERYWHERE),), (OWN,), ""),
    ((Socket("tcp", 80, EVERYWHERE),), (ANYONE,), ""),
    ((Socket("tcp", 53, EVERYWHERE), Socket("udp", 80, EVERYWHERE)), (), ""),
    ((Socket("tcp", 8080, EVERYWHERE),), (), ""),
]


@pytest.mark.parametrize(("listening", "published", "what"), PORTS)
def test_a_port_is_taken_by_what_is_not_the_services_own(
    listening: tuple[Socket, ...], published: tuple[Published, ...], what: str
) -> None:
    found = told(listening=listening, published=published)
    assert [line.partition(": ")[2].partition(";")[0] for line in found] == ([what] if what else [])


def test_a_socket_of_one_address_does_not_hinder_another() -> None:
    bound = {"services/plex/compose.yml": COMPOSE.replace("'80:80'", "'10.0.0.5:80:80'")}
    assert told(bound, listening=(Socket("tcp", 80, HERE),)) == []
    assert len(told(bound, listening=(Socket("tcp", 80, "10.0.0.5"),))) == 1


def dry_facts(root: Path) -> Facts:
    (root / "nixos").mkdir()
    (root / "hosts.yaml").write_text("hosts:\n  nas: {system: nixos, flake: 'nixos#box'}\n")
    for name in ("flake.nix", "flake.lock", "stack.env"):
        (root / "nixos" / name).write_text("{ }")
    (root / "nixos/result").symlink_to("/etc")
    return Facts(examine(worktree(root)))


def test_a_dry_build_sends_what_git_tracks_of_the_flake_and_nothing_else(tmp_path: Path) -> None:
    tracked = ["hosts.yaml", "nixos/flake.nix", "nixos/flake.lock", "nixos/result", "nixos/gone.nix"]
    packed = remote_nixos.packed(dry_facts(tmp_path), Flake("nixos", ()), tracked)
    with tarfile.open(fileobj=io.BytesIO(packed)) as sent:
        assert sent.getnames() == ["flake.lock", "flake.nix", "result"]
        assert sent.getmember("result").issym()


@pytest.mark.parametrize(
    ("answer", "problems", "unchecked"),
    [
        (Result(0), [], []),
        (
            Result(1, stderr="building...\nerror: attribute 'x' missing\n"),
            ["hosts.yaml:2:31: nas: attribute 'x' missing; nix eval --show-trace shows the way there"],
            [],
        ),
        (Result(127), [], ["the dry build on nas: nixos-rebuild is not installed there"]),
        (Result(124), [], ["the dry build on nas: no end within 900 s"]),
        (Result(-1), [], ["the dry build on nas: the connection was lost"]),
    ],
)
def test_what_came_of_a_dry_build(answer: Result, problems: list[str], unchecked: list[str], tmp_path: Path) -> None:
    facts = dry_facts(tmp_path)
    found = remote_nixos.judge(facts, a_host("nas"), Flake("nixos", ()), answer)
    assert ([str(problem) for problem in found], facts.unchecked) == (problems, unchecked)
