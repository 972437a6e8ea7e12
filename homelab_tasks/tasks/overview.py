"""What `inv` alone shows: every task with a line, by what it is for."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

from invoke.collection import Collection
from invoke.context import Context
from invoke.tasks import Task

from .door import homelab_task

ROOMS = {
    "look": "look",
    "history": "look",
    "doctor": "look",
    "validate": "look",
    "deploy": "deploy",
    "rollback": "deploy",
    "operate": "every day",
    "care": "care",
    "new": "care",
    "import_just": "care",
    "generate": "care",
    "setup": "care",
    "env": "env files",
    "": "your own",
}


def overview_of(ns: Collection) -> Task[Any]:
    """The default task of a collection: lists it, with the tasks that a repo added to it."""

    @homelab_task(name="help")
    def overview(_: Context) -> None:
        """List all tasks, by what they are for."""
        print("\n".join(_lines(ns)))

    return overview


def rooms(ns: Collection) -> Mapping[str, dict[str, str]]:
    """What the tasks are for, to those tasks with the first line of each."""
    found: dict[str, dict[str, str]] = {title: {} for title in ROOMS.values()}
    for name in ns.task_names:  # those of collections inside it too
        entry = ns[name]
        package, _, room = entry.body.__module__.rpartition(".")
        title = ROOMS.get(room if package == __package__ else "", "")
        if title:
            found[title][name] = (entry.__doc__ or "").strip().split("\n")[0]
    return {title: names for title, names in found.items() if names}


def _lines(ns: Collection) -> Iterator[str]:
    shown = rooms(ns)
    width = max(len(name) for names in shown.values() for name in names)
    for title, names in shown.items():
        yield title
        for name, text in names.items():
            first, *more = textwrap.wrap(text, 80 - width - 5) or [""]
            yield f"  {name.ljust(width)}  {first}".rstrip()
            yield from (f"  {' ' * width}  {line}" for line in more)
        yield ""
    yield "flags of a task: inv --help TASK"
