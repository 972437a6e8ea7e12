"""The step of one service on one host: its verb, its causes, the commands that do it, and what is written down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from ..command import Command
from ..commands import compose, docker
from ..commands.engine import image_name
from ..commands.resolve import Resolution, Resolved
from ..model import Host, Service
from ..observe import SeenContainer
from ..request import Request
from . import Act, Entry, Gate, Step, Verb, detail, key
from .builds import builds
from .drift import Drift, env_hashes
from .effect import Effect, effect_of
from .facts import Facts, gate_of
from .half_made import never_started
from .past import bring_back
from .renewed import built_images, renewals
from .stages import stages
from .survey import Finding, borrows


def step_of(finding: Finding, request: Request, facts: Facts) -> Step | None:
    """The step for one finding; None where a fault of the plan says why there can be none."""
    service, host = finding.service, finding.host
    base = Step(key(service, host), Verb.UPDATE, service.name, host, asked=finding.asked)
    if finding.blocked:
        return replace(base, blocked=finding.blocked)
    resolved = facts.of(finding)
    rejected = resolved is not None and resolved.model is None
    if rejected or (finding.drift.new and not request.files):
        return None
    return _complete(base, finding, request, facts)


def _complete(base: Step, finding: Finding, request: Request, facts: Facts) -> Step:
    service, host, drift = finding.service, finding.host, finding.drift
    seen, resolved = facts.seen[host.name], facts.of(finding)
    forced = request.force and finding.asked == "requested"
    there = seen.of_project(service.project)
    effect = _effect(finding, facts, there)
    record = seen.records.get(service.name)
    renamed = record is not None and record.project != service.project
    verb = _verb(drift, effect, adopted=bool(seen.of_project(service.project)), forced=forced, renamed=renamed)
    entry = _entry(service, host, facts, resolved)
    if finding.past:
        then = finding.past
        entry = replace(entry, env={**entry.env, **then.env}, held=then.held, pinned=then.pinned or entry.pinned)
    step = replace(
        base,
        verb=verb,
        causes=tuple(_causes(service, host, drift, facts, forced=forced)),
        changes=effect.changes,
        entry=entry,
    )
    if verb is Verb.NOTE:
        return step
    commands = [
        *_leave_old_project(service, host, facts),
        *_bring_back(finding, facts),
        *_keep_images(service, host, drift, facts),
        *_commands(finding, effect, facts, request, forced=forced),
    ]
    gate = gate_of(service, host, facts.project(service, host), request)
    renews = () if finding.past else renewals(resolved, facts.resolved.get(host.name))
    pulls = tuple(sorted({*_pulls(resolved, facts.resolved.get(host.name)), *(r.image for r in renews)}))
    return replace(step, commands=tuple(commands), gate=gate, pulls=pulls, renews=renews)


def _effect(finding: Finding, facts: Facts, there: tuple[SeenContainer, ...]) -> Effect:
    service, host, drift, resolved = finding.service, finding.host, finding.drift, facts.of(finding)
    if not resolved:
        return Effect()
    relaid, other_env = bool(drift.relaid), bool(drift.env or drift.back)
    doubted = facts.doubted(finding)
    return effect_of(facts.repo, service, host, resolved, there, relaid=relaid, other_env=other_env, doubted=doubted)


def _verb(drift: Drift, effect: Effect, *, adopted: bool, forced: bool, renamed: bool) -> Verb:
    if drift.new:
        return Verb.UPDATE if adopted else Verb.CREATE
    if effect or renamed or drift.outdated or drift.back:
        return Verb.UPDATE
    if forced or drift.borrowed:
        return Verb.RECREATE
    if drift.absent or drift.unfinished:
        return Verb.START
    return Verb.RESTART if drift.sick else Verb.NOTE


def _causes(service: Service, host: Host, drift: Drift, facts: Facts, *, forced: bool) -> Iterator[str]:
    seen = facts.seen[host.name]
    record = seen.records.get(service.name)
    if drift.unfinished:
        yield "its last deploy did not finish"
    elif drift.new:
        yield _why_new(service, host, facts)
    if record and record.project != service.project:
        yield f"its compose project was called {record.project}"
    if record and record.digest not in ("", service.digest):
        yield f"changed since {record.commit[:7]}"
    if drift.relaid:
        yield f"{drift.relaid} on {host.name}"
    resolved = facts.resolved[host.name].services.get(service.name) if host.name in facts.resolved else None
    came_with_git = (resolved.files_before if resolved else None) or {}
    for path in drift.env:
        if path.removeprefix(facts.repo.prefix) in came_with_git:
            continue  # it stays as it is
        yield f"{path.removeprefix(facts.repo.prefix + service.directory + '/')} changed"
    yield from (drift.pin,) if drift.pin else ()
    yield from drift.back
    yield from drift.absent
    yield from drift.outdated
    yield from drift.sick.values()
    for owner in drift.borrowed:
        yield f"{owner}, whose network it shares, was made anew"
    if forced:
        yield "forced"


def _bring_back(finding: Finding, facts: Facts) -> Iterator[Act]:
    resolved = facts.of(finding)
    if finding.past and resolved:
        host = finding.host
        yield from bring_back(finding.past, host, facts.seen[host.name], resolved, facts.resolved[host.name])


def _keep_images(service: Service, host: Host, drift: Drift, facts: Facts) -> Iterator[Command]:
    """The name that an image had means another one by now: without a name of its own, the next tidying up takes it."""
    if drift.outdated:
        record = facts.seen[host.name].records[service.name]
        yield docker.keep_images(service.project, {c.image for c in record.containers})


def _why_new(service: Service, host: Host, facts: Facts) -> str:
    old = [name for name, seen in facts.seen.items() if name != host.name and service.name in seen.records]
    former = [name for name in old if name not in {h.name for h in service.hosts}]
    if former:
        return f"was moved from {', '.join(former)}"
    there = facts.seen[host.name].of_project(service.project)
    if there:
        return f"{'runs' if any(c.state == 'running' for c in there) else 'is'} here, not yet recorded"
    return f"new on {host.name}"


def _commands(
    finding: Finding, effect: Effect, facts: Facts, request: Request, *, forced: bool
) -> Iterator[Command | Gate]:
    service, host, drift, resolved = finding.service, finding.host, finding.drift, facts.of(finding)
    project = facts.project(service, host)
    there = [c for c in facts.seen[host.name].of_project(service.project) if c.id not in effect.orphans]
    paused = [c.key for c in there if c.state == "paused"]
    if paused:
        yield compose.unpause(project, paused)
    model = (resolved.model if resolved else None) or {}
    build = effect.build or (forced and bool(builds(model)))
    anew = effect.anew | never_started(service, model, there)
    yield from _first(project, effect, set() if forced else anew, build=build)
    recreate = (set(effect.recreate) | _borrowing_keys(service, drift.borrowed)) - anew
    order = stages(model)
    if order:
        again = set().union(*order) if forced else recreate
        yield from _up_in_stages(project, order, again, gate_of(service, host, project, request), build=build)
    elif forced:
        yield from compose.recreate_all(project, build=build)
    else:
        yield from compose.up(project, recreate=recreate, build=build)
    if forced:
        return
    done = effect.remade | anew | recreate
    restart = (set(effect.restart) | ({*drift.sick} & {c.key for c in there})) - done
    if restart:
        yield compose.restart(project, restart)
    if effect.signal - restart - anew:
        yield compose.signal(project, service.signal, effect.signal - restart - anew)


def _first(project: compose.Project, effect: Effect, anew: Collection[str], *, build: bool) -> Iterator[Command]:
    """What has to be out of the way, and what has to be another container, before any is started."""
    if effect.orphans:
        yield compose.drop_containers(project, effect.orphans)
    if effect.networks:
        yield compose.drop_networks(project, effect.networks)
    if anew:
        yield compose.make(project, anew, build=build)


def _up_in_stages(
    project: compose.Project, order: Sequence[frozenset[str]], recreate: set[str], gate: Gate, *, build: bool
) -> Iterator[Command | Gate]:
    """One `up` a stage, with our own wait between them; the step's own gate comes after the last."""
    for keys in order[:-1]:
        yield from compose.up_stage(project, keys, recreate=recreate, build=build)
        yield replace(gate, keys=keys, checks=())
    yield from compose.up_stage(project, order[-1], recreate=recreate, build=build)


