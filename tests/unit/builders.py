"""Small repos for tests: a builder shows only what matters to the test."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from homelab_tasks.errors import Place
from homelab_tasks.model import Container, Edge, Group, Host, Network, Reason, Repo, Service, Stack


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


class NeedingService(Service):
    """A service as `a_service` makes it, which remembers the needs until `a_repo` makes edges of them."""

    __slots__ = ("needs",)
    needs: tuple[str, ...]


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
    service = NeedingService(**{**plain, **fields})
    object.__setattr__(service, "needs", (depends_on,) if isinstance(depends_on, str) else tuple(depends_on))
    return service


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

    def prefetch(self, paths: Iterable[str]) -> None:
        """Everything is at hand."""
