"""Labs: a few hosts on a network of their own; several run side by side, and what a killed one left is cleaned."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Self

from .base import base, locked
from .cgroup import Cgroup
from .errors import LabError, run
from .host import LabHost
from .network import Network
from .slots import free_slot, is_used, keep, kept_as, labs, own, slots


@dataclass(frozen=True, slots=True)
class Lab:
    """Running hosts. `owner` is the lock that says that this process uses them; None for a lab that is kept."""

    directory: Path
    network: Network
    hosts: tuple[LabHost, ...]
    owner: IO[str] | None = None

    @classmethod
    def start(cls, count: int = 3, *, keep_as: str = "") -> Self:
        """Boot `count` hosts. With `keep_as` they outlive this process, until `Lab.find(name)` stops them.

        Raises LabUnavailable where this machine cannot have a lab, LabError when a host does not boot.
        """
        root = cls._root()
        with locked(labs() / "lock"):
            _clean_stale()
            lab = cls._claim(count, root)
        try:
            lab._boot()
        except BaseException:
            lab.stop()
            raise
        return lab._kept(keep_as) if keep_as else lab

    @classmethod
    def _root(cls) -> Path:
        return base()

    @classmethod
    def _kind(cls) -> type[LabHost]:
        return LabHost

    @classmethod
    def find(cls, name: str) -> Self | None:
        """The running lab that was kept under this name."""
        for directory in slots():
            if kept_as(directory) == name:
                return cls._of(directory)
        return None

    @property
    def ssh_dir(self) -> Path:
        """Holds `id_ed25519`, `known_hosts` and `config`, in which the hosts are h1, h2, ..."""
        return self.directory / "ssh"

    @property
    def identity_file(self) -> str:
        return str(self.ssh_dir / "id_ed25519")

    @property
    def known_hosts(self) -> str:
        return str(self.ssh_dir / "known_hosts")

    def host(self, name: str) -> LabHost:
        """The host of this name. Raises LabError when there is none."""
        for host in self.hosts:
            if host.name == name:
                return host
        raise LabError(f"no host {name!r}; there is {', '.join(host.name for host in self.hosts)}")

    def reset(self) -> None:
        """All hosts as they were first: no faults, no containers, no files."""
        _on_all(self.hosts, lambda host: host.reset())

    def stop(self) -> None:
        """End the hosts and remove every trace of them."""
        with locked(labs() / "lock"):
            self._end()

    def _end(self) -> None:
        _on_all(self.hosts, lambda host: host.crash())
        self.network.down()
        Cgroup(self.network.prefix).remove()
        shutil.rmtree(self.directory)
        if self.owner:
            self.owner.close()

    @classmethod
    def _claim(cls, count: int, root: Path) -> Self:
        directory = free_slot()
        directory.mkdir()
        (directory / "base").symlink_to(root)
        for index in range(1, count + 1):
            (directory / f"h{index}").mkdir()
        return cls._of(directory, owner=own(directory))

    def _kept(self, name: str) -> Self:
        """Only a lab that has booted is kept, so that a killed start leaves none that looks alive."""
        keep(self.directory, name)
        if self.owner:
            self.owner.close()
        return replace(self, owner=None)

    @classmethod
    def _of(cls, directory: Path, owner: IO[str] | None = None) -> Self:
        """A lab as its folder describes it."""
        network = Network(int(directory.name))
        folders = sorted(directory.glob("h[0-9]*"), key=lambda folder: int(folder.name[1:]))
        kind = cls._kind()
        hosts = tuple(kind(int(folder.name[1:]), folder, directory / "base", network) for folder in folders)
        return cls(directory, network, hosts, owner)

    def _boot(self) -> None:
        self.ssh_dir.mkdir()
        run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", self.identity_file)
        key = (self.ssh_dir / "id_ed25519.pub").read_text()
        names = "".join(f"{host.address} {host.name}\n" for host in self.hosts)
        self.network.up()
        for host in self.hosts:
            host.make(key, names)
        self._write_ssh_files()
        _on_all(self.hosts, lambda host: host.boot())
        _on_all(self.hosts, lambda host: host.load_images())

    def _write_ssh_files(self) -> None:
        known = "".join(f"{host.name},{host.address} {host.host_key}\n" for host in self.hosts)
        (self.ssh_dir / "known_hosts").write_text(known)
        names = "".join(f"Host {host.name}\n  HostName {host.address}\n" for host in self.hosts)
        patterns = " ".join(f"{host.name} {host.address}" for host in self.hosts)
        common = _SSH_CONFIG.format(patterns=patterns, identity=self.identity_file, known=self.known_hosts)
        (self.ssh_dir / "config").write_text(names + common)


def _clean_stale() -> None:
    """End what runs of the past left that were killed before they could."""
    for directory in slots():
        if not is_used(directory):
            Lab._of(directory)._end()


def _on_all(hosts: Iterable[LabHost], action: Callable[[LabHost], None]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(action, hosts))


_SSH_CONFIG = """Host {patterns}
  User admin
  IdentityFile "{identity}"
  IdentitiesOnly yes
  UserKnownHostsFile "{known}"
  StrictHostKeyChecking yes
"""
