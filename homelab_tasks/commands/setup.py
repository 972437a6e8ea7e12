"""What `setup` runs on a host: the look, packages, folders, the group of Docker."""

from __future__ import annotations

from collections.abc import Iterable

from ..command import Command, command, host_text

INSTALL_TIMEOUT = 1800  # seconds; a slow line and a slow disk


def look(paths: Iterable[str]) -> Command:
    """See what the host has; for any sh, as bash may be what is missing."""
    return Command(("sh", "-c", host_text("setup_look"), "homelab", *paths))


def refresh_packages() -> Command:
    """Fetch the lists of packages; waits for an update that runs already, as on the first boot of many hosts."""
    return command("apt-get", *_PATIENT, "update", "--quiet", timeout=INSTALL_TIMEOUT)


def install(packages: Iterable[str]) -> Command:
    """Install packages of the host's distribution, with what they recommend."""
    words = (*_PATIENT, "install", "--yes", "--quiet", *packages)
    return command("env", "DEBIAN_FRONTEND=noninteractive", "apt-get", *words, timeout=INSTALL_TIMEOUT)


def start_docker() -> Command:
    """Start the daemon, now and at each boot."""
    return command("systemctl", "enable", "--now", "docker", timeout=120)


def join_docker(user: str) -> Command:
    """Let the user use Docker from the next login on."""
    return command("usermod", "--append", "--groups", "docker", user)


def make_folders(paths: Iterable[str], owner: str, *, mode: str = "755") -> Command:
    """Folders of `owner` (`user:group`), with those above them where they are missing."""
    user, _, group = owner.partition(":")
    return command("install", "-d", "-o", user, "-g", group, "-m", mode, *paths)


def own(paths: Iterable[str], owner: str) -> Command:
    """Give these very files or folders to `owner`, not what is in them."""
    return command("chown", owner, *paths)


def own_checkout(path: str, owner: str) -> Command:
    """Give the checkout and what Git tracks in it to `owner`."""
    return Command(("sh", "-c", host_text("setup_own"), "homelab", path, owner), timeout=300)


def mode(paths: Iterable[str], wanted: str) -> Command:
    """`chmod`."""
    return command("chmod", wanted, *paths)


def init_checkout(path: str, branch: str) -> Command:
    """An empty Git repo, which the first deploy fills."""
    return command("git", "init", "--quiet", f"--initial-branch={branch}", path)


def keep_aside(path: str, kept: str) -> Command:
    """Rename; never into a folder that is there."""
    return command("mv", "--no-target-directory", "--no-clobber", path, kept)


def link(target: str, path: str) -> Command:
    """A symbolic link; fails where something is."""
    return command("ln", "--symbolic", "--no-target-directory", target, path)


_PATIENT = ("-o", "DPkg::Lock::Timeout=300")
