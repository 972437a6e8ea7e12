"""A rollback from the words of the user to the report: one more plan of the engine that deploys."""

from __future__ import annotations

from contextlib import suppress

from .. import pipeline
from .. import repo as repos
from ..errors import Refused, UnknownName
from ..fleet import Fleet, watched
from ..model import Host, Repo
from ..observe import look, parse
from ..pipeline import Options, Run
from ..plan import Plan
from ..plan.survey import survey, units
from ..request import Request
from ..stage import Stage
from ..work import Audience
from .aim import Aim, alone, everything
from .asked import Asked
from .finish import finished, systems_that_stay
from .past import pasts
from .scene import Scene


def rollback(repo: Repo, asked: Asked, options: Options, audience: Audience) -> Run:
    """Bring everything, or the services that are asked for, back to how they were at a former commit."""
    with Fleet(repo) as fleet:
        hosts = _hosts(repo, asked)
        scene = Scene(asked, repo, fleet)
        scene.see(hosts, audience.stage)
        audience.at(Stage.CONNECTED)
        if not scene.deployed and (fleet.unfit or not fleet.seen):
            raise Refused(next(iter(fleet.unfit.values()), "no host is meant"))
        aim = alone(scene, asked.services) if asked.services is not None else everything(scene)
        return _go(scene, aim, options, audience)


def _hosts(repo: Repo, asked: Asked) -> list[Host]:
    """Those of the services, if all of them are known here; a former one may have been anywhere."""
    named = frozenset(repo.hosts)
    if asked.services is not None:
        with suppress(UnknownName):
            named = frozenset(host.name for s in repos.select(repo, asked.services) for host in s.hosts)
    return [host for name, host in repo.hosts.items() if name in (asked.hosts or named)]


def _go(scene: Scene, aim: Aim, options: Options, audience: Audience) -> Run:
    fleet, there = scene.fleet, aim.there
    request = _request(scene.asked, aim)
    fleet.repo = there
    scene.see({host.name: host for _, host, _ in units(there, request)}.values())
    _see_env_of(scene.repo, fleet)
    past, unknown = pasts(scene, request, aim)
    found = survey(there, request, fleet.seen, fleet.unfit, past)
    notices = (*scene.left_out, *aim.notices, *unknown, *systems_that_stay(scene, aim))
    if not (found.systems or found.findings or found.moved or (found.gone and request.prune)):
        return Run(there, Plan(request.title, aim.target, unchanged=found.unchanged, held=found.held, notices=notices))
    return pipeline.change(
        fleet,
        found,
        options,
        audience,
        notices=notices,
        past=past,
        finish=lambda plan: finished(scene, plan, allow_removals=options.allow_removals),
    )


def _request(asked: Asked, aim: Aim) -> Request:
    """Nothing is named one by one in it: what was stopped on purpose stays stopped."""
    whole = asked.services is None
    return Request(
        title=asked.title(aim.target),
        names=aim.names,
        hosts=aim.hosts,
        dependencies=False,
        force=asked.force,
        prune=whole,
        everything=whole,
        back=True,
        system=asked.system,
        reboot=asked.reboot,
        on_failure=asked.on_failure,
        timeout=asked.timeout,
    )


def _see_env_of(now: Repo, fleet: Fleet) -> None:
    """Env files that only the services of then read were not looked at."""
    for name in list(fleet.seen):
        host = fleet.repo.hosts[name]
        wanted = watched(fleet.repo, host)
        if name not in now.hosts or {*wanted} <= {*watched(now, now.hosts[name])}:
            continue
        seen = parse(host, fleet.runners[name].run(look(host, wanted)).text)
        if seen.problems:
            fleet.lose(name, seen.problems[0])
        else:
            fleet.see(host, seen)
