"""Images fetched anew, and disks swept: what is done to hosts outside of a deploy."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from .commands import compose
from .commands.docker import KEPT_IMAGES
from .fleet import Fleet, in_parallel
from .ledger import Ledger, Locked, Unwritable, open_ledger
from .model import Host, Repo, Service
from .prepare import holder
from .runner import Runner

Answer = tuple[bool, str]
Stage = Callable[[str], None]


def pull(repo: Repo, services: Iterable[Service], only: frozenset[str], stage: Stage) -> list[Answer]:
    """Fetch what the deployed compose files name; one sentence a service and host."""
    wanted = [(s, h) for s in services for h in s.hosts if not only or h.name in only]
    with Fleet(repo) as fleet:
        fleet.look_at(dict.fromkeys(h for _, h in wanted), stage)
        answers: list[Answer] = [(False, why) for why in fleet.unfit.values()]
        there = [(s, h) for s, h in wanted if h.name in fleet.seen and s.name in fleet.seen[h.name].records]
        stage(f"pulling the images of {len(there)} services")

        def fetch(unit: tuple[Service, Host]) -> Answer:
            service, host = unit
            project = compose.Project(
                service.project, compose.directory(repo, host, service), fleet.seen[host.name].compose
            )
            result = fleet.runners[host.name].run(compose.pull(project))
            if result.ok:
                return True, f"{service.name} on {host.name}: images are the newest"
            said = compose.without_values(result.stderr or result.text).strip().splitlines()
            why = said[-1].strip() if said else f"exit status {result.exit}"
            return False, f"{service.name} on {host.name}: pull failed ({why}); check the names of its images"

        answers += in_parallel(fetch, there)
    return answers or [(True, "no service is deployed, so there is nothing to pull; inv deploy-all")]


def clean(repo: Repo, hosts: Sequence[Host], stage: Stage, *, volumes: bool) -> list[Answer]:
    """Remove what no service needs; one sentence a host. Containers of compose projects stay: a stopped one may be
    stopped on purpose. Raises Locked.
    """
    with Fleet(repo) as fleet:
        fleet.look_at(hosts, stage)
        fit = [h for h in hosts if h.name in fleet.seen]
        stage(f"cleaning {', '.join(h.name for h in fit)}")
        with _locked(fleet, fit):
            swept = in_parallel(lambda host: _sweep(host, fleet.runners[host.name], volumes=volumes), fit)
        return [*((False, why) for why in fleet.unfit.values()), *swept]


@contextmanager
def _locked(fleet: Fleet, hosts: Iterable[Host]) -> Iterator[None]:
    """Nobody deploys there meanwhile: what a deploy has fetched, and not started yet, looks like what nobody needs.
    All of the hosts are locked, or none; those without a checkout have nothing to lock.
    """
    taken = in_parallel(lambda host: _lock(fleet, host), [h for h in hosts if fleet.seen[h.name].folder])
    try:
        for locked in taken:
            if isinstance(locked, Locked):
                raise locked
        yield
    finally:
        for ledger in taken:
            if isinstance(ledger, Ledger):
                ledger.close()


def _lock(fleet: Fleet, host: Host) -> Ledger | Locked | None:
    """None where no run of ours can write down anything, for want of space maybe: that is what is swept for."""
    try:
        turn = fleet.seen[host.name].turn
        return open_ledger(fleet.runners[host.name], holder("cleanup"), fleet.repo.branch, (), turn=turn).ledger
    except Locked as locked:
        return locked
    except (Unwritable, ConnectionError):
        return None


def _sweep(host: Host, runner: Runner, *, volumes: bool) -> Answer:
    from docker.errors import APIError
    from requests.exceptions import RequestException

    try:
        api: Any = runner.docker()  # its stubs leave the prunes untyped
        swept = [
            api.prune_containers(filters={"label!": ["com.docker.compose.project"]}),
            *_forget_old_images(api),
            api.prune_images(filters={"dangling": True}),
            api.prune_builds(),
            *([_prune_unnamed_volumes(api)] if volumes else []),
        ]
    except (APIError, RequestException, ConnectionError) as error:
        return False, f"{host.name}: {error}"
    freed = sum(part.get("SpaceReclaimed") or 0 for part in swept)
    return True, f"{host.name}: {freed / 1e6:.1f} MB freed"


def _forget_old_images(api: Any) -> Iterator[Mapping[str, int]]:
    """Take away the names of kept images, but for those of each project's last time: the next rollback is theirs."""
    kept = api.images(filters={"reference": f"{KEPT_IMAGES}/*"})
    names = sorted(tag for image in kept for tag in image["RepoTags"] or () if tag.startswith(KEPT_IMAGES))
    last = {name.partition(":")[0]: name.rpartition("-")[0] for name in names}
    for name in names:
        if name.rpartition("-")[0] != last[name.partition(":")[0]]:
            size = next(image["Size"] for image in kept if name in image["RepoTags"])
            removed = api.remove_image(name)
            yield {"SpaceReclaimed": size if any("Deleted" in entry for entry in removed) else 0}


def _prune_unnamed_volumes(api: Any) -> Mapping[str, int]:
    """Engines before 23 (API 1.42) prune named volumes as well: there the unnamed ones are removed one by one."""
    if tuple(map(int, api.api_version.split("."))) >= (1, 42):
        pruned: Mapping[str, int] = api.prune_volumes()
        return pruned
    for volume in api.volumes(filters={"dangling": True})["Volumes"] or ():
        if re.fullmatch(r"[0-9a-f]{64}", volume["Name"]):
            api.remove_volume(volume["Name"])
    return {}
