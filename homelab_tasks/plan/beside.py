"""What a service has in its host's checkout and Git has not: folders with its data, files that Compose hands on."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import TYPE_CHECKING, Any

from ..commands import compose
from ..model import Host, Moment, Repo, Service, Transport
from .configs import mounted_files

if TYPE_CHECKING:
    from ..observe import Observation
    from ..record import Record
    from .facts import Facts
    from .survey import Finding

Model = Mapping[str, Any]


def places(repo: Repo, findings: Iterable[Finding], seen: Observation) -> tuple[str, ...]:
    """Paths from the checkout's root that a plan wants to know of whether they are there."""
    found: dict[str, None] = {}
    for finding in findings:
        kept = beside(finding.service)
        found |= dict.fromkeys(kept)
        if finding.drift.new:
            found |= dict.fromkeys(place for old in gone(repo, seen) for place in _under(old, finding.service, kept))
    return tuple(f"{repo.prefix}{place}" for place in found)


def beside(service: Service) -> tuple[str, ...]:
    """Files and folders of the homelab that its containers see and no commit has, from the homelab's root."""
    seen = dict.fromkeys(path for container in service.stack.containers for path in container.mounts)
    return tuple(path for path in seen if not committed(service, path))


def committed(service: Service, path: str) -> bool:
    """The file, or something in the folder, comes with the commit."""
    return any(file == path or file.startswith(f"{path}/") for file in service.files)


def gone(repo: Repo, seen: Observation) -> tuple[Record, ...]:
    """What was deployed there and is no longer in the repo, maybe because it is called otherwise now."""
    return tuple(record for name, record in sorted(seen.records.items()) if name not in repo.services)


def place_under(old: Record, service: Service, path: str) -> str:
    """Where `path` of the service lay when it was `old`; "" if it is not in its folder."""
    inside = posixpath.relpath(path, service.directory)
    return "" if inside.startswith("..") or inside == "." else f"{old.directory}/{inside}"


def _under(old: Record, service: Service, paths: Iterable[str]) -> Iterator[str]:
    yield from filter(None, (place_under(old, service, path) for path in paths))


def missing_files(facts: Facts, finding: Finding, model: Model) -> Iterator[str]:
    """Files of `configs` and `secrets` that Docker would not find, and those that it would make folders for, as only
    this machine has them: `what; the next move`.
    """
    service, host, repo = finding.service, finding.host, facts.repo
    if _makes_files(service):
        return
    root, there = f"{host.path.rstrip('/')}/{repo.prefix}", facts.resolved[host.name].there
    lacking = {f"{root}{path}": path for path in beside(service) if f"{repo.prefix}{path}" not in there}
    told: set[str] = set()
    for container in (model.get("services") or {}).values():
        for kind, name, file in mounted_files(model, container):
            if file in lacking and file not in told and not _elsewhere(facts, finding, lacking[file]):
                told.add(file)
                what = f"{service.name}: {file}, the file of {kind.removesuffix('s')} {name}, is missing on {host.name}"
                yield f"{what}; {_origin(facts, service, host, lacking[file])}"
    for key, container in (model.get("services") or {}).items():
        for file in _bound(container):
            path = lacking.get(file, "")
            if path in facts.here and file not in told and not _elsewhere(facts, finding, path):
                told.add(file)
                what = (
                    f"{service.name}: {file}, which container {key} mounts, is missing on {host.name}, and a file here"
                )
                yield f"{what}; {_from_here(service, host, path, file)}"


def _bound(container: Model) -> Iterator[str]:
    mounts = container.get("volumes") or ()
    yield from (str(mount.get("source", "")) for mount in mounts if mount.get("type") == "bind")


def left_env(facts: Facts, finding: Finding) -> Iterator[str]:
    """Env files that a service had where it was until now, and has not where it goes: `what; the next move`.

    Compose would take blanks and defaults for them, and leave containers out whose profile they ask for.
    """
    service, host, repo = finding.service, finding.host, facts.repo
    if not finding.drift.new or finding.past or _makes_files(service):
        return
    homes, now = {home.name for home in service.hosts}, facts.seen[host.name].env
    olds = {name: seen.records[service.name] for name, seen in facts.seen.items() if service.name in seen.records}
    for path in service.stack.env_files:
        key = f"{repo.prefix}{path}"
        had = [name for name, old in olds.items() if name not in homes and key in old.env]
        if had and key not in now and not committed(service, path):
            folder = f"{host.path.rstrip('/')}/{posixpath.dirname(key)}"
            anew = f"mkdir -p {shlex.quote(folder)} && touch {shlex.quote(f'{folder}/{posixpath.basename(key)}')}"
            first = f"inv env.push {service.name}" if path == f"{service.directory}/.env" else f"copy it to {folder}"
            what = f"{service.name}: {path} lies on {had[0]} and not on {host.name}"
            yield f"{what}; {first}, or to begin without, on {host.name}: {anew}"


def _makes_files(service: Service) -> bool:
    """A hook of its own may decrypt them before Compose is called."""
    return any(hook.moment is Moment.BEFORE_DEPLOY for hook in service.hooks)


def _elsewhere(facts: Facts, finding: Finding, path: str) -> bool:
    """It lies where the service was called otherwise, which is told of all that lies there."""
    seen, there = facts.seen[finding.host.name], facts.resolved[finding.host.name].there
    olds = gone(facts.repo, seen) if finding.drift.new else ()
    return any(f"{facts.repo.prefix}{place_under(old, finding.service, path)}" in there for old in olds)


def _from_here(service: Service, host: Host, path: str, file: str) -> str:
    if path == f"{service.directory}/.env":
        return f"inv env.push {service.name}"
    folder, there, here = (shlex.quote(one) for one in (posixpath.dirname(file), file, path))
    if host.transport is Transport.LOCAL:
        return f"mkdir -p {folder} && cp {here} {there}, or commit it if it is no secret"
    port = f"-p {host.port} " if host.port else ""
    target = f"{host.user}@{host.address}" if host.user else host.address
    order = shlex.quote(f"mkdir -p {folder} && cat >{there}")
    return f"ssh {port}{target} {order} <{here}, or commit it if it is no secret"


def _origin(facts: Facts, service: Service, host: Host, path: str) -> str:
    """Where it may be had from: the folder that the service was started in before, or a person."""
    own = compose.directory(facts.repo, host, service)
    folders = {c.directory for c in facts.seen[host.name].of_project(service.project)} - {own, ""}
    inside = posixpath.relpath(path, service.directory)
    if folders and not inside.startswith(".."):
        return f"on {host.name}: copy it there from {min(folders)}/{inside}"
    return "put it there, or commit it if it is no secret"
