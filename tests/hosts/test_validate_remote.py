"""`inv validate --remote` on real hosts: what keeps the repo from working there."""

from __future__ import annotations

import re

import pytest

from tests.hosts.homelab import CHECKOUT, Done, Homelab, put
from tests.hosts.test_doctor import put_program
from tests.lab import LabHost

COMPOSE = """\
services:
  web:
    image: homelab/demo:1
    init: true
    restart: always
    environment: {{A: "${{A}}"}}
    ports: ["{port}:8080"]
"""


@pytest.fixture
def home(home: Homelab) -> Homelab:
    """A service on h1 that needs a key, publishes a port, and has its `.env` there."""
    home.write("services/blog/compose.yml", COMPOSE.format(port=8123))
    home.write("services/blog/service.yaml", "host: h1\n")
    home.write("services/blog/.env.example", "A=one\n")
    home.write("services/blog/README.md", "A blog.\n")
    home.write(".gitignore", ".env\n")
    home.commit()
    return home


@pytest.fixture
def host(host: LabHost) -> LabHost:
    put(host, "services/blog/.env", "A=secret-value\n")
    host.check("chmod", "600", f"{CHECKOUT}/services/blog/.env")
    return host


def asked(home: Homelab, *words: str) -> list[str]:
    """The H rules that were found, each with its words, in their order."""
    done = home.inv("validate", "--remote", "--format", "json", *words)
    assert "secret-value" not in done.out + done.err
    return told(done)


def told(done: Done) -> list[str]:
    return sorted(f"{p['rule']} {p['what']}" for p in done.json["problems"] if p["rule"].startswith("H"))


@pytest.mark.usefixtures("host")
def test_hosts_as_the_repo_wants_them_have_no_problem(home: Homelab) -> None:
    assert asked(home) == []
    home.deploy()
    assert asked(home) == []


def test_env_files_are_judged_where_they_lie(home: Homelab, host: LabHost) -> None:
    put(host, "services/blog/.env", "B=secret-value\n")
    host.check("chmod", "644", f"{CHECKOUT}/services/blog/.env")
    assert asked(home) == [
        "H004 A is missing in the .env of blog on h1",
        "H005 services/blog/.env on h1 may be read by others (mode 644)",
    ]
    host.check("rm", f"{CHECKOUT}/services/blog/.env")
    assert asked(home) == ["H003 blog has no .env on h1, and needs A"]


def test_a_port_that_something_else_has_is_told_before_docker_would(home: Homelab, host: LabHost) -> None:
    host.docker("run", "--detach", "--name", "squatter", "--publish", "8123:8080", "homelab/demo:1")
    assert asked(home) == ["H007 port 8123 of h1 is taken by container squatter"]
    host.docker("rm", "--force", "squatter")
    home.write("services/blog/compose.yml", COMPOSE.format(port=22))
    assert asked(home) == ["H007 port 22 of h1 is taken by something else"]


@pytest.mark.usefixtures("host")
def test_a_dead_host_is_one_problem(home: Homelab, hosts: tuple[LabHost, ...]) -> None:
    home.replace("hosts.yaml", "user: admin", "user: admin\n  connect_timeout: 2")
    hosts[1].cut()
    (line,) = asked(home)
    assert line.startswith("H001 cannot reach h2 (admin@")


def test_an_unfit_host_and_a_full_disk_are_told(home: Homelab, host: LabHost) -> None:
    host.fill_disk(free=100)
    host.kill_docker()
    lines = asked(home)
    assert [line[:4] for line in lines] == ["H002", "H006"]
    assert "the docker daemon on h1 does not answer" in lines[0]


REBUILD = """
[ "$1 $2" = "dry-build --flake" ] || exit 64
flake=${3%#*}; folder=${flake#path:}
[ -e "$folder/flake.nix" ] && [ ! -e "$folder/stack.env" ] || exit 65
[ "${3#*#}" = box ] || { echo "error: flake does not provide attribute 'nixosConfigurations'" >&2; exit 1; }
echo "building the system configuration..." >&2
[ ! -e /tmp/broken ] || { echo "error: The option \\`services.x' does not exist." >&2; exit 1; }
"""


def test_a_nixos_host_plans_its_system_from_the_flake_as_it_lies_here(home: Homelab, host: LabHost) -> None:
    """The host's own nixos-rebuild is a script here that looks at what it was given."""
    home.replace(
        "hosts.yaml",
        f"h1:\n    address: {host.address}",
        f"h1:\n    address: {host.address}\n    system: nixos\n    flake: nixos#box",
    )
    home.write("nixos/flake.nix", "{ outputs = _: { nixosConfigurations.box = { }; }; }\n")
    home.git("add", "nixos")
    home.write("nixos/stack.env", "A=secret-value\n")
    put_program(host, "/usr/local/bin/nixos-rebuild", REBUILD)
    try:
        assert asked(home, "--deep") == []
        host.check("touch", "/tmp/broken")
        assert asked(home, "--deep") == ["H008 h1: The option `services.x' does not exist."]
        left = host.check("find", "/tmp", "-maxdepth", "1", "-name", "homelab.*")
        assert re.findall(r"\S+", left) == []
    finally:
        host.check("rm", "-f", "/usr/local/bin/nixos-rebuild", "/tmp/broken")
