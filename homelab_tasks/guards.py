"""What is refused before anything is planned, because somebody's work would be passed over or undone."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from . import repo as repos
from .by_hand import edited
from .errors import Refused
from .fleet import Fleet, in_place
from .model import Environment, Host, Repo, Service
from .observe import Observation
from .plan import Plan, Step, Verb, key
from .plan.survey import Survey, system_hosts, units
from .plan.system_drift import folder
from .request import Request

SHOWN = 5  # paths in one sentence
FEW = 3  # running services of which more than half may restart unasked: the plan is short
_DISTURBING = (Verb.UPDATE, Verb.RESTART, Verb.RECREATE)


def uncommitted(repo: Repo, request: Request, *, allow: bool, dry_run: bool) -> tuple[str, ...]:
    """Notices that name what is not committed of the things that `request` means.

    Refused unless a dry run or `allow` makes notices of it. In place not even that: the checkout itself is what runs.
    """
    meant = list(units(repo, request))
    paths = repos.uncommitted(Path(repo.root))
    secret = [path for path in paths if any(_is_secret(path, service) for service, _, _ in meant)]
    flakes = {host: folder(host) for host in system_hosts(repo, request)}
    places = {"hosts.yaml", *flakes.values(), *(place for service, _, _ in meant for place in _places(service))}
    here = {place for service, host, _ in meant if in_place(repo, host) for place in _places(service)}
    here |= {place for host, place in flakes.items() if in_place(repo, host)}
    concerned = [path for path in paths if _lies_in(path, places) and path not in secret]
    running = [path for path in concerned if _lies_in(path, here)]
    told = [f"{path} is not ignored by Git; add {Path(path).name} to .gitignore" for path in secret]
    if (rebase := repos.rebasing(Path(repo.root))) and not (dry_run or allow):
        raise Refused(rebase, move="git rebase --continue, or --abort; or deploy HEAD as it is: --allow-dirty")
    told += [rebase] if rebase else []
    if not concerned:
        return tuple(told)
    if dry_run or (allow and not running):
        return (f"not committed, and so not part of this: {_few(concerned)}", *told)
    other = "undo it: this very checkout is what runs" if running else "deploy the last commit: --allow-dirty"
    raise Refused(f"not committed: {_few(concerned)}", move=f"commit it, or {other}")


def refuse_elsewhere(repo: Repo, request: Request) -> None:
    """Raises Refused where none of the services that are meant runs on the hosts that are."""
    alone = replace(request, dependencies=False)
    if request.everything or not request.names or any(units(repo, alone)):
        return
    hosts = sorted({host.name for name in request.names for host in repo.services[name].hosts})
    verb = "runs" if len(request.names) == 1 else "run"
    what = f"{_few(sorted(request.names))} {verb} on {', '.join(hosts)}, not on {', '.join(sorted(request.hosts))}"
    raise Refused(what, move="inv list shows what runs where")


def refuse_undoing(fleet: Fleet, found: Survey) -> None:
    """Hosts where a deploy would pass over somebody's work are left alone. To be asked again under the lock."""
    _refuse_edited(fleet, found)
    if not (found.request.force or found.request.back):
        _refuse_newer_commits(fleet, found)


def guarded(
    fleet: Fleet, plan: Plan, request: Request, *, allow_removals: bool, environ: Mapping[str, str] = os.environ
) -> Plan:
    """The plan with the faults and questions that stand before removing much, or disturbing most."""
    faults = () if allow_removals else (*_in_ci(plan, environ), *_in_production(fleet.repo, plan))
    asks = (*_disturbs_most(plan, fleet),) if request.everything else ()
    asks = asks if request.back or request.force else (*_passes_over(plan, fleet), *asks)
    return replace(plan, faults=(*plan.faults, *faults), asks=(*plan.asks, *asks))


def stateful(service: Service) -> str:
    """Where a service keeps data that no commit has; "" where it keeps none."""
    volumes = sorted({*service.stack.makes_volumes, *service.stack.needs_volumes})
    if volumes:
        return f"the volume {volumes[0]}"
    for container in service.stack.containers:
        inside = [path for path in container.mounts if not any(_lies_in(file, [path]) for file in service.files)]
        for path in (*container.data, *inside):
            return path
    return ""


def _going(plan: Plan) -> list[Step]:
    return [step for step in plan.steps if step.verb.removes and not step.moved and not step.blocked]


def _in_ci(plan: Plan, environ: Mapping[str, str]) -> Iterator[str]:
    names = dict.fromkeys(step.subject for step in _going(plan))
    if names and environ.get("CI", "").lower() in ("true", "1"):
        yield f"CI=true, and this would remove {_few(names)}; if that is meant: --allow-removals"


