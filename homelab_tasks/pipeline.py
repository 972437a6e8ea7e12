"""One run from the words of the user to the report: load, observe, plan, and what `work` makes of the plan."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING

from msgspec import Struct
from msgspec.structs import replace

from . import repo as repos
from .background import in_background
from .fleet import Fleet, in_place
from .model import Host, Repo, Source
from .stage import Stage

# What comes after the first connections is imported while those are made, and what works in earnest where that
# begins: a run with nothing to do is over 100 ms sooner.
if TYPE_CHECKING:
    from .commands.resolve import Resolution
    from .ledger import Ledger
    from .outcome import Report
    from .plan import Delivery, Plan
    from .plan.past import Past
    from .plan.survey import Survey
    from .request import Request
    from .work import Audience


class Options(Struct, frozen=True):
    """How a run is done, whatever it does."""

    dry_run: bool = False
    allow_dirty: bool = False
    allow_removals: bool = False


class Run(Struct, frozen=True):
    """What came of it: the plan, and the report unless nothing was to be done (or wanted)."""

    repo: Repo
    plan: Plan
    report: Report | None = None
    declined: bool = False


def load(start: Path, *, pull: bool = False, dry_run: bool = False) -> Repo:
    """The homelab around `start` at HEAD; with `pull` a checkout that is itself the host's is fast-forwarded first, or
    in a dry run read as it would be then.
    """
    loaded = repos.at_commit(start)
    origins = [host for host in loaded.hosts.values() if pull and host.source is Source.ORIGIN]
    if any(in_place(loaded, host) for host in origins):
        if dry_run:
            return repos.at_commit(start, repos.incoming(Path(loaded.root)))
        repos.pull(Path(loaded.root))
        loaded = repos.at_commit(start)
    return loaded


def deploy(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Bring the services of `request`, and the systems of its hosts, to what `repo` says."""
    with Fleet(repo, docker=bool(request.names) or request.everything) as fleet:
        fleet.begin(_hosts(repo, request))
        from . import guards
        from .plan.pinned import told
        from .plan.survey import survey

        dirty = guards.uncommitted(repo, request, allow=options.allow_dirty, dry_run=options.dry_run)
        _look(fleet, request, audience)
        repo = _with_pins(fleet, request)
        found = survey(repo, request, fleet.seen, fleet.unfit)
        if not found.moved:
            guards.refuse_elsewhere(repo, request)
        dirty = (*dirty, *told(repo, request))
        if not (found.systems or found.findings or found.moved or (found.gone and request.prune)):
            return Run(repo, replace(found.nothing_to_do(repo.base), notices=dirty))
        return change(fleet, found, options, audience, notices=dirty)


def _with_pins(fleet: Fleet, request: Request) -> Repo:
    """The fleet's repo from now on: services that were rolled back alone stay as they are, unless they are freed."""
    from .plan.pinned import refuse_half, staying

    refuse_half(fleet.repo, request, fleet.seen)
    pins = staying(fleet.repo, request, fleet.seen)
    if pins:
        fleet.repo = repos.at_pinned(Path(fleet.repo.root), fleet.repo.commit, pins)
    return fleet.repo


def _same(plan: Plan) -> Plan:
    return plan


def change(
    fleet: Fleet,
    found: Survey,
    options: Options,
    audience: Audience,
    *,
    notices: tuple[str, ...] = (),
    past: Mapping[str, Past] = MappingProxyType({}),
    finish: Callable[[Plan], Plan] = _same,
) -> Run:
    """Bring about what was found, by the fleet's repo, as things were in the `past`; `finish` completes the plan."""
    from . import guards
    from .plan.survey import survey
    from .prepare import files_here, locking, resolve, undeliverable

    repo, request = fleet.repo, found.request
    if found.moved or any(f.drift.new and not f.blocked for f in found.findings):
        fleet.look_at(repo.hosts.values())  # where it came from, or went; and two names of one machine show
    guards.refuse_undoing(fleet, found)
    found = survey(repo, request, fleet.seen, fleet.unfit, past)
    answers, here = resolve(fleet, found), files_here(repo, found.findings)

    def make(resolved: Mapping[str, Resolution]) -> Plan:
        from .plan.deploy import plan_deploy
        from .plan.facts import Facts
        from .plan.room import with_room

        guards.refuse_undoing(fleet, survey(repo, request, fleet.seen, fleet.unfit, past))  # what the lock shows too
        found, facts = survey(repo, request, fleet.seen, fleet.unfit, past), Facts(repo, fleet.seen, resolved, here)
        plan = with_room(plan_deploy(found, facts), found, facts)
        plan = finish(replace(plan, notices=(*notices, *plan.notices), deliveries=_elsewhere(repo, plan)))
        plan = replace(plan, faults=(*plan.faults, *undeliverable(repo, plan.deliveries)))
        return guards.guarded(fleet, plan, request, allow_removals=options.allow_removals)

    if options.dry_run:
        return Run(repo, make(answers()))
    ahead = in_background(_import_ahead)
    with locking(fleet, _hosts_of(fleet, found), request.title) as locked:
        audience.stage("locking")
        resolved = answers()
        audience.at(Stage.RESOLVED)
        ledgers = locked()
        audience.at(Stage.LOCKED)
        guards.refuse_unexpected(found, survey(repo, request, fleet.seen, fleet.unfit, past))
        ahead.result()
        return _finish(fleet, partial(make, resolved), ledgers, audience)


