"""The plan of a deploy: findings and resolved models in, steps out. Pure: no host is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from .. import graph
from ..command import Command
from ..commands import compose, docker
from ..commands.resolve import Resolution, Resolved, image_name
from ..model import Host, Repo, Service
from ..observe import Observation
from . import Delivery, Entry, Gate, Plan, Request, Step, Unit, Verb, detail, key, network_key
from .drift import Drift, env_hashes
from .effect import Effect, effect_of
from .faults import external_names, faults_of, notices_of
from .survey import Before, Finding, Survey, borrowers, borrows


@dataclass(frozen=True, slots=True)
class Facts:
    """Everything that a plan is made from, besides the request itself."""

    repo: Repo
    seen: Mapping[str, Observation]
    resolved: Mapping[str, Resolution]

    def of(self, finding: Finding) -> Resolved | None:
        """What Compose on the host made of the service's files; None where it was not asked."""
        resolution = self.resolved.get(finding.host.name)
        return resolution.services.get(finding.service.name) if resolution else None

    def project(self, service: Service, host: Host) -> compose.Project:
        """The service's compose project as commands address it."""
        seen = self.seen[host.name]
        folder = seen.folder or f"{host.path}/.git/homelab"
        directory = compose.directory(self.repo, host, service)
        return compose.Project(service.project, directory, seen.compose, f"{folder}/working")


def plan_deploy(survey: Survey, facts: Facts) -> Plan:
    """Turn findings into steps with all that they wait for."""
    repo, request = facts.repo, survey.request
    steps = {step.key: step for finding in survey.findings if (step := _step(finding, request, facts))}
    steps |= {step.key: step for step in _namespace_followers(facts, request, steps)}
    moved = list(_moves(facts, survey, frozenset(steps)))
    networks = {step.key: step for step in _networks(facts, survey)}
    removals = [*moved, *(_removal(facts, unit) for unit in survey.gone if request.prune)]
    ordered = _with_needs(repo, steps, networks, facts, survey)
    return Plan(
        title=request.title,
        commit=repo.commit,
        steps=(*networks.values(), *ordered, *removals),
        deliveries=tuple(_deliveries(facts, survey)) if request.files else (),
        unchanged=tuple(unit for unit in survey.unchanged if key(unit.subject, unit.host) not in steps),
        held=survey.held,
        gone=() if request.prune else survey.gone,
        notices=(*notices_of(survey, facts.resolved), *(_left_behind(step) for step in moved)),
        faults=faults_of(repo, survey, facts.resolved),
    )


def _step(finding: Finding, request: Request, facts: Facts) -> Step | None:
    service, host = finding.service, finding.host
    base = Step(key(service, host), Verb.UPDATE, service.name, host, asked=finding.asked)
    if finding.blocked:
        return replace(base, blocked=finding.blocked)
    resolved = facts.of(finding)
    if resolved is not None and resolved.model is None:
        return None  # a fault of the plan
    return _complete(base, finding, request, facts)


def _complete(base: Step, finding: Finding, request: Request, facts: Facts) -> Step:
    service, host, drift = finding.service, finding.host, finding.drift
    seen, resolved = facts.seen[host.name], facts.of(finding)
    forced = request.force and finding.asked == "requested"
    effect = effect_of(facts.repo, service, host, resolved) if resolved else Effect()
    record = seen.records.get(service.name)
    renamed = record is not None and record.project != service.project
    verb = _verb(drift, effect, adopted=bool(seen.of_project(service.project)), forced=forced, renamed=renamed)
    entry = _entry(service, host, facts, resolved)
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
        *_commands(service, host, drift, effect, facts, forced=forced),
    ]
    gate = _gate(service, host, facts, request)
    return replace(step, commands=tuple(commands), gate=gate, pulls=_pulls(resolved, facts.resolved.get(host.name)))


def _verb(drift: Drift, effect: Effect, *, adopted: bool, forced: bool, renamed: bool) -> Verb:
    if drift.new:
        return Verb.UPDATE if adopted else Verb.CREATE
    if effect or renamed:
        return Verb.UPDATE
    if forced or drift.borrowed:
        return Verb.RECREATE
    if drift.absent:
        return Verb.START
    return Verb.RESTART if drift.sick else Verb.NOTE


