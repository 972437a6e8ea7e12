"""Deploys: bring hosts to what the repo says."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused
from .door import here, homelab_task
from .flags import Changing, Deploying, Output, Systems, Updating, typed

if TYPE_CHECKING:
    from ..model import Repo, Service
    from ..request import Request

NAMES = {"names": "services: names with commas, globs, an app's name for all its instances"}


@homelab_task(Systems, Deploying, Changing, Output, texts=NAMES)
def deploy(_: Context, names: str, systems: Systems, deploying: Deploying, changing: Changing, output: Output) -> None:
    """Deploy services and what they need; only what changed.

    Each starts when what it needs is healthy. What is as the repo
    says is not touched. Only commits are deployed.
    """
    title = typed("deploy", names, flags=(systems, deploying, changing))
    _deploy(title, deploying, changing, output, names=names, systems=systems)


@homelab_task(Systems, Deploying, Changing, Output, name="deploy-group", texts={"groups": "groups: names with commas"})
def deploy_group(
    _: Context, groups: str, systems: Systems, deploying: Deploying, changing: Changing, output: Output
) -> None:
    """Deploy the services of groups and what they need."""
    title = typed("deploy-group", groups, flags=(systems, deploying, changing))
    _deploy(title, deploying, changing, output, groups=groups, systems=systems)


@homelab_task(Systems, Deploying, Changing, Output, name="deploy-all")
def deploy_all(_: Context, systems: Systems, deploying: Deploying, changing: Changing, output: Output) -> None:
    """Deploy every service; names what is left over on hosts.

    What was stopped on purpose stays stopped. What is on a host
    and no longer in the repo is removed with --prune only.
    """
    _deploy(typed("deploy-all", flags=(systems, deploying, changing)), deploying, changing, output, systems=systems)


@homelab_task(Deploying, Changing, Output, name="update-services")
def update_services(_: Context, deploying: Deploying, changing: Changing, output: Output) -> None:
    """Deploy every service, never the hosts' system.

    Takes up new commits, and images that pull-images fetched.
    """
    _deploy(typed("update-services", flags=(deploying, changing)), deploying, changing, output)


@homelab_task(Changing, Output, texts=NAMES)
def ensure(_: Context, names: str, changing: Changing, output: Output) -> None:
    """Start what does not run, and what it needs.

    No commit moves, no file changes.
    """
    from .. import pipeline
    from .console import carry_out, chosen, options

    repo = pipeline.load(here())
    title = typed("ensure", names, flags=[changing])
    request = _request(title, repo, chosen(repo, names), changing, by_name=True, files=False)
    carry_out(lambda audience: pipeline.ensure(repo, request, options(changing), audience), changing, output)


@homelab_task(Updating, Changing, Output, name="update-system")
def update_system(_: Context, updating: Updating, changing: Changing, output: Output) -> None:
    """Activate NixOS where it changed; goes back by itself.

    Built first. A system stays only if a new connection confirms
    it in time, and only then the next boot starts it.
    """
    from msgspec.structs import replace

    from .. import pipeline
    from ..plan.survey import system_hosts
    from .console import carry_out, options

    repo = pipeline.load(here(), pull=True, dry_run=changing.dry_run)
    asked = _request(typed("update-system", flags=(updating, changing)), repo, (), changing, by_name=False)
    request = replace(asked, system=True, reboot=updating.reboot, force=updating.force, on_failure=updating.on_failure)
    if not system_hosts(repo, request):
        raise Refused("none of the hosts has system: nixos", move="say so in hosts.yaml where it is NixOS")
    how = replace(options(changing), allow_dirty=updating.allow_dirty)
    carry_out(lambda audience: pipeline.deploy(repo, request, how, audience), changing, output)


def _deploy(
    title: str,
    deploying: Deploying,
    changing: Changing,
    output: Output,
    *,
    names: str | None = None,
    groups: str | None = None,
    systems: Systems | None = None,
) -> None:
    from msgspec.structs import replace

    from .. import pipeline
    from ..repo import select_groups
    from .console import carry_out, chosen, options

    repo = pipeline.load(here(), pull=True, dry_run=changing.dry_run)
    services = chosen(repo, names) if groups is None else select_groups(repo, groups)
    request = replace(
        _request(title, repo, services, changing, by_name=names is not None),
        dependencies=not deploying.no_deps,
        force=deploying.force,
        on_failure=deploying.on_failure,
        prune=deploying.prune,
        unpin=deploying.unpin,
        everything=names is None and groups is None,
        system=systems is not None and not deploying.no_deps,
        reboot=systems is not None and systems.reboot,
    )
    how = replace(options(changing), allow_dirty=deploying.allow_dirty, allow_removals=deploying.allow_removals)
    carry_out(lambda audience: pipeline.deploy(repo, request, how, audience), changing, output)


def _request(
    title: str, repo: Repo, services: Iterable[Service], changing: Changing, *, by_name: bool, files: bool = True
) -> Request:
    from ..request import Request
    from .console import host_names

    names = frozenset(service.name for service in services)
    return Request(
        title=title,
        names=names,
        named=names if by_name else frozenset(),
        hosts=host_names(repo, changing.host),
        files=files,
        timeout=changing.patience,
    )
