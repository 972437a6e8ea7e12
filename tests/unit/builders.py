"""Small repos for tests: a builder shows only what matters to the test."""

from __future__ import annotations

import types
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homelab_tasks.commands.engine import Stock
from homelab_tasks.commands.resolve import Resolution, Resolved
from homelab_tasks.model import Container, Edge, Group, Host, Network, Reason, Repo, Service, Stack
from homelab_tasks.observe import Checkout, Observation, SeenContainer
from homelab_tasks.observe import Health as SeenHealth
from homelab_tasks.plan import Plan
from homelab_tasks.plan.deploy import plan_deploy
from homelab_tasks.plan.facts import Facts
from homelab_tasks.plan.room import with_room
from homelab_tasks.plan.survey import survey
from homelab_tasks.problem import Place
from homelab_tasks.record import Record, RecordedContainer
from homelab_tasks.repo.source import Tree
from homelab_tasks.request import Request


def a_host(name: str = "nas", **fields: Any) -> Host:
    return Host(**{"name": name, "address": f"{name}.lan", **fields})


def a_stack(name: str = "plex", **fields: Any) -> Stack:
    directory = "services/" + name
    plain = {
        "files": (f"{directory}/compose.yml",),
        "project": name,
        "containers": (Container(name, image=f"{name}:1"),),
        "env_files": (f"{directory}/.env",),
    }
    return Stack(**{**plain, **fields})


def asking_early(name: str, **fields: Any) -> Stack:
    """A stack whose health check has a `start_interval`, in line 9."""
    place = Place(f"services/{name}/compose.yml", 9)
    return a_stack(name, containers=(Container(name, image=f"{name}:1", start_interval=place, **fields),))


class NeedingService(Service, frozen=True):
    """A service as `a_service` makes it, which remembers the needs until `a_repo` makes edges of them."""

    needs: tuple[str, ...] = ()


def a_service(name: str = "plex", *, depends_on: str | Iterable[str] = (), host: str = "nas", **fields: Any) -> Service:
    plain = {
        "name": name,
        "app": name,
        "directory": f"services/{name}",
        "stack": a_stack(name),
        "hosts": (a_host(host),),
        "files": {f"services/{name}/compose.yml": f"blob-{name}"},
        "digest": f"digest-{name}",
        "place": Place(f"services/{name}/compose.yml"),
    }
    needs = (depends_on,) if isinstance(depends_on, str) else tuple(depends_on)
    return NeedingService(**{**plain, **fields}, needs=needs)


def an_edge(dependent: str, dependency: str, reason: Reason = Reason.DECLARED, **fields: Any) -> Edge:
    plain = {"detail": f"depends on {dependency}", "place": Place(f"services/{dependent}/service.yaml", 1)}
    return Edge(dependent, dependency, reason, **{**plain, **fields})


def a_repo(*services: Service, edges: Iterable[Edge] = (), **fields: Any) -> Repo:
    """A repo of these services, on the hosts and in the groups that they name, with an edge for each `depends_on`."""
    declared = [an_edge(s.name, need) for s in services for need in getattr(s, "needs", ())]
    plain: dict[str, Any] = {
        "root": "/home/me/homelab",
        "hosts": {host.name: host for s in services for host in s.hosts},
        "services": {s.name: s for s in services},
        "groups": {group: Group(group) for s in services for group in s.groups},
        "edges": (*declared, *edges),
        "commit": "c0ffee" + "0" * 34,
        "branch": "main",
    }
    return Repo(**{**plain, **fields})


def a_network(name: str, **fields: Any) -> Network:
    return Network(name, **fields)


