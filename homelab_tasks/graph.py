"""Questions about the edges of a repo. The deploy's own path needs only dicts and graphlib; pictures ask networkx."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from graphlib import CycleError, TopologicalSorter
from itertools import islice
from typing import TYPE_CHECKING

from .model import Edge, Repo

if TYPE_CHECKING:
    from networkx import DiGraph

MOST_CYCLES = 20  # that are shown: a dense knot has more of them than atoms


def needs(repo: Repo) -> Mapping[str, tuple[Edge, ...]]:
    """Each service's edges to what it needs directly; every service has an entry."""
    found: dict[str, list[Edge]] = {name: [] for name in repo.services}
    for edge in repo.edges:
        found[edge.dependent].append(edge)
    return {name: tuple(edges) for name, edges in found.items()}


def needed_by(repo: Repo) -> Mapping[str, tuple[Edge, ...]]:
    """Each service's edges from what needs it directly; every service has an entry."""
    found: dict[str, list[Edge]] = {name: [] for name in repo.services}
    for edge in repo.edges:
        found[edge.dependency].append(edge)
    return {name: tuple(edges) for name, edges in found.items()}


def with_dependencies(repo: Repo, names: Iterable[str]) -> tuple[str, ...]:
    """These services and everything they need, each after what it needs."""
    wanted = _closure(names, {name: [e.dependency for e in edges] for name, edges in needs(repo).items()})
    return tuple(name for name in order(repo) if name in wanted)


def dependents_of(repo: Repo, names: Iterable[str]) -> tuple[str, ...]:
    """Everything that needs one of these services, directly or not, without themselves; in dependency order."""
    start = set(names)
    found = _closure(start, {name: [e.dependent for e in edges] for name, edges in needed_by(repo).items()})
    return tuple(name for name in order(repo) if name in found and name not in start)


def order(repo: Repo) -> tuple[str, ...]:
    """All services, each after what it needs; among the ready ones by name."""
    sorter = TopologicalSorter({name: [e.dependency for e in edges] for name, edges in sorted(needs(repo).items())})
    sorter.prepare()
    found: list[str] = []
    while sorter.is_active():
        ready = sorted(sorter.get_ready())
        sorter.done(*ready)
        found.extend(ready)
    return tuple(found)


def weights(repo: Repo) -> Mapping[str, int]:
    """The length of the longest chain of dependents above each service."""
    return behind({name: [edge.dependency for edge in edges] for name, edges in needs(repo).items()})


def behind(needed: Mapping[str, Iterable[str]]) -> Mapping[str, int]:
    """How many wait for each of these, one for the other, at most; `needed` has what each of them needs directly."""
    found = dict.fromkeys(needed, 0)
    for name in reversed([*TopologicalSorter(needed).static_order()]):
        for other in found.keys() & needed.get(name, ()):
            found[other] = max(found[other], found[name] + 1)
    return found


def layers(repo: Repo, names: Collection[str] | None = None) -> tuple[tuple[str, ...], ...]:
    """Services by the longest chain below them, among `names` only: layer 0 needs none of the others."""
    chosen = set(repo.services if names is None else names)
    below = needs(repo)
    level: dict[str, int] = {}
    for name in order(repo):
        if name in chosen:
            level[name] = max((level[e.dependency] + 1 for e in below[name] if e.dependency in chosen), default=0)
    rows: list[list[str]] = [[] for _ in range(max(level.values(), default=-1) + 1)]
    for name in sorted(level):
        rows[level[name]].append(name)
    return tuple(map(tuple, rows))


def is_acyclic(edges: Iterable[Edge]) -> bool:
    """There is an order that serves all of these edges."""
    try:
        TopologicalSorter(_adjacency(edges)).prepare()
    except CycleError:
        return False
    return True


def leads_to(edges: Iterable[Edge], start: str, goal: str) -> bool:
    """`start` needs `goal`, directly or not."""
    return goal in _closure([start], _adjacency(edges))


def cycles(edges: Collection[Edge]) -> tuple[tuple[str, ...], ...]:
    """Every cycle among the edges, each from its first name on, shortest first; at most `MOST_CYCLES`."""
    if is_acyclic(edges):
        return ()
    import networkx as nx

    graph = _digraph(edges)
    parts = (graph.subgraph(part) for part in nx.strongly_connected_components(graph))
    found = [tuple(cycle) for part in parts for cycle in islice(nx.simple_cycles(part), MOST_CYCLES)]
    turned = {cycle[(first := cycle.index(min(cycle))) :] + cycle[:first] for cycle in found}
    return tuple(sorted(turned, key=lambda cycle: (len(cycle), cycle))[:MOST_CYCLES])


def knots(edges: Collection[Edge]) -> tuple[frozenset[str], ...]:
    """The sets of services that all need one another: what has to be untied."""
    import networkx as nx

    parts = nx.strongly_connected_components(_digraph(edges))
    return tuple(sorted((frozenset(part) for part in parts if len(part) > 1), key=min))


def reduced(repo: Repo) -> tuple[Edge, ...]:
    """The edges that a drawing shows: none that follows from the others."""
    import networkx as nx

    kept = set(nx.transitive_reduction(_digraph(repo.edges)).edges)
    return tuple(edge for edge in repo.edges if (edge.dependent, edge.dependency) in kept)


def _adjacency(edges: Iterable[Edge]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for edge in edges:
        found.setdefault(edge.dependent, []).append(edge.dependency)
    return found


def _closure(names: Iterable[str], nexts: Mapping[str, list[str]]) -> set[str]:
    found: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            waiting.extend(nexts.get(name, ()))
    return found


def _digraph(edges: Iterable[Edge]) -> DiGraph[str]:
    import networkx as nx

    graph: DiGraph[str] = nx.DiGraph()
    # sorted, so that the answers do not depend on the order in which edges were found
    graph.add_edges_from(sorted({(edge.dependent, edge.dependency) for edge in edges}))
    return graph
