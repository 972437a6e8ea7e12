"""A rollback from the words of the user to the report: one more plan of the engine that deploys."""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import suppress

from .. import history, pipeline
from .. import repo as repos
from ..commands import history as journals
from ..errors import Refused, UnknownName
from ..fleet import Fleet, env_files, in_parallel, in_place
from ..history import Journal
from ..model import Host, Repo
from ..observe import look, parse
from ..pipeline import Options, Run
from ..plan import Plan
from ..plan.survey import survey, units
from ..request import Request
from ..work import Audience
from .aim import Aim, alone, everything
from .asked import Asked, Scene
from .finish import finished, systems_that_stay
from .past import pasts


def rollback(repo: Repo, asked: Asked, options: Options, audience: Audience) -> Run:
    """Bring everything, or the services that are asked for, back to how they were at a former commit."""
    with Fleet(repo) as fleet:
        hosts = _hosts(repo, asked)
        audience.stage(f"looking at {', '.join(host.name for host in hosts)}")
        fleet.look_at(hosts)
        _refuse_in_place(fleet, hosts)
        if not fleet.seen:
            raise Refused(next(iter(fleet.unfit.values()), "no host is meant"))
        scene = Scene(asked, repo, fleet, _read_journals(fleet))
        aim = alone(scene, asked.services) if asked.services is not None else everything(scene)
        return _go(scene, aim, options, audience)


def _hosts(repo: Repo, asked: Asked) -> list[Host]:
    """Those of the services, if all of them are known here; a former one may have been anywhere."""
    named = frozenset(repo.hosts)
    if asked.services is not None:
        with suppress(UnknownName):
            named = frozenset(host.name for s in repos.select(repo, asked.services) for host in s.hosts)
    return [host for name, host in repo.hosts.items() if name in (asked.hosts or named)]


def _refuse_in_place(fleet: Fleet, hosts: Iterable[Host]) -> None:
    for host in hosts:
        if in_place(fleet.repo, host):
            what = f"{host.name} runs this very checkout, which a rollback would take from under your hands"
            raise Refused(what, move="git revert here and deploy, or roll back the others: --host")


def _read_journals(fleet: Fleet) -> dict[str, Journal]:
    """The whole journal of each host that answered."""
    hosts = [fleet.repo.hosts[name] for name in fleet.seen]
    answers = in_parallel(lambda host: fleet.runners[host.name].run(journals.read(host, 0)), hosts)
    found: dict[str, Journal] = {}
    for host, answer in zip(hosts, answers, strict=True):
        if answer.ok:
            found[host.name] = history.parse(host.name, answer.text)
        else:
            said = (answer.stderr.strip().splitlines() or [f"exit status {answer.exit}"])[-1]
            fleet.lose(host.name, f"the journal of {host.name} cannot be read ({said}); mend that there first")
    return found


def _go(scene: Scene, aim: Aim, options: Options, audience: Audience) -> Run:
    fleet, there = scene.fleet, aim.there
    request = _request(scene.asked, aim)
    fleet.repo = there
    fleet.look_at({host.name: host for _, host, _ in units(there, request)}.values())
    _see_env_of(scene.repo, fleet)
    past, unknown = pasts(scene, request, aim.target)
    found = survey(there, request, fleet.seen, fleet.unfit, past)
    notices = (*aim.notices, *unknown, *systems_that_stay(scene))
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
        hosts=asked.hosts,
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
        wanted = env_files(fleet.repo, host)
        if name not in now.hosts or {*wanted} <= {*env_files(now, now.hosts[name])}:
            continue
        seen = parse(host, fleet.runners[name].run(look(host, wanted)).text)
        if seen.problems:
            fleet.lose(name, seen.problems[0])
        else:
            fleet.seen[name] = seen
