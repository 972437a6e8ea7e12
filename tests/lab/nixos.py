"""Hosts that stand in for NixOS: systemd as pid 1, Nix, and a system that can be activated, in a container each."""

from __future__ import annotations

import os
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from .errors import LabError
from .host import LabHost
from .lab import Lab
from .machine import HERE, _pings
from .nixos_base import nixos_base

FIRST = "/usr/local/lib/lab/first"
PROFILE = "/nix/var/nix/profiles/system"


@dataclass(frozen=True, slots=True)
class NixosHost(LabHost):
    """A host with a NixOS of the lab. `admin` may become root without a password."""

    @property
    def pid(self) -> int:
        """Pid 1 of the host, as this machine numbers it; 0 while the host is off."""
        return next((pid for pid in self.cgroup.pids() if _is_first(pid)), 0)

    def make(self, authorized_key: str, hosts_file: str) -> None:
        """Lay out the files that differ from the shared root filesystem."""
        LabHost.make(self, authorized_key, hosts_file)
        upper = self.directory / "upper"
        for path, text in _FILES.items():
            file = upper / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(text)
        wanted = upper / "etc/systemd/system/multi-user.target.wants"
        wanted.mkdir(parents=True, exist_ok=True)
        (wanted / "current-system.service").symlink_to("/etc/systemd/system/current-system.service")
        rebuild = Path(os.environ.get("HOMELAB_NIXOS_REBUILD") or HERE / "nixos_rebuild")
        _install(rebuild, upper / "usr/local/bin/nixos-rebuild")
        _install(HERE / "switch_to_configuration", upper / FIRST.lstrip("/") / "bin/switch-to-configuration")
        _install(upper / "usr/local/sbin/current-system", upper / "usr/local/sbin/current-system")

    def boot(self) -> None:
        """Switch the host on and wait until sshd and dockerd answer."""
        self.network.plug(self.index)
        environment = {
            "PATH": os.environ["PATH"],
            "NAME": f"{self.network.prefix}-{self.name}",
            "STATE": str(self.directory),
            "BASE": str(self.base.resolve()),
            "NETNS": self.network.namespace(self.index),
            "ENTER": " ".join(map(str, [*self.cgroup.enter_files(), *self._unified()])),
        }
        argv = ["setsid", "--fork", "unshare", "--mount", "--propagation", "private", "bash", str(_START)]
        with (self.directory / "console").open("ab") as console:
            subprocess.run(argv, env=environment, stdin=subprocess.DEVNULL, stdout=console, stderr=console, check=True)
        self._wait_until_up()

    def reset(self) -> None:
        """As it was first: off and on again with fresh files."""
        hosts_file = (self.directory / "upper/etc/hosts").read_text().partition("\n")[2]
        key = (self.directory / "upper/etc/ssh/authorized_keys").read_text()
        self.crash()
        for name in ("upper", "work", "root", "docker", "host_key", "host_key.pub"):
            kept = self.directory / name
            if name.startswith("host_key"):
                shutil.copy(kept, self.directory / f"kept_{name}")
            shutil.rmtree(kept) if kept.is_dir() else kept.unlink()
        self.make(key, hosts_file)
        self._keep_host_key()
        self.boot()
        self.load_images()

    def _keep_host_key(self) -> None:
        for name in ("host_key", "host_key.pub"):
            (self.directory / f"kept_{name}").replace(self.directory / name)
        shutil.copy(self.directory / "host_key", self.directory / "upper/etc/ssh/ssh_host_ed25519_key")

    @property
    def system(self) -> str:
        """The store path of the system that runs."""
        return self.check("readlink", "-f", "/run/current-system")

    @property
    def boot_default(self) -> tuple[str, str]:
        """The store paths of the profile, and of what the boot loader starts."""
        return self.check("readlink", "-f", PROFILE), self.check("cat", "/boot/default")

    def docker_answers(self) -> bool:
        return self.pid != 0 and _pings(Path(f"/proc/{self.pid}/root/run/docker.sock"))

    def _unified(self) -> list[Path]:
        """The same group in the tree of version 2 that machines with version 1 have beside the others."""
        tree = Path("/sys/fs/cgroup/unified")
        if not tree.exists():
            return []
        leaf = tree / self.cgroup.path
        leaf.mkdir(parents=True, exist_ok=True)
        return [leaf / "cgroup.procs"]


@dataclass(frozen=True, slots=True)
class NixosLab(Lab):
    """A lab of such hosts."""

    @classmethod
    def _root(cls) -> Path:
        return nixos_base()

    @classmethod
    def _kind(cls) -> type[LabHost]:
        return NixosHost


def _is_first(pid: int) -> bool:
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except (FileNotFoundError, ProcessLookupError):
        return False
    numbers = next(line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:"))
    return len(numbers) == 2 and numbers[1] == "1"


def _install(source: Path, target: Path) -> None:
    if not source.exists():
        raise LabError(f"{source} is missing")
    target.parent.mkdir(parents=True, exist_ok=True)
    if source != target:
        shutil.copyfile(source, target)
    target.chmod(0o755)


_START = HERE / "nixos_start.sh"
_FILES = {
    "etc/nix/nix.conf": (
        "experimental-features = nix-command flakes\nbuild-users-group =\nsandbox = false\nsubstituters =\n"
        "flake-registry =\nwarn-dirty = false\n"
    ),
    "etc/sudoers.d/admin": "admin ALL=(ALL) NOPASSWD: ALL\n",
    "etc/docker/daemon.json": '{"exec-opts": ["native.cgroupdriver=cgroupfs"], "shutdown-timeout": 3}\n',
    "etc/systemd/system/current-system.service": (
        "[Unit]\nBefore=ssh.service docker.service\n[Service]\nType=oneshot\nRemainAfterExit=yes\n"
        "ExecStart=/usr/local/sbin/current-system\n"
    ),
    f"{FIRST.lstrip('/')}/behaviour": "good\n",
    "usr/local/sbin/current-system": (
        "#!/bin/sh\n"
        f'[ -e {PROFILE} ] || nix-env --profile {PROFILE} --set "$(nix-store --add {FIRST})"\n'
        f"[ -e /boot/default ] || readlink -f {PROFILE} >/boot/default\n"
        'ln -sfn "$(cat /boot/default)" /run/current-system\n'
    ),
}
