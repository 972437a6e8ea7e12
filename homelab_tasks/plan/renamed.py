"""Services that are called otherwise now: what their data would be left under the old name for.

A folder of the repo that gets another name is a new service and one that is gone: nobody says that they are the same.
"""

from __future__ import annotations

from collections.abc import Iterator

from ..commands.engine import Stock
from ..record import Record
from .beside import beside, gone, place_under
from .taking_over import Newcomer, down, empty_volumes, repository


def faults_of_renamed(new: Newcomer) -> Iterator[str]:
    """What would be new and empty, where the same service of another name has it: `what; the next move`."""
    for old in gone(new.repo, new.seen):
        if old.project == new.finding.service.project or _same(new, old):
            yield from empty_volumes(new, old.project, f"and {old.service}, which left the repo, has volume")
            yield from _left(new, old)


def _same(new: Newcomer, old: Record) -> bool:
    """All of the service was there under another name, whatever the versions."""
    ids = {container.key: container.image for container in old.containers}
    return bool(new.containers) and all(
        key in ids and _alike(ids[key], str(body.get("image") or f"{old.project}-{key}"), new.resolution.stock)
        for key, body in new.containers.items()
    )


def _alike(ident: str, image: str, stock: Stock) -> bool:
    """Of one repository; of an image that has no name any more nobody knows."""
    names = {repository(name) for name, its in stock.images.items() if its == ident and name != ident}
    return not names or repository(image) in names


def _left(new: Newcomer, old: Record) -> Iterator[str]:
    """Data and secrets beside the compose file, in the folder of the old name."""
    service, host, there = new.finding.service, new.finding.host, new.resolution.there
    root, prefix = host.path.rstrip("/"), new.repo.prefix
    moves = {path: place_under(old, service, path) for path in beside(service)}
    left = sorted(path for path, was in moves.items() if f"{prefix}{was}" in there and f"{prefix}{path}" not in there)
    if left:
        shown = ", ".join(f".{path.removeprefix(service.directory)}" for path in left)
        what = f"{service.name}: {shown} would be left behind on {host.name} in {root}/{prefix}{old.directory}"
        first = f"{down(new, old.project)}, " if new.seen.of_project(old.project) else f"on {host.name}: "
        move = f"{first}move it to {new.folder}, or make it there to begin anew; deploy again"
        yield f"{what}, as {old.service} has left the repo; {move}"
