"""The systems in nixos/: read by a real Nix, and what they set tried on a host with real systemd, sshd and dockerd."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import started
from tests.hosts.homelab import Homelab, running
from tests.hosts.nixos_tree import FINISHED, SHIPPED, TOP, Tree, fstab, sshd_config
from tests.lab.nixos import NixosHost, NixosLab


@pytest.fixture(scope="module")
def nixos() -> Iterator[NixosLab]:
    """One host that has Nix."""
    yield from started(NixosLab, 1)


@pytest.fixture(scope="module")
def tree(nixos: NixosLab) -> Tree:
    host = nixos.hosts[0]
    assert isinstance(host, NixosHost)
    return Tree.on(host)


@pytest.fixture(scope="module")
def system(tree: Tree) -> Mapping[str, Any]:
    return tree.system()


def test_nix_reads_every_file(tree: Tree) -> None:
    found = tree.host.check("find", "/root/tree", "-name", "*.nix").split()
    assert len(found) > 30
    tree.host.check("nix-instantiate", "--parse", *found)


def test_a_system_whose_placeholders_are_left_stops_with_what_is_to_do(tree: Tree) -> None:
    assert re.findall(r"^\s*- (.+)$", tree.evaluate(SHIPPED), re.MULTILINE) == [
        "nixos/users/admin.nix names no public key: nobody could log in; add yours",
        "nixos/hosts/homelab-hl15/default.nix has no hostId of its own; the line above it says how to make one",
    ]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ("services.opensshd.enable = true;", "The option `services.opensshd' does not exist"),
        ("users.users.plex.udi = 1;", "The option `users.users.plex.udi' does not exist"),
        ('virtualisation.docker.enable = "yes";', "The option `virtualisation.docker.enable' is not of type boolean"),
        ('time.timeZone = "Etc/GMT";', "The option `time.timeZone' has conflicting definition values"),
        ("users.users.plex.isNormalUser = true;", "Exactly one of users.users.plex.isSystemUser and"),
        ("users.groups.plex.gid = 3000;", "UIDs and GIDs must be unique!"),
        ('time.timeZone = lib.mkForce "Etc/GMT";', '"timeZone":"Etc/GMT"'),
        ('time.timeZone = lib.mkDefault "Etc/GMT";', '"timeZone":"Etc/UTC"'),
        ('time = lib.mkIf false { timeZone = "Etc/GMT"; };', '"timeZone":"Etc/UTC"'),
        ('time = lib.mkMerge [ { timeZone = lib.mkForce "Etc/GMT"; } ];', '"timeZone":"Etc/GMT"'),
    ],
)
def test_what_stands_in_for_nixpkgs_takes_what_nixos_takes_and_no_more(tree: Tree, line: str, told: str) -> None:
    tree.host.check("cp", "-r", "-T", FINISHED, "/root/changed")
    upkeep = (TOP / "nixos/modules/upkeep.nix").read_text().replace("\n{\n", "\n{ lib, ... }:\n{\n  " + line + "\n", 1)
    tree.write("/root/changed/modules/upkeep.nix", upkeep)
    assert told in tree.evaluate("/root/changed")


def test_docker_keeps_containers_alive_and_its_logs_small(tree: Tree, system: Mapping[str, Any]) -> None:
    docker = system["virtualisation"]["docker"]
    assert docker == {
        "enable": True,
        "logDriver": "json-file",
        "daemon": {
            "settings": {
                "live-restore": True,
                "log-opts": {"max-size": "10m", "max-file": "3"},
                "default-address-pools": [{"base": "172.20.0.0/14", "size": 24}],
            }
        },
    }
    settings = json.dumps({"log-driver": docker["logDriver"], **docker["daemon"]["settings"]})
    done = tree.host.exec("dockerd", "--validate", "--config-file", tree.write("/root/daemon.json", settings))
    assert (done.returncode, done.stderr) == (0, b"configuration OK\n")


def test_docker_waits_for_the_disks_that_its_containers_write_to(tree: Tree, system: Mapping[str, Any]) -> None:
    pool = {path: mount for path, mount in system["fileSystems"].items() if mount["fsType"] == "zfs"}
    assert {path: mount["device"] for path, mount in pool.items()} == {
        "/mnt/vault": "vault",
        "/mnt/vault/nextcloud": "vault/nextcloud",
        "/mnt/vault/photos": "vault/photos",
        "/var/lib/services": "vault/services",
    }
    assert {*system["services"]["sanoid"]["datasets"]} == {mount["device"] for mount in pool.values()}
    # what systemd makes of them: Docker needs each, the boot wants each and goes on after it
    tree.write("/etc/fstab", fstab(pool))
    needs = " ".join(system["systemd"]["services"]["docker"]["unitConfig"]["RequiresMountsFor"])
    probe = f"[Unit]\nRequiresMountsFor={needs}\n[Service]\nExecStart=/bin/true\n"
    tree.write("/run/systemd/system/probe.service", probe)
    tree.host.check("systemctl", "daemon-reload")
    units = {tree.host.check("systemd-escape", "--path", "--suffix=mount", path) for path in pool}
    for unit, way in (("probe.service", "Requires"), ("local-fs.target", "Wants"), ("local-fs.target", "After")):
        assert units <= {*tree.host.check("systemctl", "show", "--value", "--property", way, unit).split()}
    tree.host.check("rm", "/etc/fstab", "/run/systemd/system/probe.service")
    tree.host.check("systemctl", "daemon-reload")


def test_what_listens_on_the_host_is_open_to_those_it_is_for(tree: Tree, system: Mapping[str, Any]) -> None:
    ports = f"{FINISHED}/hosts/homelab-hl15/ports.nix"
    generated = json.loads(tree.host.check("nix-instantiate", "--eval", "--strict", "--json", ports))
    node = system["services"]["prometheus"]["exporters"]["node"]["port"]
    assert system["networking"]["firewall"] == {
        "enable": True,
        "logRefusedConnections": False,
        "allowedTCPPorts": [],
        "allowedUDPPorts": [],
        **generated["networking"]["firewall"],
        "interfaces": {name: {"allowedTCPPorts": [node], "allowedUDPPorts": []} for name in ("br-+", "docker0")},
    }


def test_all_folders_are_made_and_belong_to_their_services(tree: Tree, system: Mapping[str, Any]) -> None:
    for name, group in system["users"]["groups"].items():
        tree.host.check("groupadd", "--gid", str(group["gid"]), name)
    for name, user in system["users"]["users"].items():
        if user["isSystemUser"]:
            tree.host.check("useradd", "--uid", str(user["uid"]), "--gid", user["group"], name)
    rules = tree.write("/root/folders.conf", "\n".join(system["systemd"]["tmpfiles"]["rules"]) + "\n")
    for _ in range(2):  # again at each boot; what an image gave to its own user stays so
        done = tree.host.exec("systemd-tmpfiles", "--create", rules)
        assert (done.returncode, done.stderr.decode()) == (0, "")
        tree.host.check("chown", "999:999", "/var/lib/services/immich/database")
    found = tree.host.check("find", "/var/lib/services", "/mnt/vault", "-type", "d", "-printf", "%p %U:%G %m\n")
    assert "\n".join(sorted(found.splitlines())) == (TOP / "tests/nix/folders.txt").read_text().strip()


def test_a_deploy_gets_through_the_hardened_sshd(
    nixos: NixosLab, tree: Tree, system: Mapping[str, Any], tmp_path: Path
) -> None:
    host = tree.host
    settings = sshd_config(system["services"]["openssh"]["settings"])
    tree.write("/etc/ssh/sshd_config", settings + host.check("cat", "/etc/ssh/sshd_config"))
    in_force = host.check("sshd", "-T").splitlines()
    wanted = ("permitrootlogin no", "passwordauthentication no", "allowgroups wheel", "x11forwarding no")
    assert [line for line in wanted if line not in in_force] == []
    host.check("bash", "-c", "groupadd wheel && usermod --append --groups wheel admin && systemctl restart ssh")
    home = Homelab.make(tmp_path / "homelab", nixos, [host])
    home.add("web", "ports: ['127.0.0.1:8000:80']", health=[{"http": "http://127.0.0.1:8000/"}], timeout=20)
    home.commit()
    home.deploy()
    assert running(host) == ["web-web-1"]
