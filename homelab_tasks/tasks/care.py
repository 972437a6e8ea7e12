"""Looking after images and disks."""

from __future__ import annotations

import sys
from functools import partial
from typing import TYPE_CHECKING

from invoke.context import Context

from .door import here, homelab_task
from .flags import Flags, Waiting, flag

if TYPE_CHECKING:
    from ..model import Host, Repo


class Pulling(Flags):
    """What pull-images understands."""

    names: str | None = flag(None, "only these services: names with commas, globs; all without it")
    host: str | None = flag(None, "only these hosts: names with commas")
    dry_run: bool = flag(False, "name the images and fetch none", again=False)


@homelab_task(Pulling, name="pull-images")
def pull_images(_: Context, pulling: Pulling) -> None:
    """Fetch the newest images; the next deploy takes them up."""
    from .. import pipeline
    from ..care.pull import pull, would_pull
    from .console import chosen, host_names, passing

    repo = pipeline.load(here())
    services = chosen(repo, pulling.names)
    with passing() as stage:
        work = would_pull if pulling.dry_run else pull
        answers = work(repo, services, host_names(repo, pulling.host), stage)
    _answer(answers)


class Cleaning(Flags):
    """What cleanup understands."""

    volumes: bool = flag(False, "unnamed volumes that no container uses too: their data is lost")
    host: str | None = flag(None, "only these hosts: names with commas")
    dry_run: bool = flag(False, "show what would go and remove nothing", again=False)
    yes: bool = flag(False, "do not ask")


@homelab_task(Cleaning, Waiting)
def cleanup(_: Context, cleaning: Cleaning, waiting: Waiting) -> None:
    """Remove what no service needs from the disks; asks first.

    Dangling images, build cache, and stopped containers that belong to
    no compose project.
    """
    from .. import pipeline
    from ..care.clean import clean
    from ..waiting import patiently
    from .console import agree, host_names, passing, patience

    repo = pipeline.load(here())
    only = host_names(repo, cleaning.host)
    hosts = [h for h in repo.hosts.values() if not only or h.name in only]
    if cleaning.dry_run:
        _foretell(repo, hosts, volumes=cleaning.volumes)
        return
    what = "dangling images, build cache, stopped containers of no service"
    what += " and unnamed volumes" if cleaning.volumes else ""
    if not agree(f"remove {what} on {', '.join(h.name for h in hosts)}?", yes=cleaning.yes):
        print("nothing was changed")
        return
    with passing() as stage:
        sweep = partial(clean, repo, hosts, stage, volumes=cleaning.volumes)
        answers = patiently(sweep, patience(waiting.waits))
    _answer(answers)


def _foretell(repo: Repo, hosts: list[Host], *, volumes: bool) -> None:
    """Print what would go; exit status 1 if a host did not tell."""
    from ..care.clean import would_clean
    from ..report.care import waste_text
    from ..report.terminal import style
    from .console import passing

    with passing() as stage:
        found = would_clean(repo, hosts, stage, volumes=volumes)
    if shown := waste_text(found, style=style(sys.stdout)):
        print(shown)
    _answer([(False, one.why) for one in found if one.why])


def _answer(answers: list[tuple[bool, str]]) -> None:
    """Print what each host said; exit status 1 if one of them failed."""
    for ok, sentence in answers:
        print(sentence if ok else f"error: {sentence}", file=sys.stdout if ok else sys.stderr)
    if not all(ok for ok, _ in answers):
        sys.exit(1)
