"""Services that somebody started before us, by hand or with another tool: what their first deploy would leave or lose.

Compose itself says nothing of it: under another project name it makes a second container with empty volumes, from
another folder it makes empty folders for `./config`, and with `--remove-orphans` it removes what it does not know.
"""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping
from typing import Any

from msgspec import Struct

from ..commands import compose
from ..commands.engine import image_name
from ..commands.resolve import Resolution, Resolved
from ..model import Host, Repo
from ..observe import Observation, SeenContainer
from .beside import beside, committed, gone
from .survey import Finding


class Newcomer(Struct, frozen=True):
    """A service before its first deploy on a host, and what is there already."""

    repo: Repo
    finding: Finding
    found: Resolved
    resolution: Resolution
    seen: Observation
    strangers: Mapping[str, tuple[SeenContainer, ...]]  # of its host

    @property
    def folder(self) -> str:
        """Its folder on the host."""
        return compose.directory(self.repo, self.finding.host, self.finding.service)

    @property
    def containers(self) -> Mapping[str, Mapping[str, Any]]:
        """What its compose file says, by the keys under `services:`."""
        return (self.found.model or {}).get("services") or {}


def strangers(repo: Repo, host: Host, seen: Observation) -> Mapping[str, tuple[SeenContainer, ...]]:
    """The compose projects on a host that are no service's, now or by the records."""
    theirs = {c.project for c in seen.containers}
    theirs -= {s.project for s in repo.services.values() if host in s.hosts}
    theirs -= {record.project for record in seen.records.values()}
    return {name: seen.of_project(name) for name in sorted(theirs)}


def faults_of_newcomer(new: Newcomer) -> Iterator[str]:
    """What would be left behind or lost: `what; the next move`. All of it ends when the old containers are gone."""
    yield from _left_folders(new)
    yield from _orphans(new)
    for project, containers in new.strangers.items():
        yield from _same_folder(new, project, containers)
        yield from _same_volumes(new, project, containers)
        yield from _same_name(new, project, containers)


def _left_folders(new: Newcomer) -> Iterator[str]:
    """It runs from another folder, and `./config` is there. That folder may be one of Portainer's own container."""
    service, host = new.finding.service, new.finding.host
    folders = {c.directory for c in new.seen.of_project(service.project)} - {new.folder, ""}
    binds, told = {*_own_binds(new)}, _told_of_renamed(new)
    for folder in sorted(folders):
        left = sorted(binds - told if folder in _former_folders(new) else binds)
        if not left:
            continue
        what = f"{service.name}: runs on {host.name} from {folder}, and {', '.join(left)} would be left behind there"
        move = f"{down(new, service.project)}, move them to {new.folder}"
        yield f"{what}; {move}, deploy again"


def _told_of_renamed(new: Newcomer) -> set[str]:
    """Of what is there, `renamed` knows whether it really lies under the old name."""
    service = new.finding.service
    return {f".{path.removeprefix(service.directory)}" for path in beside(service)}


def _former_folders(new: Newcomer) -> set[str]:
    """Where services were deployed that are no longer in the repo."""
    root = f"{new.finding.host.path.rstrip('/')}/{new.repo.prefix}"
    return {f"{root}{old.directory}" for old in gone(new.repo, new.seen)}


def down(new: Newcomer, project: str) -> str:
    """The move that ends an old stack."""
    return f"on {new.finding.host.name}: docker compose --project-name {shlex.quote(project)} down (volumes stay)"


def _own_binds(new: Newcomer) -> Iterator[str]:
    """What it keeps beside its compose file, and Git does not have, as `./config`."""
    for container in new.containers.values():
        for mount in container.get("volumes") or ():
            source = str(mount.get("source", ""))
            inside = posixpath.relpath(source, new.folder) if source.startswith(f"{new.folder}/") else ".."
            if mount.get("type") == "bind" and not inside.startswith("..") and not _committed(new, inside):
                yield f"./{inside}"


def _committed(new: Newcomer, path: str) -> bool:
    return committed(new.finding.service, posixpath.normpath(f"{new.finding.service.directory}/{path}"))


def _orphans(new: Newcomer) -> Iterator[str]:
    service, host = new.finding.service, new.finding.host
    optional = {container.key for container in service.stack.containers}
    for container in new.seen.of_project(service.project):
        if container.key not in new.containers:
            off = container.key in optional
            why = "under a profile that is off" if off else f"not in {service.stack.files[0]}"
            what = f"{service.name}: container {container.name} on {host.name} is of the same compose project"
            what += f" ({service.project}), {why}, and would be removed"
            move = "name the profile in COMPOSE_PROFILES of its .env" if off else "add it there"
            yield f"{what}; {move}, or on {host.name}: docker rm --force {shlex.quote(container.name)}"


def _same_folder(new: Newcomer, project: str, containers: tuple[SeenContainer, ...]) -> Iterator[str]:
    """As `cd services/sonarr/anime && docker compose up` calls it."""
    if new.folder in {c.directory for c in containers}:
        service, host = new.finding.service, new.finding.host
        what = f"{service.name}: runs on {host.name} as compose project {project}, started in the same folder"
        yield f"{what}; {down(new, project)}, deploy again"


def _same_volumes(new: Newcomer, project: str, containers: tuple[SeenContainer, ...]) -> Iterator[str]:
    """All of the service runs there under another name, with volumes that go by that name."""
    images = {c.key: c for c in containers}
    if not all(key in images and _alike(images[key], body) for key, body in new.containers.items()):
        return
    yield from empty_volumes(new, project, f"where the same runs as compose project {project}, with volume")


def empty_volumes(new: Newcomer, project: str, story: str) -> Iterator[str]:
    """Volumes that would be made beside those of `project`; `story` leads to the name of the old one."""
    service, host, there = new.finding.service, new.finding.host, new.resolution.stock.volumes
    for key, body in ((new.found.model or {}).get("volumes") or {}).items():
        name, old = str((body or {}).get("name") or key), f"{project}_{key}"
        if not (body or {}).get("external") and name not in there and old in there:
            what = f"{service.name}: volume {name} would be new and empty on {host.name}, {story} {old}"
            move = f"write name: {project} at the top of {service.stack.files[0]} to take it over"
            yield f"{what}; {move}, or on {host.name}: docker volume create {name}, to begin anew"


def _same_name(new: Newcomer, project: str, containers: tuple[SeenContainer, ...]) -> Iterator[str]:
    service, host = new.finding.service, new.finding.host
    names = {str(body.get("container_name", "")) for body in new.containers.values()}
    for container in containers:
        if container.name in names:
            what = f"{service.name}: container {container.name} on {host.name} is of compose project {project}"
            what += f", started in {container.directory}"
            yield f"{what}; on {host.name}: docker rm --force {shlex.quote(container.name)}, which keeps its volumes"


def _alike(container: SeenContainer, body: Mapping[str, Any]) -> bool:
    """Of one repository, whatever the version; of a container whose image has no name any more nobody knows."""
    return container.image_moved or repository(container.image) == repository(str(body.get("image", "")))


def repository(image: str) -> str:
    """The image's name without its version."""
    return image_name(image.partition("@")[0]).rpartition(":")[0]
