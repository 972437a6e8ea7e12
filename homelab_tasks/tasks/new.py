"""A new service in the repo."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import RepoInvalid
from .door import here, homelab_task
from .flags import Flags, flag

if TYPE_CHECKING:
    from ..scaffold import Draft


class Making(Flags):
    """What new understands."""

    from_image: str | None = flag(None, "its image with a version: REPOSITORY:TAG; known for common apps")
    host: str | None = flag(None, "where it runs; the only host without it")
    group: str | None = flag(None, "groups that it belongs to: names with commas")
    depends_on: str | None = flag(None, "services that it needs: names with commas")
    port: str | None = flag(None, "where it listens in its container; known for common images")
    dry_run: bool = flag(False, "show the files and write none")


@homelab_task(Making, texts={"name": "a new service, or APP/INSTANCE"})
def new(_: Context, name: str, making: Making) -> None:
    """Make a new service: compose file, settings, .env template.

    With a README, and its user where the host is NixOS.
    """
    from ..repo import worktree
    from ..repo.loader import examine
    from ..scaffold import Wish, draft, lay

    source = worktree(here())
    wish = Wish(name, making.from_image, making.host, making.group, making.depends_on, making.port)
    made = draft(examine(source), wish)
    if making.dry_run:
        print("\n".join(_shown(made)))
        return
    lay(made, source.root)
    print("\n".join(_told(made, _behind())))


def _behind() -> list[str]:
    """The generated files that do not know the new service yet; none where the rest of the repo is wrong."""
    from ..generate import State, generated
    from ..repo import load, worktree

    source = worktree(here())
    try:
        return [file.path for file in generated(load(source), source) if file.state is State.STALE]
    except RepoInvalid:
        return []


def _shown(made: Draft) -> Iterator[str]:
    for path, text in {**made.files, **made.edits}.items():
        yield f"{path}{' (changed)' if path in made.edits else ''}"
        yield from (f"  {line}".rstrip() for line in text.splitlines())
        yield ""
    yield "nothing was written; the same without --dry-run does it"


def _told(made: Draft, behind: list[str]) -> Iterator[str]:
    order = made.order
    yield from (f"made {path}" for path in made.files)
    yield from (f"changed {path}" for path in made.edits)
    moved = [(inside, port) for inside, port in zip(order.about.ports, made.ports, strict=True) if inside != port]
    yield from (f"its port {inside} is port {port} of {order.host}" for inside, port in moved)
    title = "next  "
    for line in _next(made, behind):
        yield f"{title}{line}"
        title = "      "


def _next(made: Draft, behind: list[str]) -> Iterator[str]:
    order = made.order
    yield from made.by_hand
    yield f"look through {order.folder}/compose.yml"
    if made.of_app:
        yield f"say in {made.of_app} what {order.instance} is for"
    paths = [order.folder, *filter(None, [made.of_app]), *(["nixos"] if made.numbers.group else [])]
    if behind:
        yield "inv generate"
        paths += [file for file in behind if not any(file.startswith(f"{path}/") for path in paths)]
    yield f"git add {shlex.join(paths)} && git commit --message {shlex.quote(f'Add {order.name}')}"
    if order.about.variables:  # what is not committed has no place on a host yet
        yield f"inv env.init --names {order.name} --generate && inv env.push {order.name}"
    yield f"inv deploy {order.name}"
