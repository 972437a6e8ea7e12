"""The root filesystem that all hosts share: Debian 13, Docker, Compose, sshd, git; built once, cached by recipe."""

from __future__ import annotations

import fcntl
import hashlib
import os
import platform
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .errors import LabError, LabUnavailable, run
from .prepare import prepare, say

SUITE = "trixie"
PACKAGES = (
    *("docker.io", "docker-cli", "docker-compose", "iptables"),
    *("openssh-server", "git", "ca-certificates"),
    *("apt", "sudo"),
    *("iproute2", "procps", "busybox-static"),
)
UNREAD = ("doc", "info", "locale", "man", "zoneinfo")
ADMIN = 1000
USERS = (
    "chroot \"$1\" useradd --create-home --uid 1000 --shell /bin/bash --groups docker --password '*' admin",
    "chroot \"$1\" usermod --password '*' root",
    'rm -f "$1"/etc/ssh/ssh_host_* "$1"/etc/resolv.conf',
)


def cache() -> Path:
    """Where everything of all labs of this machine is kept, outside any checkout."""
    home = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    folder = Path(home) / "homelab-tasks" / "lab"
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def base() -> Path:
    """The root filesystem, built if this recipe has none yet. Raises LabUnavailable."""
    prepare()
    folder = cache() / f"base-{_recipe()}"
    with locked(cache() / "base.lock"):
        if not folder.exists():
            _build(folder)
    return folder


@contextmanager
def locked(path: Path) -> Iterator[None]:
    """Hold a lock that other processes on this machine wait for."""
    with path.open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def _recipe() -> str:
    words = (SUITE, platform.machine(), *PACKAGES, *UNREAD, *USERS)
    return hashlib.sha256("\0".join(words).encode()).hexdigest()[:12]


def _build(folder: Path) -> None:
    say("building the hosts' root filesystem, once, about half a minute")
    started, unfinished = time.monotonic(), folder.with_suffix(".new")
    shutil.rmtree(unfinished, ignore_errors=True)
    try:
        run(*_mmdebstrap(unfinished))
    except LabError as error:
        raise LabUnavailable(f"cannot build the hosts' root filesystem: {error}") from error
    unfinished.rename(folder)
    say(f"built in {time.monotonic() - started:.0f} s: {folder}")


def _mmdebstrap(folder: Path) -> list[str]:
    return [
        *("mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=essential"),
        *("--include=" + ",".join(PACKAGES), '--aptopt=APT::Install-Recommends "false"'),
        *(f"--dpkgopt=path-exclude=/usr/share/{name}/*" for name in UNREAD),
        *(f"--customize-hook={line}" for line in USERS),
        *(SUITE, str(folder), _mirror()),
    ]


def _mirror() -> str:
    """The Debian mirror that apt uses on this machine, in whatever form its sources are written."""
    wanted = ("Created-By: Packages", "Origin: Debian", "Component: main", f"Codename: {_codename()}")
    found = run("apt-get", "indextargets", "--format", "$(REPO_URI)", *wanted).split()
    if not found:
        raise LabUnavailable(
            "lab hosts need a Debian mirror, and apt here has none; run it on Debian, after apt-get update"
        )
    return found[0]


def _codename() -> str:
    for line in Path("/etc/os-release").read_text().splitlines():
        if line.startswith("VERSION_CODENAME="):
            return line.partition("=")[2].strip('"')
    raise LabUnavailable("lab hosts need Debian: /etc/os-release names no release")