def _borrowing_keys(service: Service, owners: Iterable[str]) -> set[str]:
    """The containers of `service` that live in a namespace of one of `owners`."""
    if not set(owners):
        return set()
    return {c.key for c in service.stack.containers if c.network_mode.startswith("container:")}


def _leave_old_project(service: Service, host: Host, facts: Facts) -> Iterator[Command]:
    record = facts.seen[host.name].records.get(service.name)
    if record and record.project != service.project and not facts.heirs(record.project, host):
        yield compose.down(replace(facts.project(service, host), name=record.project, directory="/"))


def _entry(service: Service, host: Host, facts: Facts, resolved: Resolved | None) -> Entry:
    seen = facts.seen[host.name]
    record = seen.records.get(service.name)
    kept = record if resolved is None else None  # files were not looked at: what was recorded of them stays true
    pin = facts.repo.pins.get(service.name)
    return Entry(
        service=service.name,
        project=service.project,
        directory=service.directory,
        digest=kept.digest if kept else service.digest,
        env=kept.env if kept else env_hashes(facts.repo, service, seen),
        borrows=borrows(facts.repo, service),
        laid=kept.laid if kept else "",
        commit=kept.commit if kept else pin.commit if pin else facts.repo.base,
        pinned=kept.pinned if kept else pin,
        detail=_detail(service, resolved),
    )


