"""Which services a request means on which hosts, and which of them are not as they should be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from types import MappingProxyType

from msgspec import Struct

from .. import graph
from ..model import Edge, Host, Reason, Repo, Service, System
from ..observe import Observation
from ..request import Request
from . import AS_THEN, UNCHANGED, Plan, Unit, key
from .drift import Drift, find_drift
from .past import Past
from .system_drift import SystemFinding, find_systems


class Finding(Struct, frozen=True):
    """A service on a host that needs something done, or that cannot be looked at (`blocked` says why)."""

    service: Service
    host: Host
    drift: Drift
    asked: str  # `requested`, `needed by plex`
    blocked: str = ""
    past: Past | None = None  # what it goes back to, besides the files


class Survey(Struct, frozen=True):
    """All that a request means, sorted by what has to happen."""

    request: Request
    findings: tuple[Finding, ...] = ()
    unchanged: tuple[Unit, ...] = ()
    held: tuple[Unit, ...] = ()
    gone: tuple[Unit, ...] = ()  # on a host and no longer in the repo
    moved: tuple[Unit, ...] = ()  # still on a host that the repo no longer places it on
    systems: tuple[SystemFinding, ...] = ()

    def nothing_to_do(self, commit: str) -> Plan:
        """The plan where nothing was found and nothing is to be removed."""
        return Plan(self.request.title, commit, unchanged=self.unchanged, held=self.held, gone=self.gone)

    def on(self, host: Host) -> tuple[Finding, ...]:
        """What can be worked on at one host."""
        return tuple(f for f in self.findings if f.host.name == host.name and not f.blocked)


def meant(repo: Repo, request: Request) -> Mapping[str, str]:
    """Service -> why it is part of the request, in dependency order."""
    if not request.dependencies:
        return {name: "requested" for name in graph.order(repo) if name in request.names}
    needs, asked = graph.needs(repo), dict.fromkeys(request.names, "requested")
    queue = sorted(request.names)
    while queue:
        name = queue.pop(0)
        for edge in needs.get(name, ()):
            if edge.dependency not in asked:
                asked[edge.dependency] = f"needed by {name}"
                queue.append(edge.dependency)
    return {name: asked[name] for name in graph.order(repo) if name in asked}


def units(repo: Repo, request: Request) -> Iterator[tuple[Service, Host, str]]:
    """Each service of the request on each of its hosts, with the reason."""
    for name, asked in meant(repo, request).items():
        for host in repo.services[name].hosts:
            if not request.hosts or host.name in request.hosts:
                yield repo.services[name], host, asked


def system_hosts(repo: Repo, request: Request) -> list[Host]:
    """The NixOS hosts whose systems are part of the request: those of its services, or all where it names none."""
    if not request.system:
        return []
    chosen = {host.name for _, host, _ in units(repo, request)}
    every = request.everything or not request.names
    return [
        host
        for name, host in repo.hosts.items()
        if host.system is System.NIXOS and (every or name in chosen) and (not request.hosts or name in request.hosts)
    ]


def survey(
    repo: Repo,
    request: Request,
    seen: Mapping[str, Observation],
    unfit: Mapping[str, str],
    past: Mapping[str, Past] = MappingProxyType({}),
) -> Survey:
    """Compare what `request` means with what was seen; `unfit` says of the other hosts why they cannot be worked on.

    With `past` (by keys of steps) services are to be as they were then, whatever their env files and images are now.
    """
    findings: list[Finding] = []
    unchanged: list[Unit] = []
    held: list[Unit] = []
    left = _departures(repo, request, seen)
    for service, host, asked in units(repo, request):
        if host.name in unfit:
            findings.append(Finding(service, host, Drift(), asked, blocked=unfit[host.name]))
            continue
        record = seen[host.name].records.get(service.name)
        stopped = _stopped(service.name, host, left.get(service.name, ()), seen)
        if stopped and service.name not in request.named:
            held.append(Unit(service.name, host, stopped))
            continue
        then = past.get(key(service, host))
        drift = find_drift(repo, service, seen[host.name], then)
        if _to_do(request, drift, asked) or (record and record.held):
            owner = _stopped_owner(repo, request, service, seen[host.name])
            if owner and service.name not in request.named:
                held.append(Unit(service.name, host, f"stopped with {owner}, whose network it shares"))
                continue
            why = f"{service.name} shares the network of {owner}, which is stopped; inv start {owner}" if owner else ""
            findings.append(Finding(service, host, drift, asked, blocked=why, past=then))
        else:
            unchanged.append(Unit(service.name, host, _as_it_is(repo, request, service)))
    systems = system_hosts(repo, request)
    changing = tuple(find_systems(systems, repo, request, seen, unfit))
    if not request.names:
        touched = {finding.host.name for finding in changing}
        unchanged += [
            Unit("the system", host, _as_it_is(repo, request)) for host in systems if host.name not in touched
        ]
    return Survey(
        request,
        tuple(findings),
        tuple(unchanged),
        tuple(held),
        tuple(_gone(repo, request, seen)),
        tuple(_moved(repo, request, seen, left)),
        changing,
    )


def _as_it_is(repo: Repo, request: Request, service: Service | None = None) -> str:
    if request.back:
        return AS_THEN
    pin = repo.pins.get(service.name) if service else None
    return f"pinned at {pin.commit[:7]}" if pin else UNCHANGED


def _stopped_owner(repo: Repo, request: Request, service: Service, seen: Observation) -> str:
    """The service whose network `service` lives in, if somebody stopped it on purpose and it is to stay so."""
    for owner in borrows(repo, service):
        record = seen.records.get(owner)
        if record and record.held and owner not in request.named:
            return owner
    return ""


def _gone(repo: Repo, request: Request, seen: Mapping[str, Observation]) -> Iterator[Unit]:
    """What earlier deploys left on a host and the repo no longer has; of a part of the repo only what is to go."""
    if not (request.everything or request.prune):
        return
    about = {host.name for _, host, _ in units(repo, request)}
    for name, observation in seen.items():
        if name in (about if not request.everything else request.hosts or seen):
            for service in sorted(service for service in observation.records if service not in repo.services):
                why = "did not exist then" if request.back else "no longer in the repo"
                yield Unit(service, repo.hosts[name], why)


def _moved(
    repo: Repo, request: Request, seen: Mapping[str, Observation], departures: Mapping[str, list[str]]
) -> Iterator[Unit]:
    """Also what an earlier run could not remove there, because the host was off."""
    if not request.files:
        return
    for name, left in departures.items():
        service = repo.services[name]
        homes = ", ".join(host.name for host in service.hosts)
        moved = _has_moved(service, len(left), seen)
        why = f"was moved to {homes}" if moved else f"now belongs on {homes} only"
        for host in left:
            if not request.hosts or host in request.hosts:
                yield Unit(name, repo.hosts[host], why, moved)


def _departures(repo: Repo, request: Request, seen: Mapping[str, Observation]) -> Mapping[str, list[str]]:
    """The services that are meant -> the hosts that have them by their records, and not by the repo."""
    places: dict[str, list[str]] = {}
    for host, observation in seen.items():
        for name in observation.records:
            places.setdefault(name, []).append(host)
    found = {}
    for name in meant(repo, request):
        homes = {host.name for host in repo.services[name].hosts}
        if left := [host for host in places.get(name, ()) if host not in homes]:
            found[name] = left
    return found


def _has_moved(service: Service, departures: int, seen: Mapping[str, Observation]) -> bool:
    """For each host that it leaves there is one where it never came up: else it only runs on fewer than before."""
    records = [seen[host.name].records.get(service.name) if host.name in seen else None for host in service.hosts]
    return departures <= sum(record is None or not record.digest for record in records)


def _stopped(name: str, host: Host, left: Iterable[str], seen: Mapping[str, Observation]) -> str:
    """Who stopped it on purpose: there, or where it was until now."""
    record = seen[host.name].records.get(name)
    if record and record.held:
        return f"stopped by {record.held.by}, {record.held.at}"
    if record and record.digest:
        return ""
    before = {place: seen[place].records[name].held for place in left}
    place, held = next(iter(before.items()), ("", None))
    return f"stopped on {place} by {held.by}, {held.at}" if held and all(before.values()) else ""


def _to_do(request: Request, drift: Drift, asked: str) -> bool:
    if request.force and asked == "requested":
        return True
    return bool(drift) if request.files else drift.new or drift.down


def borrowers(repo: Repo) -> Mapping[str, tuple[str, ...]]:
    """Service -> the services that live in its network namespace."""
    found: dict[str, list[str]] = {}
    for edge in repo.edges:
        if edge.reason is Reason.NAMESPACE:
            found.setdefault(edge.dependency, []).append(edge.dependent)
    return {name: tuple(dict.fromkeys(dependents)) for name, dependents in found.items()}


def borrows(repo: Repo, service: Service) -> Mapping[str, str]:
    """Owner of a network namespace that `service` lives in -> the name of its container, "" where Compose names it."""
    modes = {
        c.network_mode.partition(":")[2] for c in service.stack.containers if c.network_mode.startswith("container:")
    }
    if not modes:
        return {}
    owners = [e.dependency for e in repo.edges if e.dependent == service.name and e.reason is Reason.NAMESPACE]
    names = {owner: {c.name for c in repo.services[owner].stack.containers if c.name} for owner in owners}
    return {owner: min(names[owner] & modes, default="") for owner in owners}


class Before(Struct, frozen=True):
    """Which steps of a plan come before a step: the nearest ones that its service needs, directly or through others."""

    repo: Repo
    needs: Mapping[str, tuple[Edge, ...]]
    keys: frozenset[str]  # of the plan's steps

    @classmethod
    def of(cls, repo: Repo, keys: Iterable[str]) -> Before:
        """For a plan with these steps."""
        return cls(repo, graph.needs(repo), frozenset(keys))

    def __call__(self, name: str, host: Host) -> frozenset[str]:
        """The keys for the step of service `name` on `host`."""
        return frozenset(self._nearest(self.needs.get(name, ()), host, set()))

    def by_group(self, name: str, host: Host) -> tuple[tuple[str, str], ...]:
        """Those of the same keys for which the only reason is that their group comes first, each with that group."""
        edges = self.needs.get(name, ())
        by_group = [edge for edge in edges if edge.reason is Reason.GROUP]
        if not by_group:
            return ()
        others = frozenset(self._nearest([edge for edge in edges if edge.reason is not Reason.GROUP], host, set()))
        found = {there: self._group(edge) for edge in by_group for there, _ in self._places(edge, host)}
        return tuple((there, found[there]) for there in sorted(found.keys() & self.keys - others))

    def _group(self, edge: Edge) -> str:
        services = self.repo.services
        earlier = (group for own in services[edge.dependent].groups for group in self.repo.groups[own].after)
        return next(group for group in earlier if group in services[edge.dependency].groups)

    def _nearest(self, edges: Iterable[Edge], host: Host, visited: set[str]) -> Iterator[str]:
        """A service with nothing to do is looked through to what it needs itself."""
        for edge in edges:
            for there, place in self._places(edge, host):
                if there in visited:
                    continue
                visited.add(there)
                if there in self.keys:
                    yield there
                else:
                    yield from self._nearest(self.needs.get(edge.dependency, ()), place, visited)

    def _places(self, edge: Edge, host: Host) -> Iterator[tuple[str, Host]]:
        own = self.repo.services[edge.dependency].hosts
        for place in [host] if host in own else own:
            yield key(edge.dependency, place), place