def _causes(service: Service, host: Host, drift: Drift, facts: Facts, *, forced: bool) -> Iterator[str]:
    seen = facts.seen[host.name]
    record = seen.records.get(service.name)
    if drift.new:
        yield _why_new(service, host, facts)
    if record and record.project != service.project:
        yield f"its compose project was called {record.project}"
    if record and record.digest != service.digest:
        yield f"changed since {record.commit[:7]}"
    for path in drift.env:
        yield f"{path.removeprefix(facts.repo.prefix + service.directory + '/')} changed"
    yield from drift.absent
    yield from drift.sick.values()
    for owner in drift.borrowed:
        yield f"{owner}, whose network it shares, was made anew"
    if forced:
        yield "forced"


def _why_new(service: Service, host: Host, facts: Facts) -> str:
    old = [other.name for other in _former_hosts(service, facts)]
    if old:
        return f"was moved from {', '.join(old)}"
    if facts.seen[host.name].of_project(service.project):
        return "runs here, not yet recorded"
    return f"new on {host.name}"


def _commands(
    service: Service, host: Host, drift: Drift, effect: Effect, facts: Facts, *, forced: bool
) -> Iterator[Command]:
    project = facts.project(service, host)
    if forced:
        yield from compose.recreate_all(project, build=effect.build)
        return
    recreate = set(effect.recreate) | _borrowing_keys(service, drift.borrowed)
    yield from compose.up(project, recreate=recreate, build=effect.build)
    done = effect.remade | recreate
    restart = (set(effect.restart) | set(drift.sick)) - done
    if restart:
        yield compose.restart(project, restart)
    if effect.signal - restart:
        yield compose.signal(project, service.signal, effect.signal - restart)


def _borrowing_keys(service: Service, owners: Iterable[str]) -> set[str]:
    """The containers of `service` that live in a namespace of one of `owners`."""
    if not set(owners):
        return set()
    return {c.key for c in service.stack.containers if c.network_mode.startswith("container:")}


def _leave_old_project(service: Service, host: Host, facts: Facts) -> Iterator[Command]:
    record = facts.seen[host.name].records.get(service.name)
    if record and record.project != service.project and not _heirs(facts, record.project, host):
        yield compose.down(replace(facts.project(service, host), name=record.project, directory="/"))


def _gate(service: Service, host: Host, facts: Facts, request: Request) -> Gate:
    health = service.health
    return Gate(
        project=service.project,
        timeout=request.timeout or health.timeout,
        settle=health.settle,
        checks=tuple(replace(c, target=c.target.replace("{host}", host.address)) for c in health.checks),
        directory=compose.directory(facts.repo, host, service),
    )


def _entry(service: Service, host: Host, facts: Facts, resolved: Resolved | None) -> Entry:
    seen = facts.seen[host.name]
    record = seen.records.get(service.name)
    kept = record if resolved is None else None  # files were not looked at: what was recorded of them stays true
    return Entry(
        service=service.name,
        project=service.project,
        directory=service.directory,
        digest=kept.digest if kept else service.digest,
        env=kept.env if kept else env_hashes(facts.repo, service, seen),
        borrows=borrows(facts.repo, service),
        detail=detail(resolved.model, service.files) if resolved and resolved.model else "",
    )


def _pulls(resolved: Resolved | None, resolution: Resolution | None) -> tuple[str, ...]:
    """Images that the host lacks. Those that are built there are Compose's business."""
    if not resolved or not resolved.model or not resolution:
        return ()
    containers: Iterable[Mapping[str, Any]] = (resolved.model.get("services") or {}).values()
    wanted = {str(c["image"]) for c in containers if c.get("image") and not c.get("build")}
    return tuple(sorted(name for name in wanted if image_name(name) not in resolution.images))


def _namespace_followers(facts: Facts, request: Request, steps: Mapping[str, Step]) -> Iterator[Step]:
    """Services that share the network of one that gets a new container: they would keep the old one's dead network."""
    repo, sharing = facts.repo, borrowers(facts.repo)
    for step in steps.values():
        if step.blocked or step.verb in (Verb.NOTE, Verb.CREATE):
            continue
        for name in sharing.get(step.subject, ()):
            service, owner_host = repo.services[name], step.host
            record = facts.seen[owner_host.name].records.get(service.name)
            if owner_host not in service.hosts or record is None or record.held:
                continue
            yield _follower(steps.get(key(service, owner_host)), service, step, facts, request)


