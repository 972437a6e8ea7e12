"""Steps that take away what is no longer to be on a host: services that moved, services gone from the repo."""

from __future__ import annotations

from collections.abc import Collection, Iterator

from msgspec.structs import replace

from ..commands import compose
from ..model import Host
from . import Entry, Step, Unit, Verb, key
from .facts import Facts


def moves(facts: Facts, units: Collection[Unit], keys: Collection[str]) -> Iterator[Step]:
    """Removals of services from hosts that they moved away from, once they are up where they are now.

    Nothing is removed of a service that this plan does not start there, and that is not seen to run there.
    """
    for unit in units:
        homes = facts.repo.services[unit.subject].hosts
        first = {key(unit.subject, host) for host in homes} & set(keys)
        if all(key(unit.subject, host) in first or _runs(facts, unit.subject, host) for host in homes):
            yield replace(removal(facts, unit), needs=frozenset(first), moved=unit.moved)


def not_yet(units: Collection[Unit], steps: Collection[Step]) -> Iterator[str]:
    """What a person has to know of the moves that wait."""
    going = {step.key for step in steps}
    for unit in units:
        if key(unit.subject, unit.host) not in going:
            name = unit.subject
            yield f"{name} {unit.why}, and stays on {unit.host.name} until it runs there: inv deploy {name}"


def _runs(facts: Facts, name: str, host: Host) -> bool:
    seen = facts.seen.get(host.name)
    record = seen.records.get(name) if seen else None
    if seen is None or record is None or record.unfinished:
        return False
    return any(c.state == "running" for c in seen.of_project(record.project))


def protected(facts: Facts, steps: Collection[Step]) -> Iterator[str]:
    """Services that are to leave a host for good, and are not to."""
    for step in steps:
        if facts.repo.services[step.subject].protect and not step.moved:
            file = f"{facts.repo.services[step.subject].directory}/service.yaml"
            what = f"{file}: {step.subject} would be removed from {step.host.name}, and is protected"
            yield f"{what}; set protect: false there and commit, if it is really to go"


def left_behind(step: Step) -> str:
    """What a person has to know of a move."""
    if not step.moved:
        return f"{step.subject}: its data stays on {step.host.name}; remove it there if it is not needed"
    return f"{step.subject}: its data on {step.host.name} is not moved; copy it yourself if it is needed"


def removal(facts: Facts, unit: Unit) -> Step:
    """Remove the containers and networks of what an earlier deploy recorded; named volumes stay."""
    seen = facts.seen[unit.host.name]
    record = seen.records[unit.subject]
    grace = compose.grace(facts.repo.services.get(unit.subject))
    project = compose.Project(record.project, "/", seen.compose, f"{seen.folder}/working", grace=grace)
    heirs = facts.heirs(record.project, unit.host)
    return Step(
        key(unit.subject, unit.host),
        Verb.REMOVE,
        unit.subject,
        unit.host,
        causes=(unit.why, *(f"its containers are {heir.name}'s now" for heir in heirs)),
        commands=() if heirs else (compose.down(project),),
        entry=Entry(unit.subject, record.project, record.directory, record.digest, removed=True),
    )
