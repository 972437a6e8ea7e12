"""Programs that a host lacks: which packages bring them where apt is, and what a person has to do elsewhere."""

from __future__ import annotations

from collections.abc import Iterator

from ..commands import setup as commands
from ..model import Host
from ..observe import other_socket, socket_elsewhere
from .seen import Docker, Seen
from .step import Act, Step

_PACKAGES = {"bash": "bash", "git": "git", "flock": "util-linux", "timeout": "coreutils", "tar": "tar"}
_NAMES = {"docker": "Docker", "compose": "Docker Compose v2"}
# What brings Compose v2 where apt's lists do not say: on a new host they may be empty. Elsewhere it is version 1.
_UBUNTUS = "docker-compose-v2"
_DEBIANS = dict.fromkeys(("trixie", "forky", "sid"), "docker-compose")
_DOCKERS_OWN = "https://docs.docker.com/engine/install/"


def missing(seen: Seen) -> tuple[str, ...]:
    """The programs that are not there."""
    return tuple(tool for tool in (*_PACKAGES, "docker", "compose") if tool not in seen.tools)


def package_steps(seen: Seen) -> Iterator[Step]:
    """Install what is missing, where apt can."""
    names = list(_packages(seen)) if seen.apt else []
    if names:
        what = f"install {', '.join(names)}"
        yield Step(what, f"{_listed(seen)} missing", (Act(commands.refresh_packages()), Act(commands.install(names))))
    if seen.docker is Docker.SILENT and seen.systemd and not seen.nixos and not socket_elsewhere(seen.silence):
        yield Step("start Docker", "its daemon does not answer", (Act(commands.start_docker()),))


def package_faults(host: Host, seen: Seen) -> Iterator[str]:
    """What is missing and no step brings."""
    lacking = missing(seen)
    if seen.nixos:
        yield from _nixos_faults(host, lacking)
    elif lacking and not seen.apt:
        names = ", ".join(_NAMES.get(tool, tool) for tool in lacking)
        yield f"{names} not installed on {host.name}; install that with the packages of {_system(seen)} there"
    elif "compose" in lacking and not _compose(seen):
        both = "docker-ce docker-ce-cli docker-compose-plugin" if "docker" in lacking else "docker-compose-plugin"
        what = f"{_system(seen)} has no package of Docker Compose v2"
        move = f"add Docker's own repository on {host.name} ({_DOCKERS_OWN}), then this installs {both}"
        yield f"{what}; {move}: inv setup {host.name}"
    if seen.docker is Docker.SILENT and (other := other_socket(host, seen.silence)):
        yield "; ".join(other)
    elif seen.docker is Docker.SILENT and not (seen.systemd and not seen.nixos):
        yield f"the docker daemon on {host.name} does not answer; start it there"


def _nixos_faults(host: Host, lacking: tuple[str, ...]) -> Iterator[str]:
    options = [f"environment.systemPackages = [ pkgs.{_PACKAGES[tool]} ]" for tool in lacking if tool in _PACKAGES]
    options += ["virtualisation.docker.enable = true"] if {"docker", "compose"} & {*lacking} else []
    if options:
        names = ", ".join(_NAMES.get(tool, tool) for tool in lacking)
        yield f"{names} not installed on {host.name}; in its NixOS configuration: {'; '.join(options)}"


def _packages(seen: Seen) -> Iterator[str]:
    lacking = missing(seen)
    yield from (_PACKAGES[tool] for tool in lacking if tool in _PACKAGES)
    compose = _compose(seen)
    if "docker" in lacking and compose:
        yield from ("docker-ce", "docker-ce-cli") if compose == "docker-compose-plugin" else _distributions_docker(seen)
    if "compose" in lacking and compose:
        yield compose


def _distributions_docker(seen: Seen) -> tuple[str, ...]:
    """Debian 13 has the client in a package of its own."""
    return ("docker.io", "docker-cli") if "docker-cli" in seen.packages else ("docker.io",)


def _compose(seen: Seen) -> str:
    """The package of Compose v2; that of Docker's own repository where somebody has added it."""
    for name in ("docker-compose-plugin", _UBUNTUS):
        if name in seen.packages:
            return name
    if "docker-compose" in seen.packages:
        return "docker-compose" if _major(seen.packages["docker-compose"]) >= 2 else ""
    if "ubuntu" in seen.release.like:
        return _UBUNTUS
    return _DEBIANS.get(seen.release.codename, "")


def _major(version: str) -> int:
    """2 of `2.26.1-4`, and of `1:2.26.1`."""
    number = version.rpartition(":")[2].partition(".")[0]
    return int(number) if number.isdigit() else 0


def _listed(seen: Seen) -> str:
    names = [_NAMES.get(tool, tool) for tool in missing(seen)]
    return ", ".join(names) + (" is" if len(names) == 1 else " are")


def _system(seen: Seen) -> str:
    return seen.release.name or "its system"
