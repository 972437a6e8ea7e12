"""What a machine needs before it can have a lab; as root on Debian or Ubuntu the missing packages are installed."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path

from .errors import LabError, LabUnavailable, run
from .images import is_static

PACKAGES = {
    "mmdebstrap": "mmdebstrap",
    "ip": "iproute2",
    "nsenter": "util-linux",
    "ssh-keygen": "openssh-client",
    "git": "git",
}


def prepare() -> None:
    """Make this machine able to have a lab. Raises LabUnavailable with the reason where that cannot be."""
    if sys.platform != "linux":
        raise LabUnavailable("lab hosts need Linux")
    if os.geteuid() != 0:
        raise LabUnavailable("lab hosts need root, for namespaces and mounts")
    missing = _missing_packages()
    if missing:
        _install(missing)


def say(what: str) -> None:
    """Tell a person who waits what takes so long."""
    sys.stderr.write(f"lab: {what}\n")


def _missing_packages() -> list[str]:
    missing = [package for tool, package in PACKAGES.items() if not shutil.which(tool)]
    return missing if is_static(Path("/bin/busybox")) else [*missing, "busybox-static"]


def _install(packages: list[str]) -> None:
    if not shutil.which("apt-get"):
        raise LabUnavailable(f"lab hosts need {', '.join(packages)}; install them, there is no apt-get here")
    say(f"installing {', '.join(packages)}")
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        run("apt-get", "update", "-qq")
        run("apt-get", "install", "-qq", "-y", "--no-install-recommends", *packages, env=environment)
    except LabError as error:
        raise LabUnavailable(f"lab hosts need {', '.join(packages)}, and apt-get failed: {error}") from error
