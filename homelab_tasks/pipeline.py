"""One run from the words of the user to the report: load, observe, plan, and what `work` makes of the plan."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from . import repo as repos
from .background import in_background
from .fleet import Fleet, in_place
from .model import Host, Repo, Source

# What comes after the first connections is imported while those are made, and what works in earnest where that
# begins: a run with nothing to do is over 100 ms sooner.
if TYPE_CHECKING:
    from .execute import Report
    from .plan import Plan
    from .plan.survey import Survey
    from .request import Request
    from .work import Audience


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is done, whatever it does."""

    dry_run: bool = False
    allow_dirty: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: the plan, and the report unless nothing was to be done (or wanted)."""

    repo: Repo
    plan: Plan
    report: Report | None = None
    declined: bool = False


def load(start: Path, *, pull: bool = False) -> Repo:
    """The homelab around `start` at HEAD; with `pull` a checkout that is itself the host's is fast-forwarded first."""
    loaded = repos.at_commit(start)
    origins = [host for host in loaded.hosts.values() if pull and host.source is Source.ORIGIN]
    if any(in_place(loaded, host) for host in origins):
        repos.pull(Path(loaded.root))
        loaded = repos.at_commit(start)
    return loaded


def deploy(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Bring the services of `request` to what `repo` says."""
    with Fleet(repo) as fleet:
        fleet.begin(_hosts(repo, request))
        from . import guards
        from .plan.survey import survey

        dirty = guards.uncommitted(repo, request, allow=options.allow_dirty, dry_run=options.dry_run)
        _look(fleet, request, audience)
        found = survey(repo, request, fleet.seen, fleet.unfit)
        if not found.moved:
            guards.refuse_elsewhere(repo, request)
        if not found.findings and not found.moved and not (found.gone and request.prune):
            return Run(repo, replace(found.nothing_to_do(repo.commit), notices=dirty))
        return _deploy(fleet, found, options, audience, dirty)


def _deploy(fleet: Fleet, found: Survey, options: Options, audience: Audience, notices: tuple[str, ...]) -> Run:
    from . import guards
    from .plan.survey import survey
    from .prepare import resolve

    repo, request = fleet.repo, found.request
    if any(f.drift.new and not f.blocked for f in found.findings):
        fleet.look_at(repo.hosts.values())  # only a service that is new somewhere can have come from elsewhere
    guards.refuse_undoing(fleet, found)
    ahead = in_background(_import_ahead)
    resolved = resolve(fleet, survey(repo, request, fleet.seen, fleet.unfit))
    ahead.result()
    from .plan.deploy import plan_deploy
    from .plan.facts import Facts

    def make() -> Plan:
        guards.refuse_undoing(fleet, survey(repo, request, fleet.seen, fleet.unfit))  # also what is seen under the lock
        plan = plan_deploy(survey(repo, request, fleet.seen, fleet.unfit), Facts(repo, fleet.seen, resolved))
        return replace(plan, notices=(*notices, *plan.notices))

    return _carry_out(fleet, make, options, audience)


def _import_ahead() -> None:
    """What plans and works: 150 ms, most of which pass while Compose resolves."""
    from . import work  # noqa: F401
    from .plan import deploy  # noqa: F401

    in_background(_import_docker)


def _import_docker() -> None:
    """Needed when the first container is up, so nobody waits for it before."""
    from .runner import docker_api  # noqa: F401


def ensure(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Start what should run and does not; no commit moves."""
    from .plan.deploy import plan_deploy
    from .plan.facts import Facts
    from .plan.survey import survey

    with Fleet(repo) as fleet:
        _look(fleet, request, audience)

        def make() -> Plan:
            found = survey(repo, request, fleet.seen, fleet.unfit)
            return plan_deploy(found, Facts(repo, fleet.seen, {}))

        return _carry_out(fleet, make, options, audience)


def stop(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Stop services on purpose: they stay stopped until somebody starts or deploys them by name."""
    from .execute import now
    from .plan.operate import plan_stop
    from .record import Held
    from .work import who

    held = Held(by=who(), at=now())
    with Fleet(repo) as fleet:
        _look(fleet, request, audience)
        return _carry_out(fleet, lambda: plan_stop(repo, request, fleet.seen, fleet.unfit, held), options, audience)


def restart(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Restart services, and what lives in their network namespaces."""
    from .plan.operate import plan_restart

    with Fleet(repo) as fleet:
        _look(fleet, request, audience)
        return _carry_out(fleet, lambda: plan_restart(repo, request, fleet.seen, fleet.unfit), options, audience)


def destroy(repo: Repo, request: Request, options: Options, audience: Audience, *, volumes: bool) -> Run:
    """Remove the containers and networks of services, and their named volumes with `volumes`."""
    from .plan.operate import plan_destroy

    with Fleet(repo) as fleet:
        _look(fleet, request, audience)

        def make() -> Plan:
            return plan_destroy(repo, request, fleet.seen, fleet.unfit, volumes=volumes)

        return _carry_out(fleet, make, options, audience)


def _look(fleet: Fleet, request: Request, audience: Audience) -> None:
    if not request.files:  # a deploy may find what has moved away from a host
        from .guards import refuse_elsewhere

        refuse_elsewhere(fleet.repo, request)
    hosts = _hosts(fleet.repo, request)
    audience.stage(f"looking at {', '.join(host.name for host in hosts)}")
    fleet.look_at(hosts)


def _hosts(repo: Repo, request: Request) -> list[Host]:
    """The hosts of the services that are meant; all where the whole repo is, to find what is left there."""
    if request.everything and not request.hosts:
        return list(repo.hosts.values())
    from .plan.survey import units

    meant = {host.name for _, host, _ in units(repo, request)}
    return [host for host in repo.hosts.values() if host.name in meant or host.name in request.hosts]


def _carry_out(fleet: Fleet, make: Callable[[], Plan], options: Options, audience: Audience) -> Run:
    plan = make()
    if options.dry_run or plan.faults or not plan.steps:
        return Run(fleet.repo, plan)
    from .work import carry_out

    report = carry_out(fleet, plan, make, audience)
    return Run(fleet.repo, report.plan if report else plan, report, declined=report is None)
