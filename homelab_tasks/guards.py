"""What is refused before anything is planned, because somebody's work would be passed over or undone."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from . import repo as repos
from .errors import Refused
from .fleet import Fleet, edited, in_place
from .model import Host, Repo
from .plan.survey import Survey, units
from .request import Request

SHOWN = 5  # paths in one sentence


def uncommitted(repo: Repo, request: Request, *, allowed: bool) -> tuple[str, ...]:
    """A notice that names what is not committed of the things that `request` means; Refused unless it is `allowed`."""
    places = {"hosts.yaml"}
    for service, _, _ in units(repo, request):
        places |= {service.directory, *service.stack.reads}
    concerned = [path for path in repos.uncommitted(Path(repo.root)) if _lies_in(path, places)]
    if not concerned:
        return ()
    if not allowed:
        raise Refused(f"not committed: {_few(concerned)}", move="commit it, or deploy the last commit: --allow-dirty")
    return (f"not committed, and so not part of this: {_few(concerned)}",)


def refuse_edited(fleet: Fleet, found: Survey) -> None:
    """A file that was edited on a host is never overwritten: that host is left alone."""
    for host in _hosts(fleet, found):
        files = edited(fleet.seen[host.name], fleet.repo)
        if files:
            look = f"cd {host.path} && git diff" if in_place(fleet.repo, host) else f"there: cd {host.path} && git diff"
            what = f"files were edited in {host.path} on {host.name}: {_few(files)}"
            fleet.lose(host.name, f"{what}; commit or undo that, after a look {look}")


def refuse_unknown_commits(fleet: Fleet, found: Survey) -> None:
    """A commit that this machine never saw was deployed by somebody else, and would be undone."""
    for host in _hosts(fleet, found):
        there = fleet.seen[host.name].commit
        if there and there != fleet.repo.commit and not repos.knows(fleet.repo, there):
            what = f"{host.name} is at commit {there[:7]}, which this checkout does not know"
            fleet.lose(host.name, f"{what}; git pull first, or deploy over it with --force")


def _hosts(fleet: Fleet, found: Survey) -> list[Host]:
    names = dict.fromkeys(f.host.name for f in found.findings if not f.blocked and f.host.name in fleet.seen)
    return [fleet.repo.hosts[name] for name in names]


def _lies_in(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place.rstrip('/')}/") for place in places)


def _few(paths: Iterable[str]) -> str:
    names = list(paths)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
