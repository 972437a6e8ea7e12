"""The root filesystem of hosts that stand in for NixOS: Debian with a real systemd, a real Nix, Docker and sshd."""

from __future__ import annotations

import hashlib
import platform
import shutil
from pathlib import Path

from .base import SUITE, UNREAD, USERS, _mirror, cache, locked
from .errors import LabError, LabUnavailable, run
from .prepare import prepare, say

PACKAGES = (
    *("systemd", "systemd-sysv", "dbus", "sudo", "nix-bin", "nix-setup-systemd"),
    *("docker.io", "docker-cli", "docker-compose", "iptables"),
    *("openssh-server", "git", "ca-certificates", "iproute2", "procps", "busybox-static"),
)
_HOOKS = (*USERS, 'chroot "$1" usermod --append --groups nix-users admin')


def nixos_base() -> Path:
    """The root filesystem, built if this recipe has none yet. Raises LabUnavailable."""
    prepare()
    if not shutil.which("systemd-nspawn"):
        raise LabUnavailable("hosts with systemd need systemd-nspawn; apt-get install systemd-container")
    folder = cache() / f"nixos-{_recipe()}"
    with locked(cache() / "base.lock"):
        if not folder.exists():
            _build(folder)
    return folder


def _recipe() -> str:
    words = (SUITE, platform.machine(), *PACKAGES, *UNREAD, *_HOOKS)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


def _build(folder: Path) -> None:
    say("building the root filesystem of hosts with systemd and Nix, once, about a minute")
    unfinished = folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        run(
            *("mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=essential"),
            *("--include=" + ",".join(PACKAGES), '--aptopt=APT::Install-Recommends "false"'),
            *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNREAD),
            *(f"--customize-hook={line}" for line in _HOOKS),
            *(SUITE, str(unfinished), _mirror()),
        )
    except LabError as error:
        raise LabUnavailable(f"cannot build the root filesystem: {error}") from error
    unfinished.rename(folder)
