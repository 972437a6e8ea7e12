"""The newest images of what is deployed."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from ..commands import compose
from ..fleet import Fleet, in_parallel
from ..model import Host, Repo, Service
from ..runner import Result, Runner
from . import Answer, Stage

_Unit = tuple[Service, Host]
_Do = Callable[[Runner, compose.Project, str], Answer]


def pull(repo: Repo, services: Iterable[Service], only: frozenset[str], stage: Stage) -> list[Answer]:
    """Fetch what the deployed compose files name; one sentence a service and host."""
    return _each(repo, services, only, stage, _fetch)


def would_pull(repo: Repo, services: Iterable[Service], only: frozenset[str], stage: Stage) -> list[Answer]:
    """The images that `pull` would fetch, which is not done; one sentence a service and host."""
    return _each(repo, services, only, stage, _name)


def _each(repo: Repo, services: Iterable[Service], only: frozenset[str], stage: Stage, do: _Do) -> list[Answer]:
    wanted = [(s, h) for s in services for h in s.hosts if not only or h.name in only]
    with Fleet(repo) as fleet:
        fleet.look_at(dict.fromkeys(h for _, h in wanted), stage)
        answers: list[Answer] = [(False, why) for why in fleet.unfit.values()]
        there = [(s, h) for s, h in wanted if h.name in fleet.seen and s.name in fleet.seen[h.name].records]
        stage(f"pulling the images of {len(there)} services" if do is _fetch else "asking which images they name")

        def serve(unit: _Unit) -> Answer:
            service, host = unit
            folder = compose.directory(repo, host, service)
            project = compose.Project(service.project, folder, fleet.seen[host.name].compose)
            return do(fleet.runners[host.name], project, f"{service.name} on {host.name}")

        answers += in_parallel(serve, there)
    return answers or [(True, "no service is deployed, so there is nothing to pull; inv deploy-all")]


def _fetch(runner: Runner, project: compose.Project, where: str) -> Answer:
    result = runner.run(compose.pull(project))
    if result.ok:
        return True, f"{where}: images are the newest"
    return False, f"{where}: pull failed ({_why(result)}); check the names of its images"


def _name(runner: Runner, project: compose.Project, where: str) -> Answer:
    result = runner.run(compose.config(project))
    if not result.ok:
        return False, f"{where}: Compose cannot read its files ({_why(result)}); inv deploy --dry-run shows more"
    images = compose.fetched(result.text)
    return True, f"{where}: would fetch {', '.join(images)}" if images else f"{where}: names no image to fetch"


def _why(result: Result) -> str:
    said = compose.without_values(result.stderr or result.text).strip().splitlines()
    return said[-1].strip() if said else f"exit status {result.exit}"
