"""What ran before a failed run and is down at its end, touched or not: Docker starts again, and some stay down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from ..commands import compose
from ..model import Host, OnFailure, Repo
from ..observe import Observation, SeenContainer
from ..plan import Plan, Step, key
from ..plan.deploy import plan_deploy
from ..plan.drift import ended
from ..plan.facts import Facts
from ..plan.survey import survey
from ..request import Request


class Fallen(Struct, frozen=True):
    """Services of one host that are down, and the repo that it was deployed from; None where that is unknown."""

    host: Host
    repo: Repo | None
    names: Mapping[str, frozenset[str]]  # with the keys of those containers


def fallen(before: Observation, now: Observation) -> Mapping[str, frozenset[str]]:
    """Services of which a container ran `before` and is down `now`. One with status 0 is not: it may be a job that has
    ended meanwhile, and nobody wants a backup or a migration twice.
    """
    known = (record for record in before.records.values() if record.digest)
    return {record.service: down for record in known if (down := _down(record.project, before, now))}


def _down(project: str, before: Observation, now: Observation) -> frozenset[str]:
    well = {c.key for c in now.of_project(project) if c.state in ("running", "restarting") or _ended_well(c)}
    return frozenset(c.key for c in before.of_project(project) if c.state == "running" and c.key not in well)


def _ended_well(container: SeenContainer) -> bool:
    return container.state == "exited" and container.exit == 0


def maybe_stopped(repo: Repo | None, before: Observation, now: Observation) -> Iterator[str]:
    """Sentences for a host whose Docker was restarted meanwhile, on what ran `before` and has ended with status 0 by
    now: a job that is through looks so, and a service that Docker has stopped.
    """
    for record in before.records.values():
        ran = {c.id for c in before.of_project(record.project) if c.state == "running"}
        there = now.of_project(record.project)
        service = repo.services.get(record.service) if repo else None
        meant = ended(record, service, there) if service else frozenset()
        if any(_ended_well(c) and c.id in ran - meant for c in there):
            what = f"{record.service} on {now.host} ran before, and has ended with status 0 while Docker was restarted"
            yield f"{what}; if it is no job: inv ensure {record.service}"


def start_again(found: Collection[Fallen], seen: Mapping[str, Observation], title: str) -> tuple[Plan, tuple[str, ...]]:
    """The plan that starts them without changing a file, and what it cannot start: `what; the next move`."""
    plans = [_plan(one.repo, one, seen, title) for one in found if one.repo and one.names]
    plan = Plan(title, steps=tuple(step for p in plans for step in p.steps), on_failure=OnFailure.KEEP)
    return plan, tuple(_left(found, {step.key for step in plan.steps}))


def _plan(repo: Repo, one: Fallen, seen: Mapping[str, Observation], title: str) -> Plan:
    names = frozenset(one.names.keys() & repo.services.keys())
    request = Request(title, names, named=names, hosts=frozenset([one.host.name]), dependencies=False, files=False)
    facts = Facts(repo, seen, {})
    plan = plan_deploy(survey(repo, request, seen, {}), facts)
    return replace(plan, steps=tuple(_sparing(step, one.names[step.subject], facts) for step in plan.steps))


def _sparing(step: Step, keys: frozenset[str], facts: Facts) -> Step:
    """The step for these containers alone, where another one of the service has ended with status 0."""
    service = facts.repo.services[step.subject]
    if not any(map(_ended_well, facts.seen[step.host.name].of_project(service.project))):
        return step
    commands = compose.up_stage(facts.project(service, step.host), keys)
    causes = tuple(f"container {key} is down" for key in sorted(keys))
    return replace(step, causes=causes, commands=tuple(commands), gate=step.gate and replace(step.gate, keys=keys))


def _left(found: Iterable[Fallen], planned: Collection[str]) -> Iterator[str]:
    for one in found:
        for name in sorted(one.names):
            if key(name, one.host) not in planned:
                yield f"{name} on {one.host.name} ran before, and is down now; inv ensure {name}"
