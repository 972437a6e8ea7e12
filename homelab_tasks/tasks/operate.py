"""Everyday handling of what is deployed: stop, start, restart, logs, destroy."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused
from .deploy import NAMES
from .door import FAILED, INTERRUPTED, here, homelab_task
from .flags import Changing, Flags, Output, flag, typed

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
    request = _request(typed("stop", names, flags=[changing]), repo, names, changing)
    carry_out(lambda audience: pipeline.stop(repo, request, options(changing), audience), changing, output)


@homelab_task(Changing, Output, texts=NAMES)
def start(_: Context, names: str, changing: Changing, output: Output) -> None:
    """Start services that were stopped, and what they need.

    As they were deployed: no commit moves.
    """
    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request(typed("start", names, flags=[changing]), repo, names, changing)
    carry_out(lambda audience: pipeline.ensure(repo, request, options(changing), audience), changing, output)


@homelab_task(Changing, Output, texts=NAMES)
def restart(_: Context, names: str, changing: Changing, output: Output) -> None:
    """Restart services in order, each when the last is healthy.

    What lives in the network of a restarted container is made anew.
    """
    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request(typed("restart", names, flags=[changing]), repo, names, changing)
    carry_out(lambda audience: pipeline.restart(repo, request, options(changing), audience), changing, output)


class Destroying(Flags):
    """What destroy alone understands."""

    volumes: bool = flag(False, "remove the named volumes too: their data is lost")
    allow_removals: bool = flag(False, "with CI=true, and what keeps data in production")


@homelab_task(Destroying, Changing, Output, texts=NAMES)
def destroy(_: Context, names: str, destroying: Destroying, changing: Changing, output: Output) -> None:
    """Remove the containers and networks of services; asks first.

    Keeps volumes, and refuses a service with protect: true.
    """
    from msgspec.structs import replace

    from .. import pipeline
    from .console import carry_out, options

    repo = pipeline.load(here())
    request = _request(typed("destroy", names, flags=(destroying, changing)), repo, names, changing)
    how = replace(options(changing), allow_removals=destroying.allow_removals)
    volumes = destroying.volumes
    carry_out(lambda audience: pipeline.destroy(repo, request, how, audience, volumes=volumes), changing, output)


class Reading(Flags):
    """What logs alone understands."""

    follow: bool = flag(False, "go on until Ctrl-C")
    tail: str = flag("100", "lines of each container to begin with")
    host: str | None = flag(None, "only these hosts: names with commas")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        if not (self.tail.isascii() and self.tail.isdigit()):
            raise Refused(f"--tail: {self.tail!r} is no number of lines", move="give one from 0 on: --tail 50")


@homelab_task(Reading, texts=NAMES)
def logs(_: Context, names: str, reading: Reading) -> None:
    """Show what services write, a name before each line."""
    from .. import pipeline
    from ..fleet import Fleet
    from ..guards import refuse_elsewhere
    from ..plan.survey import units
    from ..request import Request
    from .console import chosen, host_names

    repo = pipeline.load(here())
    meant = frozenset(service.name for service in chosen(repo, names))
    request = Request(f"logs {names}", meant, hosts=host_names(repo, reading.host), dependencies=False)
    refuse_elsewhere(repo, request)
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
    """One thread a host reads; lines come out as they come in. False if a host could not be read to its end."""
    import queue
    import threading

    from ..report.logs import LogPrinter

    several = len({host.name for _, host in wanted}) > 1
    titles = {(s.name, h.name): f"{s.name}@{h.name}" if several and len(s.hosts) > 1 else s.name for s, h in wanted}
    printer = LogPrinter(tuple(titles.values()), sys.stdout)
    lines: queue.SimpleQueue[tuple[str, str] | None] = queue.SimpleQueue()
    broken: list[str] = []

    def read(host: Host) -> None:
        services = [service for service, place in wanted if place == host]
        try:
            for number, line in _lines(fleet, services, host, reading):
                lines.put((titles[services[number].name, host.name], line))
        except ConnectionError as error:
            broken.append(f"error: {error}")
        finally:
            lines.put(None)

    reading_from = list(dict.fromkeys(host for _, host in wanted))
    for host in reading_from:
        threading.Thread(target=read, args=[host], daemon=True).start()
    left = len(reading_from)
    while left:
        entry = lines.get()
        if entry is None:
            left -= 1
        else:
            printer.line(*entry)
    for sentence in broken:
        print(sentence, file=sys.stderr)
    return not broken


def _lines(fleet: Fleet, services: Sequence[Service], host: Host, reading: Reading) -> Iterator[tuple[int, str]]:
    """Lines from one host, each with the index of its service."""
    from ..commands import compose

    seen, last = fleet.seen[host.name], 0
    recorded = [(seen.records.get(service.name), service) for service in services]
    projects = [record.project if record else service.project for record, service in recorded]
    command = compose.logs(seen.compose, projects, tail=int(reading.tail), follow=reading.follow)
    for line in fleet.runners[host.name].lines(command):
        number, text = compose.log_line(line)
        last = number if 0 <= number < len(services) else last
        yield last, text


def _request(title: str, repo: Repo, names: str, changing: Changing) -> Request:
    from ..request import Request
    from .console import chosen, host_names

    meant = frozenset(service.name for service in chosen(repo, names))
    return Request(
        title=title,
        names=meant,
        named=meant,
        hosts=host_names(repo, changing.host),
        files=False,
        timeout=changing.patience,
    )
