"""`services.yaml` of Homepage (gethomepage.dev): a tile for each service, in the groups of `hosts.yaml`."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ..model import Host, Repo, Service
from ..repo.document import Map, document
from ..repo.source import Source
from .page import front, monitored, page
from .text import scalar

_IMAGE = re.compile(r"(.*/)?gethomepage/homepage([:@].*)?")
_NO_GROUP = "services"  # the title above services that are in no group
_ICONS = {"pihole": "pi-hole"}  # where Dashboard Icons has another name than the app's folder

_HEAD = "from the services; to change it, change their service.yaml and say that again.\n"


def pages(repo: Repo, source: Source) -> dict[str, str]:
    """Path to text for each Homepage of the repo, where its container sees the file."""
    return {
        path: f"{_HEAD}{_page(repo, service, _servers(source, folder))}"
        for service in repo.services.values()
        if (folder := _config(service))
        for path in [f"{folder}/services.yaml"]
    }


def _config(service: Service) -> str:
    """The folder of a Homepage's configuration; "" of other services, and where no container mounts it."""
    folder = f"{service.directory}/config"
    for container in service.stack.containers:
        if _IMAGE.fullmatch(container.image) and not {folder, f"{folder}/services.yaml"}.isdisjoint(container.mounts):
            return folder
    return ""


def _servers(source: Source, folder: str) -> frozenset[str]:
    """The hosts whose Docker this Homepage asks: the names in its docker.yaml."""
    path = f"{folder}/docker.yaml"
    try:
        content = document(path, source.read(path))
    except OSError:
        return frozenset()
    return frozenset(content) if isinstance(content, Map) else frozenset()


def _page(repo: Repo, itself: Service, servers: frozenset[str]) -> str:
    groups: dict[str, list[str]] = {name: [] for name in (*repo.groups, _NO_GROUP)}
    for service in sorted(repo.services.values(), key=lambda one: one.name):
        if service is not itself:
            groups[next(iter(service.groups), _NO_GROUP)] += _tiles(service, servers)
    lines = [line for name, tiles in groups.items() if tiles for line in (f"- {scalar(name)}:", *tiles)]
    return "\n".join([*(lines or ["[]"]), ""])


def _tiles(service: Service, servers: frozenset[str]) -> Iterator[str]:
    """The lines of one for each host where there is something to see: a page, or how its container is."""
    for host in service.hosts:
        where = page(service, host)
        state = _state(service, host) if host.name in servers else {}
        if not where and not state:
            continue
        about = {"href": where, **_described(service), "siteMonitor": monitored(service, host), **state}
        name = service.name if len(service.hosts) == 1 else f"{service.name} ({host})"
        yield f"    - {scalar(name)}:"
        yield from (f"        {key}: {scalar(value)}" for key, value in about.items() if value)


def _described(service: Service) -> dict[str, str]:
    return {"description": service.description, "icon": f"{_ICONS.get(service.app, service.app)}.png"}


def _state(service: Service, host: Host) -> dict[str, str]:
    container = front(service)
    if not container:
        return {}
    return {"server": host.name, "container": container.name or f"{service.project}-{container.key}-1"}
