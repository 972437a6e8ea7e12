"""The order of services from a Justfile."""

from __future__ import annotations

import sys
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from .door import here, homelab_task
from .flags import Flags, flag

if TYPE_CHECKING:
    from ..justfile import Draft, Taken


class Importing(Flags):
    """What import-just understands."""

    no_groups: bool = flag(False, "depends_on only: leave groups alone")
    dry_run: bool = flag(False, "show what it would write, and write nothing")
    yes: bool = flag(False, "do not ask before files are written")


@homelab_task(Importing, texts={"file": "a Justfile of ensure- recipes"})
def import_just(_: Context, file: str, importing: Importing) -> None:
    """Write depends_on of services as a Justfile has them.

    For services that are in the repo; what a compose file says already, or
    service.yaml, is not written again. Says of each recipe what it took.
    """
    from ..justfile import import_just as found_in
    from ..repo import worktree
    from ..repo.loader import examine
    from ..scaffold.lay import lay_files
    from .console import agree

    source = worktree(here())
    found = found_in(examine(source), Path.cwd() / file, file, groups=not importing.no_groups)
    print("\n".join(_shown(found)))
    if not found.changes or importing.dry_run:
        print("nothing was written" + ("; the same without --dry-run does it" if found.changes else ""))
        return
    sys.stdout.flush()
    if not agree(f"write {len(found.files)} {'file' if len(found.files) == 1 else 'files'}?", yes=importing.yes):
        print("nothing was written")
        return
    lay_files(found.files, source.root)
    print("\n".join(f"wrote {path}" for path in found.files))
    print("next  inv graph\n      inv validate")


def _shown(found: Draft) -> Iterator[str]:
    from ..justfile import said

    yield from _part("takes", ((str(one.place), f"{one.recipe}: {_what(one)}") for one in found.taken))
    yield from _part("leaves", ((str(odd.place), odd.what) for odd in found.left))
    known = ((edge.dependent, f"needs {edge.dependency} ({edge.reason.value})") for edge in found.known)
    yield from _part("knows already", known)
    yield from _part("writes", ((change.path, said(change)) for change in found.changes))


def _what(taken: Taken) -> str:
    names = ", ".join(taken.services)
    return f"group {taken.group} of {names}" if taken.group else names


def _part(title: str, rows: Iterable[tuple[str, str]]) -> Iterator[str]:
    lines = list(rows)
    if not lines:
        return
    width = max(len(first) for first, _ in lines)
    yield title
    yield from (f"  {first.ljust(width)}  {second}" for first, second in lines)
    yield ""
