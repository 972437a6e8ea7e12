"""The plan of a deploy: findings and resolved models in, steps out. Pure: no host is asked here."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from .. import graph
from ..commands import docker
from ..model import OnFailure, Repo
from ..request import Request
from . import Delivery, Plan, Step, Verb, key, network_key, system_key
from .facts import Facts
from .faults import external_names, faults_of, no_records, notices_of
from .half_made import completed
from .hooks import offers, with_hooks
from .pinned import of_then
from .removal import left_behind, moves, not_yet, protected, removal
from .step import follow, step_of
from .survey import Before, Survey, borrowers
from .system import systems


def plan_deploy(survey: Survey, facts: Facts) -> Plan:
    """Turn findings into steps with all that they wait for."""
    repo, request = facts.repo, survey.request
    steps = {step.key: step for finding in survey.findings if (step := step_of(finding, request, facts))}
    steps |= {step.key: step for step in _namespace_followers(facts, request, steps)}
    steps = {k: completed(step, repo.services[step.subject], facts) for k, step in steps.items()}
    if request.files:  # only then it is a deploy
        past = {key(finding.service, finding.host): finding.past for finding in survey.findings}
        steps = {k: with_hooks(s, repo.services[s.subject], facts, past.get(k)) for k, s in steps.items()}
    moved = list(moves(facts, survey.moved, steps))
    networks = {step.key: step for step in _networks(facts, survey)}
    removals = [*moved, *(removal(facts, unit) for unit in survey.gone if request.prune)]
    ordered = _with_needs(repo, steps, networks, facts, survey)
    first = list(systems(survey, facts))
    return Plan(
        title=request.title,
        commit=repo.base,
        steps=(*first, *_after_systems([*networks.values(), *ordered, *removals], first)),
        deliveries=tuple(_deliveries(facts, survey)) if request.files else (),
        on_failure=_on_failure(repo, request),
        unchanged=tuple(unit for unit in survey.unchanged if key(unit.subject, unit.host) not in steps),
        held=survey.held,
        gone=() if request.prune else survey.gone,
        notices=(
            *notices_of(facts, survey),
            *offers(survey.findings),
            *(no_records(seen) for seen in facts.seen.values() if seen.strange),
            *(left_behind(step) for step in moved),
            *not_yet(survey.moved, moved),
        ),
        faults=(*faults_of(facts, survey), *(() if request.back else protected(facts, moved))),
    )


def _on_failure(repo: Repo, request: Request) -> OnFailure:
    """Without files moving there is nothing to go back to."""
    if not request.files:
        return OnFailure.KEEP
    return OnFailure(request.on_failure) if request.on_failure else repo.on_failure


def _after_systems(steps: Iterable[Step], systems: Iterable[Step]) -> Iterator[Step]:
    """What is on a host waits for its system."""
    keys = {step.key for step in systems}
    for step in steps:
        yield replace(step, needs=step.needs | ({system_key(step.host)} & keys))


def _namespace_followers(facts: Facts, request: Request, steps: Mapping[str, Step]) -> Iterator[Step]:
    """Services that share the network of one that gets a new container: they would keep the old one's dead network."""
    repo, sharing = facts.repo, borrowers(facts.repo)
    for step in steps.values():
        if step.blocked or step.verb in (Verb.NOTE, Verb.CREATE):
            continue
        for name in sharing.get(step.subject, ()):
            service, owner_host = repo.services[name], step.host
            record = facts.seen[owner_host.name].records.get(service.name)
            if owner_host not in service.hosts or record is None or record.held or not record.digest:
                continue
            yield follow(steps.get(key(service, owner_host)), service, step, facts, request)


def _networks(facts: Facts, survey: Survey) -> Iterator[Step]:
    """External networks that `hosts.yaml` lists, where a service of the plan needs them and they are missing."""
    made: set[tuple[str, str]] = set()
    for finding, name in external_names(survey, facts.resolved, "networks"):
        host, listed = finding.host, facts.repo.networks.get(name)
        if listed and name not in facts.resolved[host.name].stock.networks and (name, host.name) not in made:
            made.add((name, host.name))
            step = Step(network_key(listed, host), Verb.NETWORK, name, host, commands=(docker.create_network(listed),))
            yield replace(step, causes=("listed in hosts.yaml",), asked=f"needed by {finding.service.name}")


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
        by_group = before.by_group(step.subject, step.host)
        ordered.append(replace(step, needs=needs, by_group=by_group))
    return sorted(ordered, key=lambda s: (-weights[s.subject], s.key))


def _deliveries(facts: Facts, survey: Survey) -> Iterator[Delivery]:
    names = [f.host.name for f in survey.systems if not f.blocked]
    names += [f.host.name for f in survey.findings if not f.blocked]
    if survey.request.back:  # also where services are only removed: the next way back is counted from there
        names += [unit.host.name for unit in (*survey.gone, *survey.moved) if survey.request.prune]
    for name in dict.fromkeys(names):
        seen = facts.seen[name]
        if seen.commit != facts.repo.commit or seen.interrupted:
            half = bool(seen.interrupted)
            yield Delivery(facts.repo.hosts[name], seen.commit, seen.made_of, of_then(seen), half=half)
