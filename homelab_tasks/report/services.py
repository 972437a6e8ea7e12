"""What the repo holds: the table of services, everything about one of them, and the table of hosts."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from ..model import Container, Edge, Host, Reason, Repo, Service, System, Transport
from ..observe import Observation
from .columns import Span, flow, plain, table
from .phrase import count, listed, moment, short
from .terminal import Style, Tint

_LABEL = 12


def list_text(repo: Repo, *, style: Style) -> str:
    """A table of the services and one line of counts."""
    if not repo.services:
        return "no service yet; make services/<name>/compose.yml"
    rows = [_listed(service) for _, service in sorted(repo.services.items())]
    counts = [count(len(repo.services), "service"), count(len(repo.hosts), "host"), count(len(repo.groups), "group")]
    lines = table(style, ("service", "hosts", "groups", "description"), rows)
    return "\n".join([*lines, "", style.paint(", ".join(counts), Tint.BOLD)])


def hosts_text(repo: Repo, seen: Mapping[str, Observation], unfit: Mapping[str, str], *, style: Style) -> str:
    """A table of the hosts, with what was found there if they were looked at."""
    if not repo.hosts:
        return "no host yet; list one under hosts: in hosts.yaml"
    titles = ("host", "address", "system", "tags", "services", "")
    rows = [_host(repo, host, seen.get(name), unfit.get(name, "")) for name, host in sorted(repo.hosts.items())]
    return "\n".join(table(style, titles, rows))


def show_text(repo: Repo, service: Service, *, style: Style, seen: Mapping[str, Observation] | None = None) -> str:
    """Everything about one service; what is recorded on its hosts where they were looked at (`seen`)."""
    head = [(service.name + "  ", Tint.BOLD)]
    lines = flow(style, head, [plain(service.description)])
    for label, text in [*_facts(service), *_relations(repo, service), *_recorded(service, seen or {})]:
        lines += flow(style, [(f"  {label:<{_LABEL}}", Tint.DIM)], [plain(text)])
    return "\n".join(lines)


def address_of(host: Host) -> str:
    """`admin@10.0.0.5:2222`, or that it is this machine."""
    if host.transport is Transport.LOCAL:
        return "this machine"
    user = f"{host.user}@" if host.user else ""
    return f"{user}{host.address}" + (f":{host.port}" if host.port else "")


def services_on(repo: Repo, host: Host) -> tuple[str, ...]:
    """The services that the repo places on a host."""
    return tuple(sorted(s.name for s in repo.services.values() if host.name in {h.name for h in s.hosts}))


def _listed(service: Service) -> list[Span]:
    hosts = listed([host.name for host in service.hosts], 3)
    groups = ", ".join(service.groups) or "-"
    return [(service.name, Tint.BOLD), plain(hosts), plain(groups), plain(service.description)]


def _host(repo: Repo, host: Host, seen: Observation | None, why: str) -> list[Span]:
    system = "-" if host.system is System.NONE else host.system.value
    number = str(len(services_on(repo, host)))
    tags = listed(sorted(host.tags), 3) or "-"
    return [
        (host.name, Tint.BOLD),
        plain(address_of(host)),
        plain(system),
        plain(tags),
        plain(number),
        _found(seen, why),
    ]


def _found(seen: Observation | None, why: str) -> Span:
    if why:
        return why, Tint.RED
    if seen is None:
        return plain("")
    if seen.problems:
        return "; ".join(seen.problems), Tint.RED
    parts = [f"at {short(seen.base)}" if seen.commit else "nothing deployed yet"]
    parts += [f"{count(len(seen.containers), 'container')}"] if seen.containers else []
    parts += [f"edited there: {listed(seen.dirty, 3)}"] if seen.dirty else []
    parts += [f"locked by {seen.holder}"] if seen.holder else []
    return ", ".join(parts), Tint.YELLOW if seen.dirty or seen.holder else Tint.GREEN


Fact = tuple[str, str]


def _facts(service: Service) -> Iterator[Fact]:
    yield "hosts", ", ".join(f"{host.name} ({address_of(host)})" for host in service.hosts)
    yield "directory", service.directory
    yield "compose", ", ".join(_short(service, path) for path in service.stack.files)
    yield "project", service.project
    yield from _labelled("containers", _containers(service))
    if service.groups:
        yield "groups", ", ".join(service.groups)
    yield from _labelled("checks", [f"{check.kind.value} {check.target}" for check in service.health.checks])
    yield "healthy in", f"{service.health.timeout:g} s at most"
    files = (*service.stack.env_files, *service.stack.host_env_files)
    yield "env files", ", ".join(_short(service, path) for path in files) or "none"
    if service.stack.reads:
        yield "also reads", ", ".join(service.stack.reads)
    signal = f" ({service.signal})" if service.signal else ""
    yield "new config", service.on_config_change.value + signal
    if service.hooks:
        yield from _labelled("hooks", [f"{hook.moment.value}: {hook.run}" for hook in service.hooks])
    if service.protect:
        yield "protected", f"destroy refuses it (protect: true in {service.directory}/service.yaml)"


def _containers(service: Service) -> list[str]:
    return [f"{c.key}: {c.image or 'no image name'}{_remarks(c)}" for c in service.stack.containers]


def _remarks(container: Container) -> str:
    """Unless its image has a health check, nobody can tell whether it works: dependents wait for its start only."""
    remarks = ["built there"] if container.builds else []
    remarks += [] if container.has_healthcheck else ["no healthcheck in the file"]
    return f" ({', '.join(remarks)})" if remarks else ""


def _relations(repo: Repo, service: Service) -> Iterator[Fact]:
    needs = [(edge, edge.dependency) for edge in repo.edges if edge.dependent == service.name]
    users = [(edge, edge.dependent) for edge in repo.edges if edge.dependency == service.name]
    yield from _labelled("needs", _reasons(needs) or ["nothing"])
    yield from _labelled("needed by", _reasons(users) or ["nothing"])


def _reasons(ties: Iterable[tuple[Edge, str]]) -> list[str]:
    """A line for each that is tied to it; last, one for each order of groups, as that ties all with all."""
    own, common = list[str](), dict[str, list[str]]()
    for edge, other in ties:
        why = f"{edge.reason.value}, {edge.detail} ({edge.place})"
        if edge.reason is Reason.GROUP:
            common.setdefault(why, []).append(other)
        else:
            own.append(f"{other}: {why}")
    return [*own, *(f"{', '.join(others)}: {why}" for why, others in common.items())]


def _recorded(service: Service, seen: Mapping[str, Observation]) -> Iterator[Fact]:
    for host in service.hosts:
        record = seen[host.name].records.get(service.name) if host.name in seen else None
        if record:
            what = short(record.commit) if record.digest else "begun and not finished"
            yield "deployed", f"{what} on {host.name} by {record.by}, since {moment(record.at)}"
        if record and record.pinned:
            pin = record.pinned
            yield "pinned", f"at {short(pin.commit)} on {host.name} by {pin.by}, since {moment(pin.at)}"
        if record and record.held:
            yield "stopped", f"on {host.name} by {record.held.by}, {moment(record.held.at)}"


def _labelled(label: str, texts: list[str]) -> Iterator[Fact]:
    for n, text in enumerate(texts):
        yield "" if n else label, text


def _short(service: Service, path: str) -> str:
    return path.removeprefix(f"{service.directory}/")