def _follower(own: Step | None, service: Service, owner: Step, facts: Facts, request: Request) -> Step:
    project = facts.project(service, owner.host)
    keys = _borrowing_keys(service, (owner.subject,))
    again = compose.up(project, recreate=keys)[-1]
    cause = f"shares the network of {owner.subject}, which gets a new container"
    if own is not None:
        verb = Verb.RECREATE if own.verb is Verb.NOTE else own.verb
        commands = own.commands if again in own.commands else (*own.commands, again)
        gate = own.gate or _gate(service, owner.host, facts, request)
        return replace(own, verb=verb, causes=(*own.causes, cause), commands=commands, gate=gate)
    base = Step(key(service, owner.host), Verb.RECREATE, service.name, owner.host, causes=(cause,))
    return replace(
        base,
        commands=(again,),
        gate=_gate(service, owner.host, facts, request),
        entry=_entry(service, owner.host, facts, None),
    )


def _networks(facts: Facts, survey: Survey) -> Iterator[Step]:
    """External networks that `hosts.yaml` lists, where a service of the plan needs them and they are missing."""
    made: set[tuple[str, str]] = set()
    for finding, name in external_names(survey, facts.resolved, "networks"):
        host, listed = finding.host, facts.repo.networks.get(name)
        if listed and name not in facts.resolved[host.name].networks and (name, host.name) not in made:
            made.add((name, host.name))
            step = Step(network_key(listed, host), Verb.NETWORK, name, host, commands=(docker.create_network(listed),))
            yield replace(
                step, causes=("listed in hosts.yaml",), asked=f"needed by {finding.service.name}", weight=1 << 20
            )


def _with_needs(
    repo: Repo, steps: Mapping[str, Step], networks: Mapping[str, Step], facts: Facts, survey: Survey
) -> list[Step]:
    uses: dict[str, set[str]] = {}
    for finding, name in external_names(survey, facts.resolved, "networks"):
        uses.setdefault(key(finding.service, finding.host), set()).add(f"network {name}@{finding.host.name}")
    before, weights = Before.of(repo, steps), graph.weights(repo)
    ordered = []
    for step in steps.values():
        needs = before(step.subject, step.host) | (uses.get(step.key, set()) & networks.keys())
        ordered.append(replace(step, needs=needs, weight=weights[step.subject]))
    return sorted(ordered, key=lambda s: (-s.weight, s.key))


def _former_hosts(service: Service, facts: Facts) -> list[Host]:
    """Hosts that still have a record of the service although the repo places it elsewhere."""
    current = {host.name for host in service.hosts}
    return [
        facts.repo.hosts[name]
        for name, seen in facts.seen.items()
        if name not in current and service.name in seen.records
    ]


def _moves(facts: Facts, survey: Survey, keys: frozenset[str]) -> Iterator[Step]:
    """Removals from former hosts; also what an earlier run could not remove there because the host was off."""
    request = survey.request
    if not request.files:
        return
    for name in dict.fromkeys([f.service.name for f in survey.findings] + [u.subject for u in survey.unchanged]):
        service = facts.repo.services[name]
        for old in _former_hosts(service, facts):
            if request.hosts and old.name not in request.hosts:
                continue
            where = ", ".join(host.name for host in service.hosts)
            step = _removal(facts, Unit(name, old, f"was moved to {where}"))
            new = frozenset(key(service, host) for host in service.hosts)
            yield replace(step, needs=new & keys, moved=True)


def _left_behind(step: Step) -> str:
    return f"{step.subject}: its data on {step.host.name} is not moved; copy it yourself if it is needed"


def _heirs(facts: Facts, project: str, host: Host) -> list[Service]:
    """Services that the repo has on `host` under this project name: what carries it is theirs."""
    return [s for s in facts.repo.services.values() if s.project == project and host in s.hosts]


def _removal(facts: Facts, unit: Unit) -> Step:
    seen = facts.seen[unit.host.name]
    record = seen.records[unit.subject]
    project = compose.Project(record.project, "/", seen.compose, f"{seen.folder}/working")
    heirs = _heirs(facts, record.project, unit.host)
    return Step(
        key(unit.subject, unit.host),
        Verb.REMOVE,
        unit.subject,
        unit.host,
        causes=(unit.why, *(f"its containers are {heir.name}'s now" for heir in heirs)),
        commands=() if heirs else (compose.down(project),),
        entry=Entry(unit.subject, record.project, record.directory, record.digest, removed=True),
    )


def _deliveries(facts: Facts, survey: Survey) -> Iterator[Delivery]:
    for name in dict.fromkeys(f.host.name for f in survey.findings if not f.blocked):
        seen = facts.seen[name]
        if seen.commit != facts.repo.commit or seen.interrupted:
            yield Delivery(facts.repo.hosts[name], seen.commit)
