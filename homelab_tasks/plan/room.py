"""Who has to leave before somebody else can come: a port, a container's name, what else a host has only once."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from ..commands.unique import Unique, port
from ..model import Host
from ..request import Request
from . import Plan, Step, Verb, key
from .facts import Facts
from .survey import Survey


def with_room(plan: Plan, survey: Survey, facts: Facts) -> Plan:
    """The plan in which a step waits for those that free what it takes. Where it cannot wait, a fault says so."""
    models = {key(f.service, f.host): found.model for f in survey.findings if (found := facts.of(f)) and found.model}
    wants = {s.key: tuple(wanted(models[s.key])) for s in plan.steps if s.key in models and s.commands}
    leaving = _Leaving()
    for step in plan.steps:
        leaving.add(step, _freed(step, wants.get(step.key), facts))
    needs, faults = {step.key: step.needs for step in plan.steps}, list(_kept(plan, wants, survey.request, facts))
    for step in plan.steps:
        for other, thing in leaving.for_(step, wants.get(step.key, ())):
            if _waits(other.key, step.key, needs):
                faults.append(_impossible(step, other, thing))
            else:
                needs[step.key] |= {other.key}
    steps = tuple(replace(s, needs=needs[s.key]) if needs[s.key] != s.needs else s for s in plan.steps)
    return replace(plan, steps=steps, faults=(*plan.faults, *faults))


def wanted(model: Mapping[str, Any]) -> Iterator[Unique]:
    """What a project takes of its host, by its resolved model."""
    networks = {name: body or {} for name, body in (model.get("networks") or {}).items()}
    for body in (model.get("services") or {}).values():
        if body.get("container_name"):
            yield Unique("container name", str(body["container_name"]))
        for one in body.get("ports") or ():
            if str(one.get("published") or "").isdigit():  # of a range Docker takes any that is free
                yield port(one["published"], one.get("protocol"), one.get("host_ip"))
        for name, end in (body.get("networks") or {}).items():
            for address in filter(None, ((end or {}).get("ipv4_address"), (end or {}).get("ipv6_address"))):
                yield Unique("address", str(address), str(networks.get(name, {}).get("name") or name))
    for name, body in networks.items():
        if not body.get("external"):
            yield Unique("network", str(body.get("name") or name))
            subnets = [str(ipam.get("subnet") or "") for ipam in (body.get("ipam") or {}).get("config") or ()]
            yield from (Unique("subnet", subnet) for subnet in subnets if subnet)


class _Leaving(Struct):
    """What becomes free, and by which step."""

    by_name: dict[tuple[str, str, str], list[tuple[Step, Unique]]] = field(default_factory=dict)

    def add(self, step: Step, things: Iterable[Unique]) -> None:
        for thing in things:
            self.by_name.setdefault((step.host.name, thing.kind, thing.name), []).append((step, thing))

    def for_(self, step: Step, things: Iterable[Unique]) -> Iterator[tuple[Step, Unique]]:
        """Each other step that frees one of these things on the host of `step`, with the first of them."""
        found: dict[str, tuple[Step, Unique]] = {}
        for thing in things:
            for other, free in self.by_name.get((step.host.name, thing.kind, thing.name), ()):
                if other.key != step.key and free.clashes(thing):
                    found.setdefault(other.key, (other, thing))
        yield from found.values()


def _freed(step: Step, wants: tuple[Unique, ...] | None, facts: Facts) -> Iterator[Unique]:
    if not step.commands or not step.entry:
        return
    if step.verb is Verb.REMOVE:
        yield from _held(step.entry.project, step.host, facts)
    elif wants is not None:
        mine = _held(step.entry.project, step.host, facts)
        yield from (t for t in mine if t.of_container and not any(t.clashes(want) for want in wants))
        record = facts.seen[step.host.name].records.get(step.subject)
        if record and record.project != step.entry.project and not facts.heirs(record.project, step.host):
            yield from _held(record.project, step.host, facts)


def _held(project: str, host: Host, facts: Facts) -> Iterable[Unique]:
    answer = facts.resolved.get(host.name)
    found = answer.stock.held.get(project, frozenset()) if answer else frozenset[Unique]()
    return sorted(found, key=str)


def _kept(plan: Plan, wants: Mapping[str, tuple[Unique, ...]], request: Request, facts: Facts) -> Iterator[str]:
    """What is taken of something that is gone from the repo, and that this run leaves where it is."""
    again = "deploy-all" if request.back else request.title
    for step in plan.steps:
        for name, held in _left(plan, step.host, facts) if wants.get(step.key) else ():
            for thing in [t for t in wants[step.key] if t.of_container and any(t.clashes(one) for one in held)][:1]:
                what = f"{step.subject} takes {thing} on {step.host.name}, which {name} has, no longer in the repo"
                yield f"{what}; inv {again} --prune removes that first"


def _left(plan: Plan, host: Host, facts: Facts) -> Iterator[tuple[str, Iterable[Unique]]]:
    """The services that are on `host` after this run too and no longer in the repo, with what they have there."""
    going = {step.key for step in plan.steps if step.verb is Verb.REMOVE}
    for name, record in sorted(facts.seen[host.name].records.items()):
        ours = name in facts.repo.services or facts.heirs(record.project, host)
        if not ours and key(name, host) not in going:
            yield name, _held(record.project, host, facts)


def _waits(later: str, earlier: str, needs: Mapping[str, frozenset[str]]) -> bool:
    """`later` comes after `earlier`, directly or through others."""
    queue, visited = [later], set[str]()
    while queue:
        one = queue.pop()
        if one == earlier:
            return True
        if one not in visited:
            visited.add(one)
            queue += needs.get(one, ())
    return False


def _impossible(step: Step, other: Step, thing: Unique) -> str:
    project = shlex.quote(other.entry.project if other.entry else other.subject)
    end = "stop" if thing.while_running else "down (volumes stay)"
    what = f"{step.subject} takes {thing} of {other.subject} on {step.host.name}, which can only go on after it"
    return f"{what}; on {step.host.name}: docker compose --project-name {project} {end}, then deploy again"