def _detail(service: Service, resolved: Resolved | None) -> str:
    """What is recorded of the resolved model and the files, "" where it is recorded already."""
    if resolved is None or not resolved.model:
        return ""
    known = resolved.model == resolved.before and service.files == resolved.files_before
    return "" if known else detail(resolved.model, service.files)


def _pulls(resolved: Resolved | None, resolution: Resolution | None) -> tuple[str, ...]:
    """Images that the host lacks and may pull. Those that are built there are Compose's business."""
    if not resolved or not resolved.model or not resolution:
        return ()
    built = built_images(resolved.model)
    containers: Iterable[Mapping[str, Any]] = (resolved.model.get("services") or {}).values()
    wanted = {str(c["image"]) for c in containers if c.get("image") and c.get("pull_policy") != "never"} - built
    return tuple(sorted(name for name in wanted if image_name(name) not in resolution.stock.images))


def follow(own: Step | None, service: Service, owner: Step, facts: Facts, request: Request) -> Step:
    """The step of a service that lives in the network namespace of `owner`, which gets a new container."""
    project = facts.project(service, owner.host)
    keys = _borrowing_keys(service, (owner.subject,))
    again = compose.up(project, recreate=keys)[-1]
    cause = f"shares the network of {owner.subject}, which gets a new container"
    if own is not None:
        verb = Verb.RECREATE if own.verb is Verb.NOTE else own.verb
        commands = own.commands if again in own.commands else (*own.commands, again)
        gate = own.gate or gate_of(service, owner.host, project, request)
        return replace(own, verb=verb, causes=(*own.causes, cause), commands=commands, gate=gate)
    base = Step(key(service, owner.host), Verb.RECREATE, service.name, owner.host, causes=(cause,))
    record = facts.seen[owner.host.name].records.get(service.name)
    entry = replace(_entry(service, owner.host, facts, None), unfinished=record is not None and record.unfinished)
    return replace(base, commands=(again,), gate=gate_of(service, owner.host, project, request), entry=entry)
