"""Everyday handling of what is deployed: stop, start, restart, logs, destroy."""

from __future__ import annotations

import sys
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from invoke.context import Context

from .deploy import NAMES
from .door import FAILED, INTERRUPTED, here, homelab_task
from .flags import Changing, Output, flag

if TYPE_CHECKING:
    from ..fleet import Fleet
    from ..model import Host, Repo, Service
    from ..request import Request


@homelab_task(Changing, Output, texts=NAMES)
def stop(_: Context, names: str, changing: Changing, output: Output) -> None:
    """Stop services on purpose: they stay stopped.

    Until they are started or deployed by name, deploy-all leaves them.
    """
    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request("stop", repo, names, changing)
    carry_out(lambda audience: pipeline.stop(repo, request, options(changing), audience), changing, output)


@homelab_task(Changing, Output, texts=NAMES)
def start(_: Context, names: str, changing: Changing, output: Output) -> None:
    """Start services that were stopped, and what they need.

    As they were deployed: no commit moves.
    """
    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request("start", repo, names, changing)
    carry_out(lambda audience: pipeline.ensure(repo, request, options(changing), audience), changing, output)


@homelab_task(Changing, Output, texts=NAMES)
def restart(_: Context, names: str, changing: Changing, output: Output) -> None:
    """Restart services in order, each when the last is healthy.

    What lives in the network of a restarted container is made anew.
    """
    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request("restart", repo, names, changing)
    carry_out(lambda audience: pipeline.restart(repo, request, options(changing), audience), changing, output)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Destroying:
    """What destroy alone understands."""

    volumes: bool = flag(False, "remove the named volumes too: their data is lost")


@homelab_task(Destroying, Changing, Output, texts=NAMES)
def destroy(_: Context, names: str, destroying: Destroying, changing: Changing, output: Output) -> None:
    """Remove the containers and networks of services; asks first.

    Keeps volumes, and refuses a service with protect: true.
    """
    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request("destroy", repo, names, changing)
    how, volumes = options(changing), destroying.volumes
    carry_out(lambda audience: pipeline.destroy(repo, request, how, audience, volumes=volumes), changing, output)


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Reading:
    """What logs alone understands."""

    follow: bool = flag(False, "go on until Ctrl-C")
    tail: int = flag(100, "lines of each container to begin with")
    host: str = flag("", "only these hosts: names with commas")


@homelab_task(Reading, texts=NAMES)
def logs(_: Context, names: str, reading: Reading) -> None:
    """Show what services write, a name before each line."""
    from .. import pipeline
    from ..fleet import Fleet
    from ..plan.survey import units
    from ..repo import select
    from ..request import Request
    from .console import host_names

    repo = pipeline.load(here())
    chosen = frozenset(service.name for service in select(repo, names))
    request = Request(f"logs {names}", chosen, hosts=host_names(repo, reading.host), dependencies=False)
    wanted = [(service, host) for service, host, _ in units(repo, request)]
    with Fleet(repo) as fleet:
        fleet.look_at(dict.fromkeys(host for _, host in wanted))
        for why in fleet.unfit.values():
            print(f"error: {why}", file=sys.stderr)
        try:
            complete = _print_logs(fleet, [(s, h) for s, h in wanted if h.name in fleet.seen], reading)
        except KeyboardInterrupt:
            sys.exit(INTERRUPTED)  # that is how one stops to read: nothing to say about it
        if fleet.unfit or not complete:
            sys.exit(FAILED)


def _print_logs(fleet: Fleet, wanted: list[tuple[Service, Host]], reading: Reading) -> bool:
    """One thread a service reads; lines come out as they come in. False if one could not be read to its end."""
    import queue
    import threading

    from ..report.logs import LogPrinter

    several = len({host.name for _, host in wanted}) > 1
    titles = {(s.name, h.name): f"{s.name}@{h.name}" if several and len(s.hosts) > 1 else s.name for s, h in wanted}
    printer = LogPrinter(tuple(titles.values()), sys.stdout)
    lines: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
    broken: list[str] = []

    def read(service: Service, host: Host) -> None:
        title = titles[service.name, host.name]
        try:
            for line in _lines(fleet, service, host, reading):
                lines.put((title, line))
        except ConnectionError as error:
            broken.append(title)
            lines.put((title, f"({error})"))
        finally:
            lines.put(None)

    for service, host in wanted:
        threading.Thread(target=read, args=(service, host), daemon=True).start()
    left = len(wanted)
    while left:
        entry = lines.get()
        if entry is None:
            left -= 1
        else:
            printer.line(*entry)
    return not broken


def _lines(fleet: Fleet, service: Service, host: Host, reading: Reading) -> Iterator[str]:
    from ..commands import compose

    seen = fleet.seen[host.name]
    record = seen.records.get(service.name)
    project = compose.Project(record.project if record else service.project, "/", seen.compose)
    return fleet.runners[host.name].lines(compose.logs(project, tail=reading.tail, follow=reading.follow))


def _request(verb: str, repo: Repo, names: str, changing: Changing) -> Request:
    from ..repo import select
    from ..request import Request
    from .console import host_names

    chosen = frozenset(service.name for service in select(repo, names))
    return Request(
        title=f"{verb} {names}",
        names=chosen,
        named=chosen,
        hosts=host_names(repo, changing.host),
        files=False,
        timeout=changing.timeout,
    )
