"""Why services come after one another: declared, by group, or inferred from what their compose files share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from itertools import pairwise

from msgspec import Struct

from .. import graph
from ..errors import suggestion
from ..model import Edge, Group, Network, Reason, Service
from ..problem import Place, Problem
from . import rules
from .fields import Name
from .stack import Use

# Several edges between the same two services are kept in this order: what a person wrote comes first
_RANK = {
    reason: rank
    for rank, reason in enumerate(
        (Reason.DECLARED, Reason.NAMESPACE, Reason.NETWORK, Reason.VOLUME, Reason.LINK, Reason.GROUP)
    )
}


class Wish(Struct, frozen=True):
    """A service and what it says that others should do for it: names not resolved yet."""

    service: Service
    depends_on: tuple[Name, ...] = ()
    uses: tuple[Use, ...] = ()
    place: Place = Place("services")  # of the project's name


def all_edges(
    wishes: Iterable[Wish],
    groups: Mapping[str, Group],
    networks: Mapping[str, Network],
    problems: list[Problem],
    notices: list[Problem],
) -> tuple[Edge, ...]:
    """One edge for each pair and reason, without cycles; a cycle that people wrote down is a problem."""
    wishes = tuple(wishes)
    services = {wish.service.name: wish.service for wish in wishes}
    written = [*_declared(wishes, services, problems), *_by_group(services, groups, problems)]
    inferred = _inferred(wishes, services, networks, notices)
    loops = graph.cycles(written)
    if loops:
        problems.extend(_cycle_problem(cycle, written) for cycle in loops)
        return ()
    return _one_per_reason([*written, *_fitting(written, inferred, notices)])


def _declared(wishes: Iterable[Wish], services: Mapping[str, Service], problems: list[Problem]) -> list[Edge]:
    meant: dict[str, list[str]] = {}
    for service in services.values():
        for key in {service.name, service.app}:
            meant.setdefault(key, []).append(service.name)
    found = []
    for wish in wishes:
        for name, place in wish.depends_on:
            if name not in meant:
                problems.append(
                    rules.UNKNOWN_SERVICE.at(place, f"no service {name!r}", suggestion(name, sorted(meant), "service"))
                )
            elif meant[name] == [wish.service.name]:
                problems.append(rules.CYCLE.at(place, f"{wish.service} depends on itself", "remove it from depends_on"))
            found += [
                Edge(wish.service.name, other, Reason.DECLARED, "depends_on in service.yaml", place)
                for other in meant.get(name, ())
                if other != wish.service.name
            ]
    return found


def _by_group(services: Mapping[str, Service], groups: Mapping[str, Group], problems: list[Problem]) -> list[Edge]:
    order = [
        Edge(group.name, other, Reason.GROUP, "", group.place) for group in groups.values() for other in group.after
    ]
    loops = graph.cycles(order)
    if loops or any(edge.dependent == edge.dependency for edge in order):
        problems.extend(
            rules.GROUP_CYCLE.at(
                groups[loop[0]].place, f"group cycle: {' -> '.join([*loop, loop[0]])}", "remove one of the after:"
            )
            for loop in loops
        )
        return []
    members: dict[str, list[str]] = {name: [] for name in groups}
    for service in services.values():
        for name in service.groups:
            members[name].append(service.name)
    found = []
    for edge in order:
        # who is in both groups belongs to the earlier one: it cannot come after itself
        first = set(members[edge.dependency])
        detail = f"group {edge.dependent} comes after group {edge.dependency}"
        found += [
            Edge(later, earlier, Reason.GROUP, detail, edge.place)
            for later in members[edge.dependent]
            if later not in first
            for earlier in members[edge.dependency]
        ]
    return found


def _inferred(
    wishes: Iterable[Wish], services: Mapping[str, Service], networks: Mapping[str, Network], notices: list[Problem]
) -> list[Edge]:
    owners = _Owners.of(services.values())
    found = []
    for wish in wishes:
        for use in wish.uses:
            edge = _edge_of(wish.service, use, owners, networks, notices)
            if edge:
                found.append(edge)
    return found


class _Owners(Struct, frozen=True):
    """Who makes what, by the name that Docker knows it by."""

    makers: Mapping[tuple[Reason, str], tuple[Service, ...]]

    @classmethod
    def of(cls, services: Iterable[Service]) -> _Owners:
        makers: dict[tuple[Reason, str], dict[str, Service]] = {}
        for service in services:
            for key in _made_by(service):
                makers.setdefault(key, {})[service.name] = service
        return cls({key: tuple(found.values()) for key, found in makers.items()})


def _made_by(service: Service) -> Iterable[tuple[Reason, str]]:
    stack = service.stack
    yield from ((Reason.NETWORK, name) for name in stack.makes_networks)
    yield from ((Reason.VOLUME, name) for name in stack.makes_volumes)
    for container in stack.containers:
        # a container that is named in its file has that name only; Compose 1 wrote _ where Compose 2 writes -
        names = [container.name] if container.name else [f"{stack.project}{c}{container.key}{c}1" for c in "-_"]
        yield from ((Reason.LINK, name) for name in names)
        yield from ((Reason.NAMESPACE, f"container:{name}") for name in names)
        yield Reason.NAMESPACE, f"service:{container.key}"


def _edge_of(
    service: Service, use: Use, owners: _Owners, networks: Mapping[str, Network], notices: list[Problem]
) -> Edge | None:
    makers = owners.makers.get((use.reason, use.name), ())
    if service in makers:
        return None  # its own
    near = [owner for owner in makers if not set(owner.hosts).isdisjoint(service.hosts)]
    if len(near) == 1:
        detail = _detail(use, near[0])
        return Edge(service.name, near[0].name, use.reason, detail, use.place)
    notice = _why_not(service, use, near, makers, networks)
    if notice:
        unmade = use.reason is Reason.NETWORK and not makers
        notices.append((rules.UNMADE if unmade else rules.NO_OWNER).at(use.place, *notice))
    return None


def _detail(use: Use, owner: Service) -> str:
    match use.reason:
        case Reason.NAMESPACE:
            return f"shares the network of {use.name.replace(':', ' ')}"
        case Reason.LINK:
            return f"links to container {use.name}"
        case _:
            return f"uses {use.reason.value} {use.name}, which {owner} makes"


def _why_not(
    service: Service,
    use: Use,
    near: list[Service],
    makers: tuple[Service, ...],
    networks: Mapping[str, Network],
) -> tuple[str, str] | None:
    """What is wrong and the next move, where no single owner is there; None if nobody needs to be."""
    thing = _thing(use)
    if near:
        names = " and ".join(owner.name for owner in near)
        return (
            f"{thing} belongs to {names}, so it orders nothing",
            f"write depends_on in {service.directory}/service.yaml",
        )
    if use.reason is Reason.NETWORK and use.name in networks:
        return None
    if makers:
        there = ", ".join(f"{owner} on {' and '.join(map(str, owner.hosts))}" for owner in makers)
        return f"{thing} is made only by {there}", f"{service} runs on {' and '.join(map(str, service.hosts))}"
    if use.reason is Reason.NETWORK:
        return f"{thing} is made by no service", "list it under networks: in hosts.yaml, or have one service make it"
    return f"{thing} is made by no service", "is the name right? It must be there before the deploy"


def _thing(use: Use) -> str:
    match use.reason:
        case Reason.NAMESPACE:
            return use.name.replace(":", " ")
        case Reason.LINK:
            return f"linked container {use.name}"
        case _:
            return f"external {use.reason.value} {use.name}"


def _fitting(written: list[Edge], inferred: list[Edge], notices: list[Problem]) -> list[Edge]:
    """The inferred edges without those that would close a cycle."""
    if graph.is_acyclic([*written, *inferred]):
        return inferred
    tied = {name: i for i, knot in enumerate(graph.knots([*written, *inferred])) for name in knot}
    kept = [edge for edge in inferred if tied.get(edge.dependent, -1) != tied.get(edge.dependency, -2)]
    doubtful = [edge for edge in inferred if tied.get(edge.dependent, -1) == tied.get(edge.dependency, -2)]
    for edge in sorted(doubtful, key=lambda e: (_RANK[e.reason], e.dependent, e.dependency)):
        if graph.leads_to([*written, *kept], edge.dependency, edge.dependent):
            what = f"{edge.dependent} {edge.detail}, but {edge.dependency} comes after {edge.dependent}"
            move = "left out of the order; write depends_on in one of them, or take the cycle apart"
            notices.append(rules.LEFT_OUT.at(edge.place, what, move))
        else:
            kept.append(edge)
    return kept


def _one_per_reason(edges: list[Edge]) -> tuple[Edge, ...]:
    found: dict[tuple[str, str, int], Edge] = {}
    for edge in edges:
        found.setdefault((edge.dependent, edge.dependency, _RANK[edge.reason]), edge)
    return tuple(found[key] for key in sorted(found))


def _cycle_problem(cycle: tuple[str, ...], edges: list[Edge]) -> Problem:
    steps = list(pairwise([*cycle, cycle[0]]))
    by_pair = {(edge.dependent, edge.dependency): edge for edge in reversed(edges)}
    why = ", ".join(f"{by_pair[step].place} ({by_pair[step].detail})" for step in steps)
    return rules.CYCLE.at(
        by_pair[steps[0]].place, f"dependency cycle: {' -> '.join([*cycle, cycle[0]])}", f"remove one of {why}"
    )
