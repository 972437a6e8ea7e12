"""From a plan to its report: ask, lock, look again, prepare everything, execute, write down."""

from __future__ import annotations

import getpass
import os
import platform
import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from dataclasses import replace
from typing import Any, Protocol

from . import prepare
from .errors import Refused
from .execute import Crew, Phase, Progress, Report, Tell, execute, now
from .fleet import Fleet
from .plan import Plan, key

FEW_LINES = 50  # a state file is written anew when it has this many lines, and three times as many as services


class Audience(Protocol):
    """Whoever watches a run and answers its questions."""

    @property
    def stage(self) -> Callable[[str], None]:
        """To be called with what is being done right now, in a few words."""

    def approve(self, plan: Plan) -> bool:
        """Show the plan; False if a person says no."""

    def tell(self, plan: Plan) -> Tell:
        """Somebody to tell the progress of `plan` to."""


def carry_out(fleet: Fleet, plan: Plan, make: Callable[[], Plan], audience: Audience) -> Report | None:
    """Carry `plan` out; None if a person declined. `make` plans again once the hosts are locked and were seen again.

    Raises Locked, Unwritable and Refused before anything was changed.
    """
    if all(step.blocked for step in plan.steps):
        return execute(plan, {}, audience.tell(plan))
    if not audience.approve(plan):
        return None
    audience.stage("locking")
    with ExitStack() as at_the_end:
        held = prepare.lock(fleet, plan, f"{who()}, pid {os.getpid()}, since {now()}: {plan.title}")
        for answer in held.values():
            at_the_end.callback(answer.ledger.close)
        fleet.seen.update({name: answer.seen for name, answer in held.items()})
        again = make()
        plan = prepare.block(plan, fleet.unfit)
        if _steps(again) - _steps(plan):
            raise Refused("the hosts changed while the plan was made", move="nothing was changed; run the same again")
        if _signature(again) != _signature(plan) and not audience.approve(_told(again)):
            return None
        return _work(fleet, again, prepare.crews(fleet, held, who()), audience)


def who() -> str:
    """`user@machine`, as records and locks name a run."""
    try:
        user = getpass.getuser()
    except (KeyError, OSError):  # no entry in passwd, as in some CI containers
        user = str(os.getuid())
    return f"{user}@{platform.node()}"


def _work(fleet: Fleet, plan: Plan, crews: dict[str, Crew], audience: Audience) -> Report:
    started = time.monotonic()
    tell = audience.tell(plan)
    _announce(plan, tell)
    trouble = prepare.pull(fleet, plan)
    crews = _still_locked(fleet, crews)
    if not trouble:
        noted = _note_what_will_lie(fleet, plan, crews)
        trouble = prepare.deliver(fleet, plan.deliveries)
        crews = _still_locked(fleet, crews)
        trouble += tuple(dict.fromkeys(why for name in crews for answer in noted[name] if (why := answer.result())))
    if trouble:
        return Report(plan, seconds=time.monotonic() - started, trouble=trouble, notes=tuple(fleet.notes))
    plan = prepare.block(plan, fleet.unfit)
    for step in plan.steps:
        tell(Progress(step, Phase.WAITING))
    for crew in crews.values():
        crew.ledger.journal(_event("begin", fleet, plan, crew))
    report = execute(plan, crews, tell)
    _write_down(fleet, report, crews)
    return replace(report, seconds=time.monotonic() - started, notes=tuple(fleet.notes))


def _still_locked(fleet: Fleet, crews: Mapping[str, Crew]) -> dict[str, Crew]:
    """Those of the hosts that are still there, and still locked: nothing more is done on the others."""
    for name, crew in crews.items():
        if crew.ledger.lost and name in fleet.seen:
            fleet.lose(name, crew.ledger.lost)
    return {name: crew for name, crew in crews.items() if name in fleet.seen}


def _note_what_will_lie(fleet: Fleet, plan: Plan, crews: Mapping[str, Crew]) -> Mapping[str, list[Future[str]]]:
    """Before files move, for every service whose files will differ from its record: a step that fails, or a service
    that this plan is not about, would else look unchanged once the repo goes back to what is recorded. Gives what the
    hosts answer: whether it could be written.
    """
    answers: dict[str, list[Future[str]]] = {name: [] for name in crews}
    receiving = {delivery.host.name for delivery in plan.deliveries}
    taking = {step.key for step in plan.steps if step.entry and step.entry.detail}
    for name, crew in crews.items():
        for record in tuple(crew.records.values()):
            service = fleet.repo.services.get(record.service)
            if service is None or not (name in receiving or key(service, fleet.repo.hosts[name]) in taking):
                continue
            noted = record.with_files_laid(service.digest)
            if noted != record:
                crew.records[record.service] = noted
                answers[name].append(crew.ledger.record(noted))
    return answers


def _announce(plan: Plan, tell: Tell) -> None:
    """What is prepared before any container changes: images first, then commits."""
    receiving = {delivery.host.name for delivery in plan.deliveries}
    for step in plan.steps:
        if step.pulls and not step.blocked:
            tell(Progress(step, Phase.PULLING))
        elif step.host.name in receiving and not step.blocked:
            tell(Progress(step, Phase.DELIVERING))


def _write_down(fleet: Fleet, report: Report, crews: Mapping[str, Crew]) -> None:
    for name, crew in crews.items():
        outcomes = [o for o in report.outcomes if o.step.host.name == name]
        steps = [
            {"step": o.step.key, "verb": o.step.verb.value, "status": o.status.value, "why": o.why} for o in outcomes
        ]
        result = {
            "ok": report.ok,
            "interrupted": report.interrupted,
            "seconds": round(report.seconds, 2),
            "steps": steps,
        }
        crew.ledger.journal(_event("end", fleet, report.plan, crew) | result)
        crew.ledger.remember_env(fleet.seen[name].env.values())
        if fleet.seen[name].record_lines + 2 * len(steps) > FEW_LINES + 3 * len(crew.records):
            crew.ledger.compact(crew.records.values())


def _event(kind: str, fleet: Fleet, plan: Plan, crew: Crew) -> dict[str, Any]:
    before = fleet.seen[crew.runner.host.name].commit
    after = plan.commit or before
    return {"event": kind, "at": now(), "by": crew.who, "title": plan.title, "from": before, "to": after}


def _steps(plan: Plan) -> frozenset[str]:
    return frozenset(step.key for step in plan.steps)


def _told(plan: Plan) -> Plan:
    """What was asked of Compose for a plan is good for its own steps, so it may lose some, or do them another way."""
    return replace(
        plan, notices=("the hosts changed meanwhile, by a run that ended; this is what is left", *plan.notices)
    )


def _signature(plan: Plan) -> frozenset[tuple[str, str, str]]:
    return frozenset((step.key, step.verb.value, step.blocked) for step in plan.steps)
