"""Where the NixOS of a host is not what the repo says, compared with what was recorded of the last activation."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from ..model import Host, Repo
from ..observe import Observation
from ..request import Request


class SystemFinding(Struct, frozen=True):
    """A host whose system needs something done, or cannot be looked at (`blocked` says why)."""

    host: Host
    causes: tuple[str, ...] = ()
    blocked: str = ""


def find_systems(
    hosts: Iterable[Host], repo: Repo, request: Request, seen: Mapping[str, Observation], unfit: Mapping[str, str]
) -> Iterator[SystemFinding]:
    """Those of these NixOS hosts whose systems are not as they should be."""
    for host in hosts:
        why = unfit.get(host.name) or _hindrance(host, repo, seen[host.name])
        if why:
            yield SystemFinding(host, blocked=why)
            continue
        causes = tuple(_causes(host, repo, seen[host.name]))
        if causes or request.force:
            yield SystemFinding(host, causes or ("forced",))


def _hindrance(host: Host, repo: Repo, seen: Observation) -> str:
    if not seen.system:
        return no_nixos(host)
    if not repo.systems.get(host.name):
        return f"the flake of {host.name} ({host.flake}) is not in the commit; git add it and commit"
    return ""


def _causes(host: Host, repo: Repo, seen: Observation) -> Iterator[str]:
    if seen.armed:
        yield "its last activation was never confirmed"
    if not seen.systems:
        yield "not yet recorded"
        return
    last = seen.systems[-1]
    if last.files != repo.systems[host.name]:
        yield f"{folder(host)}/ changed since {last.commit[:7]}"
    if seen.system != last.system:
        yield "another system runs than the recorded one"
    elif seen.boot != last.system:
        yield "its next boot would start another system"


def no_nixos(host: Host) -> str:
    """Why nothing can be done with the host's system."""
    return f"{host.name} does not run NixOS; if that is right: system: none in hosts.yaml"


def folder(host: Host) -> str:
    """The folder of the host's flake, from the homelab's root."""
    return host.flake.partition("#")[0].rstrip("/") or "."
