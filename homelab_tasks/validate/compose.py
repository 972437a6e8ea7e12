"""The compose family: what a homelab regrets later. `composed` finds what Compose refuses; its rules are here too."""

from __future__ import annotations

from collections.abc import Iterator

from ..problem import Problem, Rule
from . import (
    compose_conflicts,
    compose_faults,
    compose_habits,
    compose_health,
    compose_leftovers,
    compose_names,
    compose_refs,
    compose_values,
    composed,
)
from .compose_view import View, views
from .facts import Facts

_MODULES = (
    *(compose_faults, compose_refs, compose_conflicts, compose_values, composed),
    *(compose_names, compose_habits, compose_health, compose_leftovers),
)
_FOUND = {rule.code: rule for module in _MODULES for rule in vars(module).values() if isinstance(rule, Rule)}
RULES = tuple(_FOUND[code] for code in sorted(_FOUND))


def check(facts: Facts) -> Iterator[Problem]:
    """Every problem of the compose files that Compose itself lets pass."""
    needed_by = compose_health.needed_by(facts)
    for view in views(facts):
        yield from compose_names.check_names(view)
        yield from compose_habits.check_habits(view)
        yield from compose_health.check_waits(view)
        yield from compose_health.check_dependents(view, needed_by)
        yield from compose_leftovers.check_files(view, facts)
        yield from _placeholders(view)


def _placeholders(view: View) -> Iterator[Problem]:
    for document in view.documents:
        yield from compose_leftovers.check_placeholders(document)
