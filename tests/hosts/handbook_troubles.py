"""What is wrong when a reader opens a section of the handbook."""

from __future__ import annotations

from collections.abc import Callable

from tests.hosts.handbook import Reader
from tests.hosts.handbook_homelab import IMAGES
from tests.hosts.homelab import CHECKOUT
from tests.lab import LabHost

LIBRARY = "/var/lib/services/plex/library.db"
MAY_SUDO = "echo 'admin ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/admin"

Trouble = Callable[[Reader, tuple[LabHost, ...]], object]


def fingerprint_of(host: LabHost) -> str:
    return host.check("bash", "-c", "ssh-keygen -yf /etc/ssh/ssh_host_ed25519_key | ssh-keygen -lf -").split()[1]


def nothing(_: Reader, __: tuple[LabHost, ...]) -> None:
    """A look around."""


def plex_is_down(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].docker("kill", "plex-plex-1")


def two_versions_were_deployed(reader: Reader, _: tuple[LabHost, ...]) -> None:
    """The page takes back the last one, of two services, and then one more of plex alone."""
    reader.home.replace("services/plex/compose.yml", IMAGES["plex"], IMAGES["newer plex"])
    reader.home.commit()
    reader.home.deploy()
    reader.home.replace("services/plex/compose.yml", "interval: 1s", "interval: 2s")
    reader.home.replace("services/deluge/compose.yml", "interval: 1s", "interval: 2s")
    reader.home.commit()
    reader.home.deploy()


def pi_is_dead(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[1].cut()


def hl15_was_installed_anew(reader: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].new_host_key()
    trusts(reader, hosts[0])


def trusts(reader: Reader, host: LabHost) -> None:
    """Has compared the new key at the console."""
    reader.says["inv setup hl15"] = f"inv setup hl15 --yes --fingerprint {fingerprint_of(host)}"


def the_disk_is_full(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].fill_disk()


def the_vpn_ended(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].docker("kill", "gluetun")


def pihole_ended(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[1].docker("kill", "pihole-pihole-1")


def the_env_is_lost(reader: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].check("rm", f"{CHECKOUT}/services/plex/.env")
    (reader.home.root / "services/plex/.env").unlink()


def git_is_broken(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].check("bash", "-c", MAY_SUDO)
    hosts[0].check("rm", "-rf", "/opt/homelab.broken")
    hosts[0].check("bash", "-c", f"echo nonsense >{CHECKOUT}/.git/HEAD")


# By the sections of emergency.md
TROUBLES: dict[str, Trouble] = {
    "Look first": nothing,
    "A service is down": plex_is_down,
    "A deploy went wrong": two_versions_were_deployed,
    "A host does not come up": pi_is_dead,
    "Nobody can log in": hl15_was_installed_anew,
    "The disk is full": the_disk_is_full,
    "The VPN is down": the_vpn_ended,
    "No name resolves": pihole_ended,
    "A `.env` is lost": the_env_is_lost,
    "The checkout on a host is broken": git_is_broken,
}


def plex_is_spoilt(_: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].check("bash", "-c", f"echo nonsense >{LIBRARY}")


def hl15_is_a_new_machine(reader: Reader, hosts: tuple[LabHost, ...]) -> None:
    hosts[0].new_host_key()
    trusts(reader, hosts[0])
    hosts[0].check("bash", "-c", "docker rm --force $(docker ps --all --quiet)")
    hosts[0].check("rm", "-rf", "/opt/homelab", "/var/lib/services")


# By those of recovery.md
LOSSES: dict[str, Trouble] = {"A container, or its data": plex_is_spoilt, "A host": hl15_is_a_new_machine}