def _in_production(repo: Repo, plan: Plan) -> Iterator[str]:
    for step in _going(plan):
        service = repo.services.get(step.subject)
        if step.host.environment is not Environment.PRODUCTION or (service and service.protect):
            continue
        if service is None:
            what = (
                f"{step.subject}, which is no longer in the repo, may keep data on {step.host.name}, a production host"
            )
            yield f"{what}; look there, then: --allow-removals"
        elif kept := stateful(service):
            what = f"{step.subject} keeps data in {kept}, and {step.host.name} is production"
            yield f"{what}; protect: true in its service.yaml keeps it, --allow-removals lets it go"


def _disturbs_most(plan: Plan, fleet: Fleet) -> Iterator[str]:
    running = {key(name, fleet.repo.hosts[host]) for host, seen in fleet.seen.items() for name in _running(seen)}
    hit = {step.key for step in plan.steps if step.verb in _DISTURBING and not step.blocked} & running
    if len(running) >= FEW and 2 * len(hit) > len(running):
        yield f"restart {len(hit)} of {len(running)} running services?"


def _passes_over(plan: Plan, fleet: Fleet) -> Iterator[str]:
    """Commits that somebody else deployed and that this branch lacks, though this machine has heard of them. What was
    checked out here once is this person's own: amended since, or left behind by a rebase.
    """
    root, ours = Path(fleet.repo.root), fleet.repo.base
    for delivery in plan.deliveries:
        there = fleet.seen[delivery.host.name].base
        apart = repos.distance(root, ours, there) if there not in ("", ours) else None
        if apart and apart.ahead and apart.behind and not repos.was_checked_out(root, there):
            one = apart.behind == 1
            what = f"{apart.behind} commit{'' if one else 's'} that this branch lacks"
            yield f"{delivery.host} is at {there[:7]}, with {what}: undo {'it' if one else 'them'} there?"


def _running(seen: Observation) -> Iterator[str]:
    for name, record in seen.records.items():
        if any(container.state == "running" for container in seen.of_project(record.project)):
            yield name


def refuse_new_steps(before: Plan, after: Plan) -> None:
    """Raises Refused where more is to do once the hosts are locked than there was before."""
    if {step.key for step in after.steps} - {step.key for step in before.steps}:
        raise _changed()


def refuse_unexpected(before: Survey, after: Survey) -> None:
    """Raises Refused where services changed of which Compose was not asked."""
    if _found(after) - _found(before):
        raise _changed()


def _found(survey: Survey) -> frozenset[tuple[str, str]]:
    found = (finding for finding in survey.findings if not finding.blocked)  # a host that is lost is no news of others
    return frozenset((finding.service.name, finding.host.name) for finding in found)


def _changed() -> Refused:
    return Refused("the hosts changed while the plan was made", move="nothing was changed; run the same again")


def _refuse_edited(fleet: Fleet, found: Survey) -> None:
    """A file that was edited on a host is never overwritten. In place nothing is: there `uncommitted` has looked."""
    for host in _hosts(fleet, found):
        files = () if in_place(fleet.repo, host) else edited(fleet.seen[host.name], fleet.repo)
        if files:
            what = f"files were edited in {host.path} on {host.name}: {_few(files)}"
            fleet.lose(host.name, f"{what}; commit or undo that, after a look there: cd {host.path} && git diff")


def _refuse_newer_commits(fleet: Fleet, found: Survey) -> None:
    """A commit that is newer than ours, or that this machine never saw, was deployed by somebody else."""
    root, ours = Path(fleet.repo.root), fleet.repo.base
    for host in _hosts(fleet, found):
        there = fleet.seen[host.name].base
        newer = _newer(repos.distance(root, ours, there)) if there not in ("", ours) else None
        if newer:
            what, move = newer
            fleet.lose(host.name, f"{host.name} is at {there[:7]}, {what}; git pull first, or {move} with --force")


def _newer(distance: repos.Distance | None) -> tuple[str, str] | None:
    if distance is None:
        return "which this checkout does not know", "deploy over it"
    if distance.ahead or not distance.behind:
        return None
    one = distance.behind == 1
    return "1 commit ahead of this checkout" if one else f"{distance.behind} commits ahead of this checkout", "go back"


def _hosts(fleet: Fleet, found: Survey) -> list[Host]:
    systems = [f.host.name for f in found.systems if not f.blocked]
    services = [f.host.name for f in found.findings if not f.blocked]
    names = [name for name in dict.fromkeys([*systems, *services]) if name in fleet.seen]
    return [fleet.repo.hosts[name] for name in names]


def _places(service: Service) -> set[str]:
    """Where the files lie that a service is made of."""
    return {service.directory, *service.stack.reads}


def _is_secret(path: str, service: Service) -> bool:
    """An env file that is not in the commit, and is not to be."""
    return path in service.stack.env_files and path not in service.files


def _lies_in(path: str, places: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place.rstrip('/')}/") for place in places)


def _few(paths: Iterable[str]) -> str:
    names = list(paths)
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return ", ".join(names[:SHOWN]) + more
