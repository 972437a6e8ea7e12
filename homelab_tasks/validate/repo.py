"""R: the repo as a whole. What loading it finds, and what its services take from one another on a host."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname

from ..problem import Place, Problem, Rule, Severity
from ..repo.rules import RULES as LOADING
from . import generated, layout, names, ports
from .facts import Facts

NO_README = Rule("R050", "no-readme", Severity.NOTICE, "a service without a README")
EMPTY_GROUP = Rule("R051", "empty-group", Severity.NOTICE, "a group without services")

RULES = (*LOADING, *layout.RULES, *names.RULES, *ports.RULES, *generated.RULES, NO_README, EMPTY_GROUP)


def check(facts: Facts) -> Iterator[Problem]:
    """What loading found, then clashes on a host, then what is only missing."""
    yield from facts.examined.problems
    yield from facts.repo.notices
    yield from layout.check(facts)
    yield from names.check(facts)
    yield from ports.check(facts)
    yield from generated.check(facts)
    yield from _readmes(facts)
    yield from _groups(facts)


def _readmes(facts: Facts) -> Iterator[Problem]:
    described = {
        folder
        for folder, _, name in (path.rpartition("/") for path in facts.source.files)
        if name.lower().startswith("readme")
    }
    for folder in facts.folders:
        if described.isdisjoint((folder.path, dirname(folder.path) if folder.instance else folder.path)):
            move = f"say in {folder.path}/README.md what it is for, where its data is and how to restore it"
            yield NO_README.at(Place(folder.compose[0]), f"{folder.name} has no README", move)


def _groups(facts: Facts) -> Iterator[Problem]:
    used = {name for service in facts.repo.services.values() for name in service.groups}
    for group in facts.repo.groups.values():
        if group.name not in used:
            move = f"write groups: [{group.name}] in a service.yaml, or remove it"
            yield EMPTY_GROUP.at(group.place, f"no service is in group {group.name!r}", move)
