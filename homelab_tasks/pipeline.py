"""One run from the words of the user to the report: load, observe, plan, confirm, lock, prepare, execute."""

from __future__ import annotations

import getpass
import os
import platform
import time
from collections.abc import Callable, Iterable, Mapping
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

from . import prepare
from . import repo as repos
from .errors import Refused
from .execute import Crew, Report, Tell, execute, now
from .fleet import Fleet, edited
from .model import Host, Repo, Source, Transport
from .observe import Observation
from .plan import Plan, Request
from .plan.deploy import Facts, plan_deploy
from .plan.operate import plan_destroy, plan_restart, plan_stop
from .plan.survey import Survey, survey, units
from .record import Held as Hold



class Audience(Protocol):
    """Whoever watches a run and answers its questions."""

    def stage(self, text: str) -> None:
        """What is being done right now, in a few words."""

    def approve(self, plan: Plan) -> bool:
        """Show the plan; False if a person says no."""

    def tell(self, plan: Plan) -> Tell:
        """Somebody to tell the progress of `plan` to."""


@dataclass(frozen=True, slots=True)
class Options:
    """How a run is done, whatever it does."""

    dry_run: bool = False
    allow_dirty: bool = False
    force: bool = False


@dataclass(frozen=True, slots=True)
class Run:
    """What came of it: the plan, and the report unless nothing was to be done (or wanted)."""

    repo: Repo
    plan: Plan
    report: Report | None = None
    declined: bool = False


def load(start: Path, *, pull: bool = False) -> Repo:
    """The homelab around `start` at HEAD; with `pull` a checkout that is itself the host's is fast-forwarded first."""
    loaded = repos.load(repos.commit(start))
    if pull and any(_in_place(loaded, host) and host.source is Source.ORIGIN for host in loaded.hosts.values()):
        repos.pull(Path(loaded.root))
        loaded = repos.load(repos.commit(start))
    return loaded


