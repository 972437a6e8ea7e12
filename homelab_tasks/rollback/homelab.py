"""The homelab of a former commit, on the hosts as they are reached today."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from msgspec.structs import replace

from .. import repo as repos
from ..errors import HomelabError, Refused, RepoInvalid
from ..model import Host, Pinned, Repo


def of_then(now: Repo, commit: str) -> Repo:
    """The homelab at `commit`. Raises HomelabError, with all that is wrong with it."""
    return _on_todays_hosts(_load(Path(now.root), commit), now)


def with_pins(now: Repo, base: str, pins: Mapping[str, Pinned], *, move: str) -> Repo:
    """The homelab at `base` with pinned services. Raises HomelabError, with `move` where they do not fit."""
    return _on_todays_hosts(repos.at_pinned(Path(now.root), base, pins, move=move), now)


def refuse_missing(now: Repo, name: str, then: Repo) -> None:
    """Raises Refused where a service came after the commit that was asked for."""
    later = now.services.get(name)
    if later is None:
        return
    came = repos.first_with(Path(now.root), then.commit, now.commit, later.directory)
    move = f"it came with {came[:7]}" if came else "choose a later commit with --to"
    raise Refused(f"{name} does not exist at {then.commit[:7]}", move=move)


def _load(root: Path, commit: str) -> Repo:
    try:
        return repos.at_commit(root, commit)
    except RepoInvalid as error:
        problems = "\n".join(f"  {problem}" for problem in error.problems)
        raise HomelabError(f"the repo at {commit[:7]} does not load; choose another with --to:\n{problems}") from error


def _on_todays_hosts(then: Repo, now: Repo) -> Repo:
    """An address or a key that changed since is no part of what was deployed, nor is what to do after a failure; which
    system a host had is.
    """
    former = then.hosts
    hosts = {**former, **{name: _today(host, former.get(name)) for name, host in now.hosts.items()}}
    services = {
        name: replace(service, hosts=tuple(hosts[host.name] for host in service.hosts))
        for name, service in then.services.items()
    }
    return replace(then, hosts=hosts, services=services, on_failure=now.on_failure)


def _today(host: Host, former: Host | None) -> Host:
    return replace(host, system=former.system, flake=former.flake) if former else host
