"""Looking after images and disks."""

from __future__ import annotations

import sys
from functools import partial

from invoke.context import Context

from .door import here, homelab_task
from .flags import Flags, Waiting, flag


class Pulling(Flags):
    """What pull-images understands."""

    names: str | None = flag(None, "only these services: names with commas, globs; all without it")
    host: str | None = flag(None, "only these hosts: names with commas")


@homelab_task(Pulling, name="pull-images")
def pull_images(_: Context, pulling: Pulling) -> None:
    """Fetch the newest images; the next deploy takes them up."""
    from .. import care, pipeline
    from .console import chosen, host_names, passing

    repo = pipeline.load(here())
    services = chosen(repo, pulling.names)
    with passing() as stage:
        answers = care.pull(repo, services, host_names(repo, pulling.host), stage)
    _answer(answers)


class Cleaning(Flags):
    """What cleanup understands."""

    volumes: bool = flag(False, "unnamed volumes that no container uses too: their data is lost")
    host: str | None = flag(None, "only these hosts: names with commas")
    yes: bool = flag(False, "do not ask")


@homelab_task(Cleaning, Waiting)
def cleanup(_: Context, cleaning: Cleaning, waiting: Waiting) -> None:
    """Remove what no service needs from the disks; asks first.

    Dangling images, build cache, and stopped containers that belong to
    no compose project.
    """
    from .. import care, pipeline
    from ..waiting import patiently
    from .console import agree, host_names, passing, patience

    repo = pipeline.load(here())
    only = host_names(repo, cleaning.host)
    hosts = [h for h in repo.hosts.values() if not only or h.name in only]
    what = "dangling images, build cache, stopped containers of no service"
    what += " and unnamed volumes" if cleaning.volumes else ""
    if not agree(f"remove {what} on {', '.join(h.name for h in hosts)}?", yes=cleaning.yes):
        print("nothing was changed")
        return
    with passing() as stage:
        sweep = partial(care.clean, repo, hosts, stage, volumes=cleaning.volumes)
        answers = patiently(sweep, patience(waiting.waits))
    _answer(answers)


def _answer(answers: list[tuple[bool, str]]) -> None:
    """Print what each host said; exit status 1 if one of them failed."""
    for ok, sentence in answers:
        print(sentence if ok else f"error: {sentence}", file=sys.stdout if ok else sys.stderr)
    if not all(ok for ok, _ in answers):
        sys.exit(1)