@dataclass(frozen=True)
class Files:
    """A homelab's files as a source to load from, without a disk: path -> content, which is the blob id too."""

    contents: Mapping[str, str | bytes]
    root: Path = Path("/home/me/homelab")
    prefix: str = ""
    commit: str = "c0ffee" + "0" * 34
    branch: str = "main"

    @property
    def files(self) -> Mapping[str, str]:
        return {path: str(content) for path, content in self.contents.items()}

    def read(self, path: str) -> bytes:
        if path not in self.contents:
            raise FileNotFoundError(2, "No such file or directory", path)
        content = self.contents[path]
        return content if isinstance(content, bytes) else content.encode()

    def tree(self) -> Tree:
        entries = {path: f"{blob} 100644" for path, blob in self.files.items()}
        return Tree(entries, sorted(entries)) if self.commit else Tree()

    def prefetch(self, paths: Iterable[str]) -> None:
        """Everything is at hand."""


def a_container(service: str = "plex", **fields: Any) -> SeenContainer:
    """A running container as a look at its host shows it, with the id that `a_record` writes down."""
    plain = {
        "id": f"id-{service}",
        "name": f"{service}-{service}-1",
        "state": "running",
        "health": SeenHealth.NONE,
        "image": f"{service}:1",
        "project": service,
        "key": service,
        "directory": f"/opt/homelab/services/{service}",
    }
    return SeenContainer(**{**plain, **fields})


def a_record(service: str = "plex", **fields: Any) -> Record:
    """The record of a service that was deployed as `a_service` is."""
    plain = {
        "service": service,
        "project": service,
        "directory": f"services/{service}",
        "commit": "c0ffee" + "0" * 34,
        "digest": f"digest-{service}",
        "containers": (RecordedContainer(f"id-{service}", service, f"{service}-{service}-1", f"sha256:{service}"),),
    }
    return Record(**{**plain, **fields})


def an_observation(*services: str, host: str = "nas", **fields: Any) -> Observation:
    """A host on which these services run as recorded, at the commit that `a_repo` has."""
    plain = {
        "host": host,
        "checkout": Checkout.GIT,
        "commit": "c0ffee" + "0" * 34,
        "branch": "main",
        "folder": "/opt/homelab/.git/homelab",
        "records": {name: a_record(name) for name in services},
        "containers": tuple(a_container(name) for name in services),
    }
    return Observation(**{**plain, **fields})


def a_model(service: str = "plex", **containers: Any) -> dict[str, Any]:
    """A resolved compose model with one container, or with these."""
    return {"name": service, "services": containers or {service: {"image": f"{service}:1"}}}


def a_resolution(*resolved: Resolved, images: Iterable[str] = ("plex:1",), **fields: Any) -> Resolution:
    """What a host says of these services; it has these images, and of the rest what `fields` say."""
    of_host = {name: fields.pop(name) for name in ("problem", "there") if name in fields}
    stock = Stock({name: f"sha256:{name}" for name in images}, **fields)
    return Resolution({r.service: r for r in resolved}, stock, **of_host)


def resolved(service: str = "plex", **fields: Any) -> Resolved:
    """A service whose model and files are those of the last deploy, but for `fields`."""
    model = a_model(service)
    files = {f"services/{service}/compose.yml": f"blob-{service}"}
    return Resolved(**{"service": service, "model": model, "before": model, "files_before": files, **fields})


def a_request(*names: str, title: str = "deploy", **fields: Any) -> Request:
    """A deploy of these services by name."""
    return Request(**{"title": title, "names": frozenset(names), "named": frozenset(names), **fields})


def a_plan(
    repo: Repo,
    request: Request,
    *seen: Observation,
    unfit: Mapping[str, str] = types.MappingProxyType({}),
    answers: Iterable[Resolved] = (),
    here: frozenset[str] = frozenset(),
    **resolution: Any,
) -> Plan:
    """The plan of a deploy: every host answers with `answers`, and what is not answered is as it was."""
    looked = {o.host: o for o in seen}
    found = survey(repo, request, looked, unfit)
    given = {r.service: r for r in answers}
    said = {
        host: a_resolution(
            *[given.get(f.service.name) or resolved(f.service.name) for f in found.findings if f.host.name == host],
            images=[f"{name}:1" for name in repo.services],
            **resolution,
        )
        for host in looked
    }
    facts = Facts(repo, looked, said if request.files else {}, here)
    return with_room(plan_deploy(found, facts), found, facts)
