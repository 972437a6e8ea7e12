"""Where the demo runs: the Docker of this machine, or lab hosts over SSH."""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

from scripts.demo_docker import STARTS, Docker, starts
from scripts.demo_homelab import Place
from scripts.demo_show import DemoFailed, run
from tests.lab import Lab, LabHost, images

LAB = "demo-" + hashlib.sha256(__file__.encode()).hexdigest()[:8]  # each checkout of the project has its own
CHECKOUT = "/opt/homelab"
DOOR = "http://127.0.0.1:18980/"


class Ground(Place, Protocol):
    """A place that can be made ready and looked at."""

    @property
    def where(self) -> str:
        """As in "10 services on this machine"."""

    def prepare(self) -> None:
        """Docker and the images are there. Raises DemoFailed or LabError."""

    def containers(self) -> Mapping[str, str]:
        """Name of each running container of the demo, with its id and time of start."""

    def doors(self) -> list[str]:
        """What a person may look at from outside."""


@dataclass(frozen=True, slots=True)
class Here:
    """The Docker of this machine."""

    installer: Path
    docker: Docker

    @property
    def where(self) -> str:
        return "on this machine"

    def prepare(self) -> None:
        run(str(self.installer), show=True)
        self.docker.remove(images=False)  # of a demo whose dockerd was down until now
        if not images.is_static(images.BUSYBOX):
            _install_busybox()
        images.load_into_local_docker()

    def hosts(self) -> None:
        """As the example says: this machine."""

    def put(self, path: str, text: str, homelab: Path) -> None:
        file = homelab / path
        file.touch(0o600)
        file.write_text(text)

    def containers(self) -> Mapping[str, str]:
        return self.docker.containers()

    def doors(self) -> list[str]:
        return [f"{DOOR} in a browser on this machine"]


@dataclass(frozen=True, slots=True)
class LabHosts:
    """Real sshd and dockerd, a host each in namespaces of this machine."""

    count: int

    @property
    def where(self) -> str:
        return f"on {self.count} host{'s' if self.count > 1 else ''} over SSH"

    def prepare(self) -> None:
        print(f"booting {self.count} lab host{'s' if self.count > 1 else ''}", flush=True)
        Lab.start(self.count, keep_as=LAB)

    def hosts(self) -> Mapping[str, Any]:
        lab = _lab()
        tags = _spread(["tunnel", "shows", "search", "anime"], self.count)
        access = {"user": "admin", "identity_file": lab.identity_file, "known_hosts": lab.known_hosts, "path": CHECKOUT}
        return {
            "defaults": {**access, "timeout": 60},
            "hosts": {host.name: {"address": host.address, "tags": tags[i]} for i, host in enumerate(lab.hosts)},
        }

    def put(self, path: str, text: str, homelab: Path) -> None:
        """On every host, as its user would: a service reads it on whichever it runs."""
        del homelab
        for host in _lab().hosts:
            _put_on(host, f"{CHECKOUT}/{path}", text)

    def containers(self) -> Mapping[str, str]:
        found: dict[str, str] = {}
        for host in _lab().hosts:
            if ids := host.docker("ps", "--quiet").split():
                found |= starts(host.docker("inspect", "--format", STARTS, *ids))
        return found

    def doors(self) -> list[str]:
        config = _lab().ssh_dir / "config"
        return [f"ssh -F {config} h1 docker ps"]


def _spread(tags: list[str], count: int) -> list[list[str]]:
    """`front` with its networks is the first host's; the others share the rest, which one host has to carry alone."""
    if count == 1:
        return [["front", *tags]]
    return [["front"], *(tags[i :: count - 1] for i in range(count - 1))]


def _put_on(host: LabHost, path: str, text: str) -> None:
    script = 'mkdir -p "${1%/*}" && umask 077 && cat >"$1"'
    done = host.exec("bash", "-c", script, "put", path, stdin=text.encode(), user="admin")
    if done.returncode:
        raise DemoFailed(f"cannot write {path} on {host.name}: {done.stderr.decode()}")


def _lab() -> Lab:
    lab = Lab.find(LAB)
    if not lab:
        raise DemoFailed("the lab hosts are gone; ./run demo --hosts 2 starts anew")
    return lab


def _install_busybox() -> None:
    if os.geteuid() != 0 or not shutil.which("apt-get"):
        raise DemoFailed("the demo's images are made of a static busybox; install busybox-static, as root")
    run("apt-get", "update", "-qq")
    run("apt-get", "install", "-qq", "-y", "--no-install-recommends", "busybox-static")
