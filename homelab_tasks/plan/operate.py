"""The plans of `stop`, `start`, `restart` and `destroy`: no file moves, only containers do."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from .. import graph
from ..command import Command
from ..commands import compose
from ..model import Host, Repo, Service
from ..observe import Observation
from ..record import Held, Record
from ..request import Request
from . import Entry, Plan, Step, Unit, Verb, key
from .facts import gate_of
from .survey import Before, borrowers, borrows, units


def plan_stop(
    repo: Repo, request: Request, seen: Mapping[str, Observation], unfit: Mapping[str, str], held: Held
) -> Plan:
    """Stop the services of `request`, dependents first; they stay so until they are started or deployed by name."""
    steps = [_stop(repo, seen, step, held) for step in _steps(repo, request, unfit, Verb.STOP)]
    idle = [s for s in steps if not s.commands and not s.blocked]
    return Plan(
        title=request.title,
        steps=_reversed_needs(repo, [s for s in steps if s not in idle]),
        unchanged=tuple(Unit(s.subject, s.host, "not running") for s in idle),
        notices=tuple(_still_needed(repo, request, seen)),
    )


def plan_restart(repo: Repo, request: Request, seen: Mapping[str, Observation], unfit: Mapping[str, str]) -> Plan:
    """Restart the services of `request` in order, each waiting for the health of the one before; and with them the
    services that live in their network namespaces.
    """
    sharing = borrowers(repo)
    wanted = request.names.union(*(sharing.get(name, ()) for name in request.names))
    steps = []
    for step in _steps(repo, replace(request, names=wanted), unfit, Verb.RESTART):
        follower = step.subject not in request.names
        steps.append(_restart(repo, seen, step, request, follower=follower))
    known = [s for s in steps if s.commands or s.blocked]
    return Plan(
        title=request.title,
        steps=_needs(repo, known),
        unchanged=tuple(Unit(s.subject, s.host, "not deployed") for s in steps if s not in known),
    )


def plan_destroy(
    repo: Repo,
    request: Request,
    seen: Mapping[str, Observation],
    unfit: Mapping[str, str],
    *,
    volumes: bool,
) -> Plan:
    """Remove the containers and networks of the services (and their named volumes with `volumes`), dependents first."""
    steps = [_destroy(repo, seen, step, volumes=volumes) for step in _steps(repo, request, unfit, Verb.REMOVE)]
    known = [s for s in steps if s.commands or s.blocked]
    return Plan(
        title=request.title,
        steps=_reversed_needs(repo, known),
        unchanged=tuple(Unit(s.subject, s.host, "not deployed") for s in steps if s not in known),
        notices=tuple(_still_needed(repo, request, seen)),
        faults=tuple(_protected(repo, request)),
    )


def _steps(repo: Repo, request: Request, unfit: Mapping[str, str], verb: Verb) -> Iterator[Step]:
    alone = replace(request, dependencies=False)
    for service, host, asked in units(repo, alone):
        blocked = unfit.get(host.name, "")
        yield Step(key(service, host), verb, service.name, host, asked=asked, blocked=blocked)


def _project(repo: Repo, service: Service, host: Host, seen: Observation, record: Record | None) -> compose.Project:
    name = record.project if record else service.project
    directory = compose.directory(repo, host, replace(service, directory=record.directory) if record else service)
    working = f"{seen.folder}/working" if seen.folder else ""
    return compose.Project(name, directory, seen.compose, working, compose.renews(service), compose.grace(service))


def _entry(repo: Repo, service: Service, record: Record | None) -> Entry | None:
    if record is None:
        return None
    entry = Entry(service.name, record.project, record.directory, record.digest, record.env, borrows(repo, service))
    return replace(entry, laid=record.laid, unfinished=record.unfinished, pinned=record.pinned)


def _stop(repo: Repo, seen: Mapping[str, Observation], step: Step, held: Held) -> Step:
    if step.blocked:
        return step
    host, service = seen[step.host.name], repo.services[step.subject]
    record = host.records.get(service.name)
    name = record.project if record else service.project
    running = any(c.state in ("running", "restarting", "paused") for c in host.of_project(name))
    if not running and (record is None or record.held):
        return step
    # any folder will do: by its name Compose finds the containers, also those of profiles and of files since removed
    project = replace(_project(repo, service, step.host, host, record), directory="/")
    entry = _entry(repo, service, record)
    return replace(step, commands=(compose.stop(project),), entry=replace(entry, held=held) if entry else None)


def _restart(repo: Repo, seen: Mapping[str, Observation], step: Step, request: Request, *, follower: bool) -> Step:
    if step.blocked:
        return step
    host, service = seen[step.host.name], repo.services[step.subject]
    record = host.records.get(service.name)
    if record is None or (follower and (record.held or not record.digest)):
        return step
    project = _project(repo, service, step.host, host, record)
    commands: tuple[Command, ...] = (compose.restart(project),)
    if follower:
        keys = [c.key for c in service.stack.containers if c.network_mode.startswith("container:")]
        commands = (compose.up(project, recreate=keys)[-1],)
    return replace(
        step,
        verb=Verb.RECREATE if follower else Verb.RESTART,
        causes=("shares the network of a service that is restarted",) if follower else (),
        asked="" if follower else step.asked,
        commands=commands,
        gate=gate_of(service, step.host, project, request),
        entry=_entry(repo, service, record),
    )


def _destroy(repo: Repo, seen: Mapping[str, Observation], step: Step, *, volumes: bool) -> Step:
    if step.blocked:
        return step
    host, service = seen[step.host.name], repo.services[step.subject]
    record = host.records.get(service.name)
    if record is None and not host.of_project(service.project):
        return step
    project = replace(_project(repo, service, step.host, host, record), directory="/")
    entry = _entry(repo, service, record)
    return replace(
        step,
        causes=("with its volumes",) if volumes else (),
        commands=(compose.down(project, volumes=volumes), compose.left(project, volumes=volumes)),
        entry=replace(entry, removed=True) if entry else None,
    )


def _protected(repo: Repo, request: Request) -> Iterator[str]:
    for name in sorted(request.names):
        if repo.services[name].protect:
            file = f"{repo.services[name].directory}/service.yaml"
            yield f"{file}: {name} is protected; set protect: false there and commit, if it is really to go"


def _still_needed(repo: Repo, request: Request, seen: Mapping[str, Observation]) -> Iterator[str]:
    for name in graph.dependents_of(repo, request.names):
        service = repo.services[name]
        running = [
            h.name
            for h in service.hosts
            if h.name in seen and any(c.state == "running" for c in seen[h.name].of_project(service.project))
        ]
        needs = [e.dependency for e in graph.needs(repo).get(name, ()) if e.dependency in request.names]
        if running and needs and name not in request.names:
            yield f"{name} runs on {', '.join(running)} and needs {', '.join(dict.fromkeys(needs))}"


def _needs(repo: Repo, steps: list[Step]) -> tuple[Step, ...]:
    before = Before.of(repo, [step.key for step in steps])
    return tuple(
        replace(s, needs=before(s.subject, s.host), by_group=before.by_group(s.subject, s.host)) for s in steps
    )


def _reversed_needs(repo: Repo, steps: list[Step]) -> tuple[Step, ...]:
    """Dependents go first."""
    forward = _needs(repo, steps)
    return tuple(
        replace(step, needs=frozenset(other.key for other in forward if step.key in other.needs))
        for step in reversed(forward)
    )
