"""From a plan to its report, with the hosts locked: ask, prepare everything, execute, write down."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from concurrent.futures import Future
from contextlib import ExitStack
from functools import partial
from typing import Any, Protocol

from msgspec.structs import replace

from . import prepare, systems, undo
from .author import now, who
from .crew import Crew
from .execute import execute
from .fleet import Fleet
from .interrupt import Interrupts
from .ledger import Ledger
from .model import OnFailure
from .observe import Observation
from .outcome import Outcome, Phase, Progress, Report, Status, Tell
from .plan import Plan, key
from .pulls import pull
from .stage import Stage

FEW_LINES = 50  # a state file is written anew when it has this many lines, and three times as many as services


class Audience(Protocol):
    """Whoever watches a run and answers its questions."""

    @property
    def stage(self) -> Callable[[str], None]:
        """To be called with what is being done right now, in a few words."""

    def at(self, stage: Stage) -> None:
        """Told of every stage as soon as it is reached."""

    def approve(self, plan: Plan) -> bool:
        """Show the plan; False if a person says no."""

    def goes_back(self, plan: Plan) -> None:
        """Say that a failed run is being put back, by `plan`."""

    def tell(self, plan: Plan) -> Tell:
        """Somebody to tell the progress of `plan` to."""


def work(
    fleet: Fleet, plan: Plan, ledgers: Mapping[str, Ledger], audience: Audience, *, again: Callable[[], Plan]
) -> Report | None:
    """Carry out a plan that was made of what was seen under the locks; None if a person declined.

    `again` makes what is left to do once systems changed.
    """
    plan = prepare.block(plan, fleet.unfit)
    if all(step.blocked for step in plan.steps):
        return execute(plan, {}, audience.tell(plan))
    if not audience.approve(plan):
        return None
    audience.at(Stage.AGREED)
    roots = systems.rights(fleet, plan)
    crews = prepare.crews(fleet, ledgers, who())
    with ExitStack() as at_the_end:
        for name in roots.keys() & crews.keys():
            crews[name].root = roots[name]
            systems.reopener(fleet, crews[name], prepare.holder(plan.title), at_the_end.callback)
        return _work(fleet, plan, crews, audience, again)


def _work(fleet: Fleet, plan: Plan, crews: dict[str, Crew], audience: Audience, make: Callable[[], Plan]) -> Report:
    started = time.monotonic()
    tell = audience.tell(plan)
    _announce(plan, tell)
    reserving = prepare.reserve(fleet, plan)
    trouble, plan = pull(fleet, plan)
    reserving()
    with Interrupts() as interrupts:  # from the first change to the last record: one Ctrl-C is heard where work waits
        try:
            trouble = trouble or _bring_files(fleet, plan, _still_locked(fleet, crews), audience)
            crews = _still_locked(fleet, crews)
            trouble = trouble or interrupts.during(partial(systems.build, fleet, plan, crews, tell))
        except KeyboardInterrupt:
            if interrupts.insisted:
                raise
            interrupted = Report(plan, interrupted=True, trouble=("interrupted; run the same again",))
            return _not_begun(fleet, crews, interrupted, started)
        if trouble:
            return _not_begun(fleet, crews, Report(plan, trouble=trouble), started)
        crews, plan = _still_locked(fleet, crews), prepare.block(plan, fleet.unfit)
        for step in plan.steps:
            tell(Progress(step, Phase.WAITING))
        report = _change(fleet, plan, crews, audience, tell=tell, make=make, started=started)
    return replace(report, notes=tuple(fleet.notes))


def _bring_files(fleet: Fleet, plan: Plan, crews: Mapping[str, Crew], audience: Audience) -> tuple[str, ...]:
    """The first change: the records say which files will lie there, then they do. Gives what went wrong."""
    audience.at(Stage.PULLED)
    noted = _note_what_will_lie(fleet, plan, crews)
    audience.at(Stage.NOTED)
    trouble = prepare.deliver(fleet, plan.deliveries)
    audience.at(Stage.DELIVERED)
    there = _still_locked(fleet, crews)
    return (*trouble, *dict.fromkeys(why for name in there for answer in noted[name] if (why := answer.result())))


def _not_begun(fleet: Fleet, crews: Mapping[str, Crew], report: Report, started: float) -> Report:
    """No container has changed; the commit goes back to where it was, whatever is to stay of a run that has begun."""
    back = undo.files_back(fleet, report.plan.deliveries)
    there = [name for name in _still_locked(fleet, crews) if back.get(name) == ()]
    unwritten = undo.records_back(crews, fleet.seen, {name: [*crews[name].records] for name in there})
    left = (*(why for trouble in back.values() for why in trouble), *unwritten)
    seconds, notes = time.monotonic() - started, tuple(fleet.notes)
    trouble = tuple(dict.fromkeys((*report.trouble, *left)))  # what kept the commit out may keep it from going back
    return replace(report, trouble=trouble, seconds=seconds, notes=notes)


def _change(
    fleet: Fleet,
    plan: Plan,
    crews: dict[str, Crew],
    audience: Audience,
    *,
    tell: Tell,
    make: Callable[[], Plan],
    started: float,
) -> Report:
    for crew in crews.values():
        crew.ledger.journal(_event("begin", fleet, fleet.seen, plan, crew) | {"steps": _meant(plan, crew)})
    audience.at(Stage.BEGUN)
    before = dict(fleet.seen)
    if systems.steps_of(plan):
        report = systems.execute_first(fleet, plan, crews, make, tell)
    else:
        report = execute(plan, crews, tell)
    audience.at(Stage.EXECUTED)
    if plan.on_failure is OnFailure.REVERT and report.touched and report.broke:
        audience.stage("")
        audience.at(Stage.GOING_BACK)
        report = replace(report, undone=undo.put_back(fleet, before, report, crews, partial(_watch_undoing, audience)))
        audience.at(Stage.BACK)
    report = replace(report, seconds=time.monotonic() - started)
    _write_down(fleet, before, report, crews)
    audience.at(Stage.RECORDED)
    return report


def _watch_undoing(audience: Audience, plan: Plan) -> Tell:
    audience.goes_back(plan)
    return audience.tell(plan)


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


def _write_down(fleet: Fleet, before: Mapping[str, Observation], report: Report, crews: Mapping[str, Crew]) -> None:
    for name, crew in crews.items():
        outcomes = [o for o in report.outcomes if o.step.host.name == name]
        steps = [_ended(outcome, report, crew) for outcome in outcomes]
        result = {
            "ok": report.ok,
            "interrupted": report.interrupted,
            "seconds": round(report.seconds, 2),
            "steps": steps,
        }
        if report.undone:
            result |= {"reverted": True, "left": list(report.undone.left)}
        result |= {"aside": crew.aside} if crew.aside else {}
        crew.ledger.journal(_event("end", fleet, before, report.plan, crew) | result)
        fleet.notes += [*crew.aside, *([crew.ledger.untold] if crew.ledger.untold else [])]
        crew.ledger.remember_env(fleet.seen[name].env.values() if name in fleet.seen else ())
        if before[name].record_lines + 2 * len(steps) > FEW_LINES + 3 * len(crew.records):
            crew.ledger.compact(crew.records.values())


def _ended(outcome: Outcome, report: Report, crew: Crew) -> dict[str, Any]:
    """How a step ended; of a service that is as planned also its settings and images, for whoever goes back to them."""
    step = outcome.step
    ended = {"step": step.key, "verb": step.verb.value, "status": outcome.status.value, "why": outcome.why}
    ended |= {"kept": outcome.kept} if outcome.kept else {}
    roots = report.roots(step) if outcome.status is Status.SKIPPED else ()
    if roots and all(root.step.host != step.host for root in roots):
        ended |= _because(roots[0])
    record = crew.records.get(step.subject)
    if not (step.entry and record and outcome.status is Status.DONE):
        return ended
    images = {container.key: container.image for container in record.containers}
    return ended | {"digest": record.digest, "env": dict(record.env), "images": images}


def _because(root: Outcome) -> dict[str, str]:
    """Why a step was skipped of which the journal of its own host would else not tell the cause."""
    step = root.step
    return {"why": f"needs {step.subject} on {step.host.name}: {root.why}", "cause": step.key}


def _event(kind: str, fleet: Fleet, seen: Mapping[str, Observation], plan: Plan, crew: Crew) -> dict[str, Any]:
    before = seen[crew.runner.host.name].base
    run = {"event": kind, "run": fleet.run, "at": now(), "by": crew.who}
    return run | {"title": plan.title, "from": before, "to": plan.commit or before}


def _meant(plan: Plan, crew: Crew) -> list[dict[str, str]]:
    """What a run is about to do on one host: all that is known of it should it end without a word."""
    here = crew.runner.host.name
    return [{"step": step.key, "verb": step.verb.value} for step in plan.steps if step.host.name == here]
