"""What every picture of the graph shows: the services in focus, one arrow a pair, groups in their order."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..errors import UnknownName
from ..graph import dependents_of, reduced, with_dependencies
from ..model import Edge, Reason, Repo

NO_GROUP = ""


class Arrow(Struct, frozen=True):
    """All edges of one pair of services, drawn as one; the strongest reason comes first."""

    dependency: str
    dependent: str
    edges: tuple[Edge, ...]

    @property
    def reason(self) -> Reason:
        """The reason whose style the arrow has."""
        return self.edges[0].reason

    def __str__(self) -> str:
        why = "; ".join(f"{edge.detail or edge.reason.value} ({edge.place})" for edge in self.edges)
        return f"{self.dependent} needs {self.dependency}: {why}"


class Diagram(Struct, frozen=True):
    """A repo cut down to what is shown.

    A service stands in the lane of its first group. `order` holds (earlier, later) groups and says by itself what
    would be an arrow from every service of one to every service of the other; `arrows` are transitively reduced.
    """

    repo: Repo
    lanes: Mapping[str, tuple[str, ...]]  # group, or NO_GROUP at the end -> its services
    arrows: tuple[Arrow, ...]
    order: tuple[tuple[str, str], ...]
    focus: frozenset[str]

    def needs(self) -> Mapping[str, tuple[Arrow, ...]]:
        """The arrows that lead to each service."""
        found: dict[str, list[Arrow]] = defaultdict(list)
        for arrow in self.arrows:
            found[arrow.dependent].append(arrow)
        return {name: tuple(arrows) for name, arrows in found.items()}

    def counts(self) -> str:
        """`20 services, 4 groups, 1 host`."""
        hosts = {host.name for service in self.repo.services.values() for host in service.hosts}
        groups = [lane for lane in self.lanes if lane != NO_GROUP]
        shown = [(len(self.repo.services), "service"), (len(groups), "group"), (len(hosts), "host")]
        return ", ".join(f"{n} {word}{'' if n == 1 else 's'}" for n, word in shown if n or word == "service")


def diagram(repo: Repo, focus: Collection[str] = ()) -> Diagram:
    """The whole repo, or `focus` with all that it needs and all that needs it. Raises UnknownName."""
    part = _part(repo, focus)
    services = _lanes(part)
    earlier = {lane: _earlier(repo, lane) & set(services) for lane in services}
    arrows = _arrows(part, {name: lane for lane, names in services.items() for name in names}, earlier)
    lanes = {lane: services[lane] for lane in _lane_order(services, arrows, earlier)}
    return Diagram(part, lanes, arrows, _group_order(earlier), frozenset(focus))


def lane_of(repo: Repo, name: str) -> str:
    """The group that a service is drawn in: its first."""
    groups = repo.services[name].groups
    return groups[0] if groups else NO_GROUP


def _part(repo: Repo, focus: Collection[str]) -> Repo:
    for name in focus:
        if name not in repo.services:
            raise UnknownName("service", name, repo.services)
    wanted = tuple(sorted(focus))
    names = {*wanted, *with_dependencies(repo, wanted), *dependents_of(repo, wanted)} if focus else set(repo.services)
    edges = tuple(edge for edge in repo.edges if {edge.dependency, edge.dependent} <= names)
    return replace(repo, services={name: repo.services[name] for name in sorted(names)}, edges=edges)


def _lanes(repo: Repo) -> dict[str, tuple[str, ...]]:
    lanes: dict[str, tuple[str, ...]] = {}
    for name in repo.services:
        lane = lane_of(repo, name)
        lanes[lane] = (*lanes.get(lane, ()), name)
    return lanes


def _earlier(repo: Repo, group: str) -> set[str]:
    """Every group that `group` comes after, however far."""
    found: set[str] = set()
    open_ends = [group]
    while open_ends:
        here = repo.groups.get(open_ends.pop())
        fresh = set(here.after) - found if here else set()
        found |= fresh
        open_ends += sorted(fresh)
    return found


def _group_order(earlier: Mapping[str, set[str]]) -> tuple[tuple[str, str], ...]:
    return tuple(
        (before, lane)
        for lane in sorted(earlier)
        for before in sorted(earlier[lane])
        if not any(before in earlier[between] for between in earlier[lane])
    )


def _arrows(repo: Repo, lane: Mapping[str, str], earlier: Mapping[str, set[str]]) -> tuple[Arrow, ...]:
    shown = tuple(
        edge
        for edge in repo.edges
        if edge.reason is not Reason.GROUP or lane[edge.dependency] not in earlier[lane[edge.dependent]]
    )
    kept = {(edge.dependency, edge.dependent) for edge in reduced(replace(repo, edges=shown))}
    return tuple(arrow for arrow in _merged(shown) if (arrow.dependency, arrow.dependent) in kept)


def _merged(edges: Iterable[Edge]) -> tuple[Arrow, ...]:
    strength = {reason: n for n, reason in enumerate([r for r in Reason if r is not Reason.GROUP] + [Reason.GROUP])}
    pairs: dict[tuple[str, str], list[Edge]] = defaultdict(list)
    for edge in edges:
        pairs[edge.dependency, edge.dependent].append(edge)
    return tuple(
        Arrow(*pair, tuple(sorted(pairs[pair], key=lambda e: (strength[e.reason], e.detail, e.place))))
        for pair in sorted(pairs)
    )


def _lane_order(
    services: Mapping[str, tuple[str, ...]], arrows: Iterable[Arrow], earlier: Mapping[str, set[str]]
) -> list[str]:
    """Earlier groups first; among equals the one with most arrows to what is placed, so that these are short."""
    lane = {name: group for group, names in services.items() for name in names}
    ties: dict[tuple[str, str], int] = defaultdict(int)
    for arrow in arrows:
        ties[lane[arrow.dependent], lane[arrow.dependency]] += 1
    placed: list[str] = []
    while left := sorted(set(services) - set(placed)):
        free = [group for group in left if earlier[group] <= set(placed)]
        placed.append(min(free, key=lambda g: (g == NO_GROUP, *_affinity(g, placed, left, ties), g)))
    return placed


def _affinity(group: str, placed: list[str], left: list[str], ties: Mapping[tuple[str, str], int]) -> tuple[int, int]:
    waits = sum(ties.get((group, other), 0) for other in left if other != group)
    near = sum(ties.get((group, other), 0) + ties.get((other, group), 0) for other in placed)
    return (waits, -near)
