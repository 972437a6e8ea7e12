"""Disks swept of what no service needs, or told what that would be."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

from msgspec import Struct

from ..commands.docker import KEPT_IMAGES
from ..fleet import Fleet, in_parallel
from ..ledger import Ledger, Locked, Unwritable, open_ledger
from ..model import Host, Repo
from ..prepare import holder
from ..runner import Runner
from . import Answer, Stage
from .waste import Waste, is_unnamed, knows_unnamed, old_names, wasted


class Swept(Struct, frozen=True):
    """What would go from a host; or `why` that is not known."""

    host: str
    waste: tuple[Waste, ...] = ()
    why: str = ""


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


def would_clean(repo: Repo, hosts: Sequence[Host], stage: Stage, *, volumes: bool) -> list[Swept]:
    """What `clean` would remove, which is not done."""
    with Fleet(repo) as fleet:
        fleet.look_at(hosts, stage)
        fit = [h for h in hosts if h.name in fleet.seen]
        stage(f"asking {', '.join(h.name for h in fit)}")
        found = in_parallel(lambda host: _ask(host, fleet.runners[host.name], volumes=volumes), fit)
        return [*(Swept(host, why=why) for host, why in fleet.unfit.items()), *found]


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


def _ask(host: Host, runner: Runner, *, volumes: bool) -> Swept:
    from docker.errors import APIError
    from requests.exceptions import RequestException

    try:
        return Swept(host.name, wasted(runner.docker(), volumes=volumes))
    except (APIError, RequestException, ConnectionError) as error:
        return Swept(host.name, why=f"{host.name}: {error}")


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
    """Take away the names of kept images that no rollback asks for any more."""
    kept = [api.inspect_image(image["Id"]) for image in api.images(filters={"reference": f"{KEPT_IMAGES}/*"})]
    used = {container["ImageID"] for container in api.containers(all=True)}
    for name in old_names(kept, used):
        size = next(image["Size"] for image in kept if name in image["RepoTags"])
        removed = api.remove_image(name)
        yield {"SpaceReclaimed": size if any("Deleted" in entry for entry in removed) else 0}


def _prune_unnamed_volumes(api: Any) -> Mapping[str, int]:
    """Engines before 23 (API 1.42) prune named volumes as well: there the unnamed ones are removed one by one."""
    if knows_unnamed(api):
        pruned: Mapping[str, int] = api.prune_volumes()
        return pruned
    for volume in api.volumes(filters={"dangling": True})["Volumes"] or ():
        if is_unnamed(volume, told=False):
            api.remove_volume(volume["Name"])
    return {}