def _elsewhere(repo: Repo, plan: Plan) -> tuple[Delivery, ...]:
    """A checkout that somebody works in is never put to a commit that no person made; it has nothing that is pinned."""
    return tuple(d for d in plan.deliveries if not (repo.made_of and in_place(repo, d.host)))


def _hosts_of(fleet: Fleet, found: Survey) -> list[Host]:
    """Where something is to be done."""
    units = (*found.moved, *(found.gone if found.request.prune else ()))
    names = {unit.host.name for unit in units}
    names |= {finding.host.name for finding in found.findings if not finding.blocked}
    names |= {finding.host.name for finding in found.systems if not finding.blocked}
    return [fleet.repo.hosts[name] for name in fleet.seen if name in names]


def _import_ahead() -> None:
    """What plans and works: 100 ms, most of which pass while Compose resolves."""
    import http.client  # noqa: F401 - which reads the Engine's answers

    from . import work  # noqa: F401
    from .plan import deploy  # noqa: F401


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
    from .author import now, who
    from .plan.operate import plan_stop
    from .record import Held

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
    from . import guards
    from .plan.operate import plan_destroy

    with Fleet(repo) as fleet:
        _look(fleet, request, audience)

        def make() -> Plan:
            plan = plan_destroy(repo, request, fleet.seen, fleet.unfit, volumes=volumes)
            return guards.guarded(fleet, plan, request, allow_removals=options.allow_removals)

        return _carry_out(fleet, make, options, audience)


def _look(fleet: Fleet, request: Request, audience: Audience) -> None:
    if not request.files:  # a deploy may find what has moved away from a host
        from .guards import refuse_elsewhere

        refuse_elsewhere(fleet.repo, request)
    hosts = _hosts(fleet.repo, request)
    fleet.look_at(hosts, audience.stage)
    audience.at(Stage.CONNECTED)


def _hosts(repo: Repo, request: Request) -> list[Host]:
    """The hosts of the services that are meant; all where the whole repo is, to find what is left there."""
    if request.everything and not request.hosts:
        return list(repo.hosts.values())
    from .plan.survey import system_hosts, units

    meant = {host.name for _, host, _ in units(repo, request)} | {host.name for host in system_hosts(repo, request)}
    return [host for host in repo.hosts.values() if host.name in meant or host.name in request.hosts]


def _carry_out(fleet: Fleet, make: Callable[[], Plan], options: Options, audience: Audience) -> Run:
    plan = make()
    if options.dry_run or plan.faults or not plan.steps:
        return Run(fleet.repo, plan)
    from .guards import refuse_new_steps
    from .prepare import locking

    names = {step.host.name for step in plan.steps if not step.blocked}
    with locking(fleet, [host for host in fleet.repo.hosts.values() if host.name in names], plan.title) as locked:
        audience.stage("locking")
        ledgers = locked()
        audience.at(Stage.LOCKED)
        refuse_new_steps(plan, make())
        return _finish(fleet, make, ledgers, audience)


def _finish(fleet: Fleet, make: Callable[[], Plan], ledgers: Mapping[str, Ledger], audience: Audience) -> Run:
    plan = make()
    if plan.faults or not plan.steps:
        return Run(fleet.repo, plan)
    from .work import work

    report = work(fleet, plan, ledgers, audience, again=make)
    return Run(fleet.repo, report.plan if report else plan, report, declined=report is None)
