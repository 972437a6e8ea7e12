"""Steps that take away what is no longer to be on a host: services that moved, services gone from the repo."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import replace

from ..commands import compose
from . import Entry, Step, Unit, Verb, key
from .facts import Facts


def moves(facts: Facts, units: Collection[Unit], keys: Collection[str]) -> Iterator[Step]:
    """Removals of services from hosts that they moved away from, once they are up where they are now."""
    for unit in units:
        first = {key(unit.subject, host) for host in facts.repo.services[unit.subject].hosts}
        yield replace(removal(facts, unit), needs=frozenset(first & set(keys)), moved=True)


def left_behind(step: Step) -> str:
    """What a person has to know of a move."""
    return f"{step.subject}: its data on {step.host.name} is not moved; copy it yourself if it is needed"


def removal(facts: Facts, unit: Unit) -> Step:
    """Remove the containers and networks of what an earlier deploy recorded; named volumes stay."""
    seen = facts.seen[unit.host.name]
    record = seen.records[unit.subject]
    project = compose.Project(record.project, "/", seen.compose, f"{seen.folder}/working")
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