def deploy(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Bring the services of `request` to what `repo` says."""
    dirty = _uncommitted(repo, request, options) if request.files else ()
    with Fleet(repo) as fleet:
        _look(fleet, request, audience)
        found = survey(repo, request, fleet.seen, fleet.unfit)
        if request.files and _may_have_moved(found, fleet.seen):
            fleet.look_at(repo.hosts.values())
        _refuse_edited(fleet, found)
        _refuse_strangers(fleet, found, options)
        found = survey(repo, request, fleet.seen, fleet.unfit)
        resolved = prepare.resolve(fleet, found) if request.files else {}
        found = survey(repo, request, fleet.seen, fleet.unfit)

        def make() -> Plan:
            plan = plan_deploy(survey(repo, request, fleet.seen, fleet.unfit), Facts(repo, fleet.seen, resolved))
            return replace(plan, notices=(*plan.notices, *dirty))

        return _carry_out(fleet, make, options, audience)


def ensure(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Start what should run and does not; no commit moves."""
    with Fleet(repo) as fleet:
        _look(fleet, request, audience)

        def make() -> Plan:
            found = survey(repo, request, fleet.seen, fleet.unfit)
            plan = plan_deploy(found, Facts(repo, fleet.seen, {}))
            never = [f"{f.service.name} was never deployed on {f.host.name}; inv deploy {f.service.name}" for f in found.findings if f.drift.new]
            return replace(plan, commit="", faults=(*plan.faults, *never))

        return _carry_out(fleet, make, options, audience)


def stop(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Stop services on purpose: they stay stopped until somebody starts or deploys them by name."""
    with Fleet(repo) as fleet:
        _look(fleet, request, audience)
        held = Hold(by=who(), at=now())
        return _carry_out(fleet, lambda: plan_stop(repo, request, fleet.seen, fleet.unfit, held), options, audience)


def restart(repo: Repo, request: Request, options: Options, audience: Audience) -> Run:
    """Restart services, and what lives in their network namespaces."""
    with Fleet(repo) as fleet:
        _look(fleet, request, audience)
        return _carry_out(fleet, lambda: plan_restart(repo, request, fleet.seen, fleet.unfit), options, audience)


def destroy(repo: Repo, request: Request, options: Options, audience: Audience, *, volumes: bool) -> Run:
    """Remove the containers and networks of services, and their named volumes with `volumes`."""
    with Fleet(repo) as fleet:
        _look(fleet, request, audience)

        def make() -> Plan:
            return plan_destroy(repo, request, fleet.seen, fleet.unfit, volumes=volumes)

        return _carry_out(fleet, make, options, audience)


def who() -> str:
    """`user@machine`, as records and locks name a run."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no entry in passwd, as in some CI containers
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def _look(fleet: Fleet, request: Request, audience: Audience) -> None:
    repo = fleet.repo
    meant = dict.fromkeys(host for _, host, _ in units(repo, request))
    hosts = [h for h in repo.hosts.values() if h in meant or (request.everything and _selected(request, h))]
    audience.stage(f"looking at {', '.join(h.name for h in hosts)}")
    fleet.look_at(hosts)


def _selected(request: Request, host: Host) -> bool:
    return not request.hosts or host.name in request.hosts


def _may_have_moved(found: Survey, seen: Mapping[str, Observation]) -> bool:
    """A service can only have come from elsewhere where it is new."""
    return any(f.drift.new and f.host.name in seen for f in found.findings)


def _carry_out(fleet: Fleet, make: Callable[[], Plan], options: Options, audience: Audience) -> Run:
    plan = make()
    if options.dry_run or plan.faults or not plan.steps:
        return Run(fleet.repo, plan)
    if all(step.blocked for step in plan.steps):
        return Run(fleet.repo, plan, _blocked_report(plan, audience))
    if not audience.approve(plan):
        return Run(fleet.repo, plan, declined=True)
    audience.stage("locking")
    with ExitStack() as stack:
        held = prepare.lock(fleet, plan, f"{who()}, pid {os.getpid()}, since {_clock()}: {plan.title}")
        for answer in held.values():
            stack.callback(answer.ledger.close)
        fleet.seen.update({name: answer.seen for name, answer in held.items()})
        again = make()
        if _signature(again) != _signature(plan):
            raise Refused("the hosts changed while the plan was made", move="nothing was changed; run the same again")
        return Run(fleet.repo, again, _work(fleet, again, prepare.crews(fleet, held, who()), audience))


def _work(fleet: Fleet, plan: Plan, crews: dict[str, Crew], audience: Audience) -> Report:
    started = time.monotonic()
    audience.stage("pulling images" if any(step.pulls for step in plan.steps) else "preparing")
    trouble = prepare.pull(fleet, plan)
    if not trouble:
        audience.stage("delivering")
        trouble = prepare.deliver(fleet, plan.deliveries)
    if trouble:
        return Report(plan, seconds=time.monotonic() - started, trouble=trouble)
    for crew in crews.values():
        crew.ledger.journal(_event("begin", fleet, plan, crew))
    report = execute(plan, crews, audience.tell(plan))
    _write_up(fleet, report, crews)
    return replace(report, seconds=time.monotonic() - started)


def _blocked_report(plan: Plan, audience: Audience) -> Report:
    return execute(plan, {}, audience.tell(plan))


def _write_up(fleet: Fleet, report: Report, crews: Mapping[str, Crew]) -> None:
    for name, crew in crews.items():
        outcomes = [o for o in report.outcomes if o.step.host.name == name]
        steps = [{"step": o.step.key, "verb": o.step.verb.value, "status": o.status.value, "why": o.why} for o in outcomes]
        result = {"ok": report.ok, "seconds": round(report.seconds, 2), "interrupted": report.interrupted, "steps": steps}
        crew.ledger.journal(_event("end", fleet, report.plan, crew) | result)
        crew.ledger.remember_env(fleet.seen[name].env.values())
        if fleet.seen[name].record_lines + len(steps) > 50 + 3 * len(crew.records):
            crew.ledger.compact(crew.records.values())


def _event(kind: str, fleet: Fleet, plan: Plan, crew: Crew) -> dict[str, Any]:
    before = fleet.seen[crew.runner.host.name].commit
    return {"event": kind, "at": now(), "by": crew.who, "title": plan.title, "from": before, "to": plan.commit or before}


def _signature(plan: Plan) -> frozenset[tuple[str, str, str]]:
    return frozenset((step.key, step.verb.value, step.blocked) for step in plan.steps)


def _clock() -> str:
    return time.strftime("%H:%M:%S")


def _in_place(repo: Repo, host: Host) -> bool:
    """The host's checkout is the one that we read."""
    if host.transport is not Transport.LOCAL:
        return False
    top = Path(repo.root).resolve()
    return Path(host.path, repo.prefix).resolve() == top


def _uncommitted(repo: Repo, request: Request, options: Options) -> tuple[str, ...]:
    """Name what is not committed of the things that are deployed; refuse to go on without it being allowed."""
    paths = repos.uncommitted(Path(repo.root))
    concerned = [path for path in paths if any(_belongs(path, s.directory, s.stack.reads) for s, _, _ in units(repo, request))]
    if not concerned:
        return ()
    shown = ", ".join(concerned[:5]) + (f" and {len(concerned) - 5} more" if len(concerned) > 5 else "")
    if not options.allow_dirty and not options.dry_run:
        move = "commit it, or deploy the last commit without it: --allow-dirty"
        raise Refused(f"not committed: {shown}", move=move)
    return (f"not committed, and so not part of this: {shown}",)


def _belongs(path: str, directory: str, reads: Iterable[str]) -> bool:
    return any(path == place or path.startswith(f"{place.rstrip('/')}/") for place in (directory, *reads)) or path == "hosts.yaml"


def _refuse_edited(fleet: Fleet, found: Survey) -> None:
    for name in {f.host.name for f in found.findings if not f.blocked}:
        files = edited(fleet.seen[name], fleet.repo)
        if files:
            host = fleet.repo.hosts[name]
            own = _in_place(fleet.repo, host)
            move = "commit or undo them" if own else f"look there: cd {host.path} && git diff; then git checkout -- FILE"
            fleet.lose(name, f"files were edited in {host.path} on {name}: {', '.join(files)}; {move}")


def _refuse_strangers(fleet: Fleet, found: Survey, options: Options) -> None:
    """A commit that this machine never saw was deployed by somebody else: theirs would be undone."""
    if options.force:
        return
    for name in {f.host.name for f in found.findings if not f.blocked and f.host.name in fleet.seen}:
        there = fleet.seen[name].commit
        if there and there != fleet.repo.commit and not repos.knows(fleet.repo, there):
            move = "git pull first, or deploy over it with --force"
            fleet.lose(name, f"{name} is at commit {there[:7]}, which this checkout does not know; {move}")

