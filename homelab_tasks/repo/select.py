"""Words of a command line to services: names with commas and globs, apps, groups, hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from dataclasses import replace
from fnmatch import fnmatchcase
from itertools import chain

from ..errors import UnknownName
from ..model import Repo, Service


def select(repo: Repo, words: str | Iterable[str], group: str | None = None) -> tuple[Service, ...]:
    """The services that the words mean, by name: all without words. `group` keeps those of a group.

    `plex,son*`: each part is a service, an app with all its instances, or a glob. Raises UnknownName.
    """
    if group is not None and group not in repo.groups:
        raise UnknownName("group", group, repo.groups)
    parts = _parts(words)
    chosen = set(chain.from_iterable(_meant(repo, part) for part in parts)) if parts else set(repo.services)
    services = (repo.services[name] for name in sorted(chosen))
    return tuple(service for service in services if group is None or group in service.groups)


def select_groups(repo: Repo, words: str | Iterable[str]) -> tuple[Service, ...]:
    """The services of these groups (commas and globs), by name. Raises UnknownName."""
    names = set(chain.from_iterable(_matching("group", part, repo.groups) for part in _parts(words)))
    return tuple(repo.services[name] for name in sorted(repo.services) if names & set(repo.services[name].groups))


def on_hosts(repo: Repo, services: Iterable[Service], words: str | Iterable[str]) -> tuple[Service, ...]:
    """The services that run on these hosts (commas and globs), with these hosts only. Raises UnknownName."""
    parts = _parts(words)
    if not parts:
        return tuple(services)
    names = set(chain.from_iterable(_matching("host", part, repo.hosts) for part in parts))
    kept = ((service, tuple(host for host in service.hosts if host.name in names)) for service in services)
    return tuple(replace(service, hosts=hosts) for service, hosts in kept if hosts)


def _parts(words: str | Iterable[str]) -> list[str]:
    each = [words] if isinstance(words, str) else words
    return [part for word in each for part in map(str.strip, word.split(",")) if part]


def _meant(repo: Repo, part: str) -> list[str]:
    of_app = [service.name for service in repo.services.values() if part in (service.name, service.app)]
    apps = {service.app for service in repo.services.values()}
    return of_app or _matching("service", part, repo.services, also=apps)


def _matching(kind: str, part: str, names: Collection[str], also: Collection[str] = ()) -> list[str]:
    found = [name for name in names if fnmatchcase(name, part)]
    if not found:
        raise UnknownName(kind, part, {*names, *also})
    return found
