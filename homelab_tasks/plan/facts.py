"""What a plan of a deploy is made from, and the questions that several of its parts ask."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..commands import compose
from ..commands.resolve import Resolution, Resolved
from ..model import Check, CheckKind, Host, Repo, Service
from ..observe import Observation
from ..request import Request
from . import Gate
from .doubts import Doubted, doubted_networks
from .survey import Finding


class Facts(Struct, frozen=True):
    """Everything that a plan is made from, besides the request itself."""

    repo: Repo
    seen: Mapping[str, Observation]
    resolved: Mapping[str, Resolution]
    here: frozenset[str] = frozenset()  # what is mounted, in no commit, and a file on this machine

    def of(self, finding: Finding) -> Resolved | None:
        """What Compose on the host made of the service's files; None where it was not asked."""
        resolution = self.resolved.get(finding.host.name)
        return resolution.services.get(finding.service.name) if resolution else None

    def doubted(self, finding: Finding) -> Doubted | None:
        """What its last deploy may have left of its networks; None where that ended well."""
        found = self.of(finding)
        if not finding.drift.unfinished or not found:
            return None
        project, host = finding.service.project, finding.host.name
        there = {c.key for c in self.seen[host].of_project(project)}
        return doubted_networks(found.model or {}, self.resolved[host].stock, project, there)

    def project(self, service: Service, host: Host) -> compose.Project:
        """The service's compose project as commands address it."""
        seen = self.seen[host.name]
        folder = seen.folder or f"{host.path}/.git/homelab"
        directory = compose.directory(self.repo, host, service)
        resolution = self.resolved.get(host.name)
        resolved = resolution.services.get(service.name) if resolution else None
        model = (resolved.model if resolved else None) or {}
        renews, grace = compose.renews(service, model), compose.grace(service, model)
        return compose.Project(service.project, directory, seen.compose, f"{folder}/working", renews, grace)

    def heirs(self, project: str, host: Host) -> list[Service]:
        """Services that the repo has on `host` under this compose project: what carries its name is theirs."""
        return [s for s in self.repo.services.values() if s.project == project and host in s.hosts]


def gate_of(service: Service, host: Host, project: compose.Project, request: Request) -> Gate:
    """What has to be true of the service's containers on `host` before a step is done."""
    health = service.health
    checks = tuple(replace(check, target=_target(check, host)) for check in health.checks)
    timeout = request.timeout or health.timeout
    jobs = frozenset(container.key for container in service.stack.containers if container.may_end)
    return Gate(project.name, timeout, health.settle, checks, project.directory, jobs=jobs)


def _target(check: Check, host: Host) -> str:
    """With the host's address, which before a port stands in brackets if it is one of IPv6."""
    address = host.address.strip("[]")
    if check.kind is CheckKind.COMMAND or ":" not in address:
        return check.target.replace("{host}", address)
    return check.target.replace("[{host}]", "{host}").replace("{host}", f"[{address}]")
