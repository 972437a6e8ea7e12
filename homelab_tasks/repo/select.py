"""Words of a command line to services: names with commas and globs, apps, groups, hosts."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from fnmatch import fnmatchcase
from itertools import chain

from ..errors import Refused, UnknownName
from ..model import Repo, Service


def select(repo: Repo, words: str | Iterable[str] | None, group: str | None = None) -> tuple[Service, ...]:
    """The services that the words mean, by name; all where there are none (None). `group` keeps those of a group.

    `plex,son*`: each part is a service, an app with all its instances, or a glob. Raises UnknownName, and Refused for
    words that name nothing, such as the value of a variable that is not set: they never mean all.
    """
    if group is not None and group not in repo.groups:
        raise UnknownName("group", group, repo.groups)
    parts = repo.services if words is None else parts_of(words, "service")
    chosen = set(chain.from_iterable(_meant(repo, part) for part in parts))
    services = (repo.services[name] for name in sorted(chosen))
    return tuple(service for service in services if group is None or group in service.groups)


def select_groups(repo: Repo, words: str | Iterable[str]) -> tuple[Service, ...]:
    """The services of these groups (commas and globs), by name. Raises UnknownName and Refused."""
    names = set(chain.from_iterable(_matching("group", part, repo.groups) for part in parts_of(words, "group")))
    return tuple(repo.services[name] for name in sorted(repo.services) if names & set(repo.services[name].groups))


def parts_of(words: str | Iterable[str], kind: str) -> list[str]:
    """The parts between the commas. Raises Refused where there are none; `kind` is what they would name."""
    each = [words] if isinstance(words, str) else words
    parts = [part for word in each for part in map(str.strip, word.split(",")) if part]
    if not parts:
        raise Refused(f"no {kind} is named", move="inv hosts" if kind == "host" else "inv list")
    return parts


def _meant(repo: Repo, part: str) -> list[str]:
    of_app = [service.name for service in repo.services.values() if part in (service.name, service.app)]
    apps = {service.app for service in repo.services.values()}
    return of_app or _matching("service", part, repo.services, also=apps)


def _matching(kind: str, part: str, names: Collection[str], also: Collection[str] = ()) -> list[str]:
    found = [name for name in names if fnmatchcase(name, part)]
    if not found:
        raise UnknownName(kind, part, {*names, *also})
    return found
