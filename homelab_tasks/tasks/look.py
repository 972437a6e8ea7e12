"""Tasks that only look: list, show, graph, status, hosts."""

from __future__ import annotations

import sys
from contextlib import nullcontext
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused
from .door import here, homelab_task
from .flags import Flags, Output, flag

if TYPE_CHECKING:
    from ..fleet import Fleet
    from ..model import Repo
    from ..report.terminal import Style


@homelab_task(Output, name="list")
def list_services(_: Context, output: Output) -> None:
    """List the services with their hosts and groups."""
    from ..report import as_json, services

    repo = _files()
    print(as_json.services(repo) if output.json else services.list_text(repo, style=_style()))


class Showing(Flags):
    """What show understands."""

    deployed: bool = flag(False, "look at its hosts too: which commit is there, since when, by whom")


@homelab_task(Showing, Output, texts={"name": "a service"})
def show(_: Context, name: str, showing: Showing, output: Output) -> None:
    """Show a service: files, containers, and why it needs what."""
    from ..repo import select
    from ..report import as_json, services

    repo = _files()
    chosen = select(repo, name)
    hosts = frozenset(host.name for service in chosen for host in service.hosts)
    with _looked_at(repo, hosts) if showing.deployed else nullcontext() as fleet:
        seen, unfit = (fleet.seen, fleet.unfit) if fleet else ({}, {})
    if output.json:
        print(as_json.shown(repo, chosen, seen))
    else:
        print("\n\n".join(services.show_text(repo, service, style=_style(), seen=seen) for service in chosen))
    for why in unfit.values():
        print(f"error: {why}", file=sys.stderr)
    if unfit:
        sys.exit(1)


class Drawing(Flags):
    """What graph understands."""

    output: str | None = flag(None, "write a picture there: .svg .png .dot .mmd .json .txt")
    focus: str | None = flag(None, "only these services with all that they need and all that needs them")
    format: str | None = flag(None, "text, mermaid, dot, json, svg or png; else by the name of --output")


@homelab_task(Drawing)
def graph(_: Context, drawing: Drawing) -> None:
    """Show or draw what comes after what, and why."""
    from ..repo import select
    from ..report.graph import draw, format_of

    repo = _files()
    focus = () if drawing.focus is None else tuple(service.name for service in select(repo, drawing.focus))
    kind = format_of(drawing.format or drawing.output or "text")
    picture = draw(repo, focus=focus, format=kind, unicode=bool(drawing.output) or _style().unicode)
    if drawing.output:
        _write(Path(drawing.output), picture if isinstance(picture, bytes) else picture.encode())
        print(f"wrote {drawing.output}: {len(repo.services)} services")
    elif isinstance(picture, bytes):
        sys.stdout.buffer.write(picture)
    else:
        print(picture)


class Status(Flags):
    """What status understands."""

    names: str | None = flag(None, "only these services: names with commas, globs")
    host: str | None = flag(None, "only these hosts: names with commas")


@homelab_task(Status, Output)
def status(_: Context, status: Status, output: Output) -> None:
    """Show what runs, and what differs from the repo.

    Changes nothing. Exit status 1 if a host could not be looked at.
    """
    from .. import pipeline
    from ..report import as_json
    from ..report import status as report
    from .console import chosen, host_names

    repo = pipeline.load(here())
    services = chosen(repo, status.names)
    homes = frozenset(host.name for service in services for host in service.hosts)
    only = host_names(repo, status.host) or (homes if status.names is not None else frozenset())
    with _looked_at(repo, only) as fleet:
        rows, unfit = report.rows(repo, services, fleet.seen, fleet.unfit), fleet.unfit
        print(as_json.status(repo, rows, unfit) if output.json else report.status_text(rows, unfit, style=_style()))
        if fleet.unfit:
            sys.exit(1)


@homelab_task(Output)
def hosts(_: Context, output: Output) -> None:
    """List the hosts: do they answer, which commit is there?"""
    from .. import pipeline
    from ..report import as_json, services

    repo = pipeline.load(here())
    with _looked_at(repo, frozenset()) as fleet:
        if output.json:
            print(as_json.hosts(repo, fleet.seen, fleet.unfit))
        else:
            print(services.hosts_text(repo, fleet.seen, fleet.unfit, style=_style()))
        if fleet.unfit:
            sys.exit(1)


def _write(path: Path, content: bytes) -> None:
    try:
        path.write_bytes(content)
    except OSError as error:
        why = f"cannot write {path}: {str(error.strerror).lower()}"
        raise Refused(why, move="give --output a file in a folder that is there and may be written") from error


def _files() -> Repo:
    """The repo as its files lie there, committed or not."""
    from .. import repo

    loaded = repo.load(repo.worktree(here()))
    for notice in loaded.notices:
        print(f"{notice.severity.value}: {notice}", file=sys.stderr)
    return loaded


def _style() -> Style:
    from ..report.terminal import style

    return style(sys.stdout)


def _looked_at(repo: Repo, only: frozenset[str]) -> Fleet:
    from ..fleet import Fleet
    from .console import passing

    fleet = Fleet(repo)
    wanted = [host for host in repo.hosts.values() if not only or host.name in only]
    with passing() as stage:
        fleet.look_at(wanted, stage)
    return fleet
