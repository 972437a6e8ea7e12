"""What ran before a failed run and is down at its end, touched or not: Docker starts again, and some stay down."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping

from msgspec import Struct

from ..model import Host, OnFailure, Repo
from ..observe import Observation
from ..plan import Plan, key
from ..plan.deploy import plan_deploy
from ..plan.drift import ended
from ..plan.facts import Facts
from ..plan.survey import survey
from ..record import Record
from ..request import Request


class Fallen(Struct, frozen=True):
    """Services of one host that are down, and the repo that it was deployed from; None where that is unknown."""

    host: Host
    repo: Repo | None
    names: frozenset[str]


def fallen(repo: Repo | None, before: Observation, now: Observation) -> frozenset[str]:
    """Services of which a container ran `before` and is down `now`. One that has ended as it is meant to is not."""
    known = (record for record in before.records.values() if record.digest)
    return frozenset(record.service for record in known if _is_down(repo, record, before, now))


def _is_down(repo: Repo | None, record: Record, before: Observation, now: Observation) -> bool:
    there = now.of_project(record.project)
    service = repo.services.get(record.service) if repo else None
    done = ended(record, service, there) if service else frozenset()
    well = {c.key for c in there if c.state in ("running", "restarting") or c.id in done}
    return any(c.state == "running" and c.key not in well for c in before.of_project(record.project))


def start_again(found: Collection[Fallen], seen: Mapping[str, Observation], title: str) -> tuple[Plan, tuple[str, ...]]:
    """The plan that starts them without changing a file, and what it cannot start: `what; the next move`."""
    plans = [_plan(one.repo, one, seen, title) for one in found if one.repo and one.names]
    plan = Plan(title, steps=tuple(step for p in plans for step in p.steps), on_failure=OnFailure.KEEP)
    return plan, tuple(_left(found, {step.key for step in plan.steps}))


def _plan(repo: Repo, one: Fallen, seen: Mapping[str, Observation], title: str) -> Plan:
    names = one.names & repo.services.keys()
    request = Request(title, names, named=names, hosts=frozenset([one.host.name]), dependencies=False, files=False)
    return plan_deploy(survey(repo, request, seen, {}), Facts(repo, seen, {}))


def _left(found: Iterable[Fallen], planned: Collection[str]) -> Iterator[str]:
    for one in found:
        for name in sorted(one.names):
            if key(name, one.host) not in planned:
                yield f"{name} on {one.host.name} ran before, and is down now; inv ensure {name}"
