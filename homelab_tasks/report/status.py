"""What runs where: a row for each service on each of its hosts, and for what is left there besides."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from enum import Enum

from msgspec import Struct
from msgspec.structs import replace

from ..history.run import moment as moment_of
from ..model import Host, Repo, Service
from ..observe import Health, Observation, SeenContainer
from ..plan.drift import Drift, ended, find_drift, relaid
from ..record import Record
from .columns import Span, flow, plain, table
from .phrase import age, clean, count, grouped, listed, moment, short
from .terminal import Style, Tint


class State(Enum):
    """How the containers of a service are, taken together."""

    HEALTHY = "healthy"
    RUNNING = "running"  # all run, none has a health check
    FINISHED = "finished"  # all were meant to end, and did
    STARTING = "starting"
    UNHEALTHY = "unhealthy"
    RESTARTING = "restarting"
    PARTLY = "partly running"
    STOPPED = "stopped"
    HELD = "stopped on purpose"
    MISSING = "missing"  # was deployed, and has no container
    ABSENT = "not deployed"
    LEFT = "left behind"  # no longer in the repo, or on another host by now
    UNKNOWN = "unknown"  # the host could not be looked at

    @property
    def up(self) -> bool:
        """As it should be."""
        return self in (State.HEALTHY, State.RUNNING, State.FINISHED)


_TINTS = {
    State.HEALTHY: Tint.GREEN,
    State.RUNNING: Tint.GREEN,
    State.FINISHED: Tint.GREEN,
    State.STARTING: Tint.YELLOW,
    State.HELD: Tint.YELLOW,
    State.LEFT: Tint.YELLOW,
    State.ABSENT: Tint.DIM,
}


class Row(Struct, frozen=True):
    """One service on one host."""

    service: str
    host: str
    state: State
    commit: str = ""  # deployed there, "" if none is recorded
    current: bool = False  # nothing differs from the repo
    note: str = ""  # the first reason why it is not current, or who stopped it
    at: str = ""  # since when it is deployed as it is there, ISO 8601 in UTC
    age: float = 0.0  # the same in seconds, by the host's own clock
    pinned: bool = False  # it was rolled back alone, and stays at its commit


def rows(
    repo: Repo, only: Iterable[Service], seen: Mapping[str, Observation], unfit: Mapping[str, str]
) -> tuple[Row, ...]:
    """The rows of the services `only`, on the hosts that were looked at (`seen`) or could not be (`unfit`: why).

    Where all services are meant, what earlier deploys left on the hosts gets a row too.
    """
    services = list(only)
    found = [row for service in services for host in service.hosts for row in _rows(repo, service, host, seen, unfit)]
    if len(services) == len(repo.services):
        found += [row for name, look in seen.items() for row in _left(repo, name, look)]
    return tuple(sorted(found, key=lambda row: (row.state is State.LEFT, row.service, row.host)))


def status_text(found: Sequence[Row], unfit: Mapping[str, str], *, style: Style) -> str:
    """A table, the hosts that could not be looked at (`unfit`: why), one line of counts and what to type next."""
    whys = [line for why in dict.fromkeys(unfit.values()) for line in flow(style, [("! ", Tint.RED)], [plain(why)])]
    if not found:
        return "\n".join(["no service here", *whys])
    lines = table(style, ("service", "host", "state", "commit", "since", ""), [_cells(row) for row in found])
    lines += whys
    return "\n".join([*lines, "", *flow(style, [], [(_counts(found), Tint.BOLD)]), *_next(found, style)])


def _rows(
    repo: Repo, service: Service, host: Host, seen: Mapping[str, Observation], unfit: Mapping[str, str]
) -> Iterator[Row]:
    if host.name in unfit:
        note = f"{host.name} could not be looked at"
        yield Row(service.name, host.name, State.UNKNOWN, note=note)
    elif host.name in seen:
        yield _row(repo, service, host, seen[host.name])


def _row(repo: Repo, service: Service, host: Host, seen: Observation) -> Row:
    record = seen.records.get(service.name)
    there = _believed(record, seen, record.project if record else service.project)
    state = _state(record, there, ended(record, service, there))
    if record is None:
        word = "is there" if state is State.STOPPED else "runs"
        note = f"{word}, but was not deployed by this tool" if state is not State.ABSENT else ""
        return Row(service.name, host.name, state, note=note)
    if record.held:
        stopped = f"by {record.held.by} since {moment(record.held.at)}"
        note = stopped if state is State.HELD else f"was stopped {stopped}; somebody started it again"
        return _dated(Row(service.name, host.name, state, record.commit, note=note), record, seen)
    drift = find_drift(repo, service, seen)
    if record.pinned:
        return _pinned(Row(service.name, host.name, state, record.commit, pinned=True), drift, record, seen)
    row = Row(service.name, host.name, state, record.commit, current=not drift, note=_first(drift, seen.holder))
    return _dated(row, record, seen)


def _pinned(row: Row, drift: Drift, record: Record, seen: Observation) -> Row:
    """What the repo says of it since is no news: it stays as it is on purpose."""
    others = replace(drift, files=False, relaid=relaid(record), pin="")
    by, since = record.pinned.by if record.pinned else "", moment_of(record.pinned.at) if record.pinned else None
    past = f", {age(max(seen.clock - since.timestamp(), 0))}" if since else ""
    note = f"pinned at {short(row.commit)} by {clean(by)}{past}" + (
        f"; {_first(others, seen.holder)}" if others else ""
    )
    return _dated(replace(row, current=not others, note=note), record, seen)


def _dated(row: Row, record: Record, seen: Observation) -> Row:
    """With the time of the last run that touched it. The host's clock may be behind that of who deployed."""
    past = _age(record, seen)
    return row if past is None else replace(row, at=record.at, age=max(past, 0.0))


