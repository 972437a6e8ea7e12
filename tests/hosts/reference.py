"""This homelab itself on lab hosts: its files as they are but for `reference_swaps`, and what is seen of it there."""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from homelab_tasks.model import Repo, Service
from homelab_tasks.repo import load, worktree
from tests.hosts.homelab import CHECKOUT, SOURCES, Done, Homelab, finish
from tests.hosts.reference_swaps import give, swap_inventory, swap_stack
from tests.lab import Lab, LabHost

SHIPPED = ("services", "hosts.yaml", "tasks.py", ".gitignore")
PATIENCE = 400.0  # seconds: some forty containers, on a machine that may have other things to do


@dataclass(frozen=True, slots=True)
class Container:
    """One as Docker shows it."""

    host: LabHost
    id: str
    started: str
    facts: dict[str, Any] = field(compare=False)

    @classmethod
    def of(cls, host: LabHost, facts: dict[str, Any]) -> Container:
        return cls(host, facts["Id"], _moment(facts["State"]["StartedAt"]), facts)

    @property
    def project(self) -> str:
        return str(self.facts["Config"]["Labels"]["com.docker.compose.project"])

    @property
    def image(self) -> str:
        return str(self.facts["Config"]["Image"])

    @property
    def health(self) -> str:
        """`""` without a health check."""
        return str(self.facts["State"].get("Health", {}).get("Status", ""))

    @property
    def ready(self) -> str:
        """When it wrote so, after its last start."""
        since = ("--since", self.facts["State"]["StartedAt"])
        return _moment(self.host.docker("logs", "--timestamps", *since, self.id).splitlines()[-1].split()[0])

    @property
    def namespace(self) -> str:
        """That of its network, as the kernel calls it."""
        return self.host.check("readlink", f"/proc/{self.facts['State']['Pid']}/ns/net")

    @property
    def networks(self) -> set[str]:
        return {*self.facts["NetworkSettings"]["Networks"]}

    @property
    def mounts(self) -> dict[str, str]:
        """Where in the container -> what of the host."""
        return {mount["Destination"]: mount["Source"] for mount in self.facts["Mounts"]}

    def size(self, path: str) -> int:
        """Bytes that its user can read in a file of it, or in all files of a folder."""
        return int(self.host.docker("exec", self.id, "sh", "-c", 'find "$0" -type f -exec cat {} + | wc -c', path))


@dataclass(frozen=True, slots=True)
class Reference:
    """The homelab and its hosts by their names in `hosts.yaml`."""

    home: Homelab
    hosts: Mapping[str, LabHost]

    @property
    def repo(self) -> Repo:
        return load(worktree(self.home.root))

    def inv(self, *words: str) -> Done:
        """Run `inv WORDS`, which may take its time."""
        with self.home.start(*words) as process:
            return finish(process, seconds=PATIENCE)

    def succeed(self, *words: str) -> Done:
        """Run `inv WORDS`, which has to succeed."""
        done = self.inv(*words)
        assert done.status == 0, f"{done.out}\n{done.err}"
        return done

    def give(self) -> set[str]:
        """Write what a person knows into all `.env` files; the keys that were."""
        return set().union(*map(give, sorted((self.home.root / "services").rglob(".env"))))

    def containers(self) -> dict[str, list[Container]]:
        """All containers by compose project, whatever the host."""
        found: dict[str, list[Container]] = {}
        for host in self.hosts.values():
            ids = host.docker("ps", "--all", "--quiet").split()
            for facts in json.loads(host.docker("inspect", *ids)) if ids else ():
                container = Container.of(host, facts)
                found.setdefault(container.project, []).append(container)
        return found

    def size(self, source: str) -> int:
        """Bytes here of what lies at `source` in the checkout of a host."""
        path = self.home.root / source.removeprefix(f"{CHECKOUT}/")
        return sum(file.stat().st_size for file in (path.rglob("*") if path.is_dir() else [path]) if file.is_file())

    def change(self, name: str, **fields: object) -> None:
        """Write fields of every container of a service anew."""
        (path,) = self.repo.services[name].stack.files
        stack = yaml.safe_load((self.home.root / path).read_text())
        for container in stack["services"].values():
            container.update(fields)
        self.home.write(path, yaml.safe_dump(stack, sort_keys=False))

    def in_group(self, group: str) -> set[str]:
        return {service.name for service in self.repo.services.values() if group in service.groups}


def lay_out(top: Path, lab: Lab, hosts: Mapping[str, LabHost]) -> Reference:
    """The files with the swaps, committed, and hosts as the handbook prepares them; nothing is deployed."""
    home = Homelab.make(top, lab, hosts.values())
    for name in SHIPPED:
        _copy(SOURCES / name, home.root / name)
    swap_inventory(home.root / "hosts.yaml", lab, hosts)
    for file in sorted((home.root / "services").rglob("compose.yml")):
        swap_stack(file)
    home.commit("the homelab")
    reference = Reference(home, hosts)
    for host in hosts.values():
        _prepare(host, reference.repo)
    return reference


def clear(host: LabHost) -> None:
    """No trace of it: other tests move mounts, which a shared root does not bear."""
    host.reset()
    host.check("bash", "-ec", "mount --make-private /; rm -rf /mnt/vault /dev/net")


def _copy(source: Path, target: Path) -> None:
    """What a clone would have: no `.env` of whoever runs the tests."""
    if source.is_dir():
        shutil.copytree(source, target, ignore=shutil.ignore_patterns(".env"))
    else:
        shutil.copy(source, target)


def _prepare(host: LabHost, repo: Repo) -> None:
    """What NixOS and the READMEs see to: the vault, a tunnel's device, and folders that belong to their services."""
    lines = ["mkdir -p /mnt/vault/media /mnt/vault/temp/downloads /dev/net"]
    lines += ["mount --make-shared /"]  # as systemd does, and alloy needs
    lines += ["[ -e /dev/net/tun ] || mknod -m 666 /dev/net/tun c 10 200"]
    lines += [line for service in repo.services.values() for line in _folder(service)]
    host.check("bash", "-ec", "\n".join(lines))


def _folder(service: Service) -> list[str]:
    template = (SOURCES / service.directory / ".env.example").read_text()
    values = dict(line.partition("=")[::2] for line in template.splitlines())
    owner = ["-o", values["PUID"], "-g", values["PGID"]] if "PUID" in values else []
    return [" ".join(["install", "-d", *owner, f"/var/lib/{service.directory}"])]


def _moment(written: str) -> str:
    """Docker leaves out zeros at the end: with all of them, later is greater."""
    return written.removesuffix("Z").ljust(29, "0")
