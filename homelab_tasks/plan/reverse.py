"""The order in which a failed run goes back."""

from __future__ import annotations

from collections.abc import Iterable
from graphlib import CycleError, TopologicalSorter

from msgspec.structs import replace

from ..model import Repo
from . import Plan, Step, key
from .survey import borrows


def in_reverse(steps: Iterable[Step], forward: Plan, repo: Repo) -> list[Step]:
    """The same steps, those first that came last: all states on the way were there before, on the way forward. Only
    who lives in the network of another's container comes after that one, if it gets a new container.
    """
    turn = {step.key: n for n, step in enumerate(forward.steps)}
    known = {step.key: step for step in sorted(steps, key=lambda step: turn.get(step.key, -1), reverse=True)}
    needs = {step.key: step.needs for step in [*known.values(), *forward.steps]}
    remade = {k for k, step in known.items() if not step.verb.removes}
    owners = {k: _owners(step, repo) & remade for k, step in known.items()}
    leader = {k: min(owners[k], default=k) for k in known}
    turned: dict[str, set[str]] = {k: set(owners[k]) for k in known}
    for later, earlier in ((k, e) for k in known for e in needs.get(k, ()) if e in known):
        if leader[later] != leader[earlier]:
            for member in (k for k in known if leader[k] == leader[earlier]):
                turned[member] |= {k for k in known if leader[k] == leader[later]}
    try:
        TopologicalSorter(turned).prepare()
    except CycleError:
        return list(known.values())
    return [replace(step, needs=frozenset(turned[k])) for k, step in known.items()]


def _owners(step: Step, repo: Repo) -> frozenset[str]:
    service = repo.services.get(step.subject)
    return frozenset(key(owner, step.host) for owner in borrows(repo, service)) if service else frozenset()