def _state(record: Record | None, containers: Sequence[SeenContainer], done: frozenset[str]) -> State:
    meant = [c for c in containers if c.id not in done]
    running = [c for c in meant if c.state == "running"]
    if record and record.held and not running:
        return State.HELD
    if not containers:
        return State.MISSING if record else State.ABSENT
    if any(c.health is Health.UNHEALTHY for c in running):
        return State.UNHEALTHY
    if any(c.state == "restarting" for c in meant):
        return State.RESTARTING
    if len(running) < len(meant):
        return State.PARTLY if running else State.STOPPED
    return _health(running)


def _believed(record: Record | None, seen: Observation, project: str) -> Sequence[SeenContainer]:
    """The containers of a project. Docker says `starting` until its own first test, up to half a minute later than
    the deploy's early one: a container that a deploy found healthy, and that runs since, counts as healthy.
    """
    containers = seen.of_project(project)
    past = _age(record, seen)
    if record is None or past is None:
        return containers
    proven = {c.id for c in record.containers}
    return [replace(c, health=Health.HEALTHY) if _still(c, proven, past) else c for c in containers]


def _age(record: Record | None, seen: Observation) -> float | None:
    """Seconds since the last run that touched it; None where no time is written down, or none that is one."""
    at = moment_of(record.at) if record else None
    return seen.clock - at.timestamp() if at else None


def _still(container: SeenContainer, proven: set[str], age: float) -> bool:
    return container.health is Health.STARTING and container.id in proven and container.up + 2 >= age


def _health(running: Sequence[SeenContainer]) -> State:
    if not running:
        return State.FINISHED
    if any(c.health is Health.STARTING for c in running):
        return State.STARTING
    return State.HEALTHY if any(c.health is Health.HEALTHY for c in running) else State.RUNNING


def _first(drift: Drift, holder: str) -> str:
    """The gravest reason, and how many there are besides."""
    found = [_unfinished(holder)] if drift.unfinished else []
    found += [*drift.sick.values(), *drift.absent, *drift.outdated]
    found += [f"shares the network of {owner}, which was made anew" for owner in drift.borrowed]
    found += ["changed in the repo since"] if drift.files else []
    found += [f"{drift.relaid} there"] if drift.relaid else []
    found += [f"{path.rpartition('/')[2]} changed" for path in drift.env]
    if not found:
        return "up to date"
    return clean(found[0]) + (f" (and {len(found) - 1} more)" if len(found) > 1 else "")


def _unfinished(holder: str) -> str:
    """What somebody works on right now (`ann@desk, pid 7, since ...: deploy plex`) may well come to its end."""
    who, title = holder.partition(",")[0], holder.partition(", since ")[2].partition(": ")[2]
    return f"{who} is at work there: {title}" if holder else "its last deploy did not finish"


def _left(repo: Repo, host: str, seen: Observation) -> Iterator[Row]:
    for name, record in sorted(seen.records.items()):
        service = repo.services.get(name)
        if service is None:
            yield _dated(Row(name, host, State.LEFT, record.commit, note="no longer in the repo"), record, seen)
        elif host not in {h.name for h in service.hosts}:
            where = listed([h.name for h in service.hosts])
            yield _dated(Row(name, host, State.LEFT, record.commit, note=f"now belongs on {where}"), record, seen)


def _cells(row: Row) -> list[Span]:
    state = row.state.value, _TINTS.get(row.state, Tint.RED)
    note = row.note, Tint.DIM if row.current else Tint.PLAIN
    since = plain(age(row.age) if row.at else "-")
    return [(row.service, Tint.BOLD), plain(row.host), state, plain(short(row.commit) or "-"), since, note]


def _counts(found: Sequence[Row]) -> str:
    services = {row.service for row in found if row.state is not State.LEFT}
    hosts = {row.host for row in found}
    states = grouped((row.state, row) for row in found)
    told = ", ".join(f"{len(states[state])} {state.value}" for state in State if state in states)
    stale = sum(row.state.up and not row.current for row in found)
    behind = f"; {stale} not as the repo says" if stale else ""
    return f"{count(len(services), 'service')} on {count(len(hosts), 'host')}: {told}{behind}"


def _next(found: Sequence[Row], style: Style) -> Iterator[str]:
    sick = [row.service for row in found if row.state in (State.UNHEALTHY, State.RESTARTING)]
    commands = [f"inv logs {','.join(dict.fromkeys(sick))} --tail 50"] if sick else []
    settled = (State.HELD, State.LEFT, State.UNKNOWN)
    if any(row.state not in settled and not row.current for row in found):
        commands.append("inv deploy-all --dry-run")
    if any(row.state is State.LEFT for row in found):
        commands.append("inv deploy-all --prune --dry-run")
    for n, text in enumerate(commands):
        yield from flow(style, [("      " if n else "next  ", Tint.BOLD)], [(text, Tint.CYAN)])
