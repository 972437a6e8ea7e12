"""A failed run goes back: what it changed is put to what it was before, in reverse order, by the same engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from .. import prepare, systems
from .. import repo as repos
from ..commands import compose
from ..crew import Crew
from ..errors import HomelabError
from ..execute import execute
from ..fleet import Fleet
from ..model import OnFailure, Repo
from ..observe import Observation
from ..outcome import Outcome, Report, Status, Tell, Undone
from ..plan import Delivery, Plan, Step, Verb, key
from ..plan.deploy import plan_deploy
from ..plan.facts import Facts
from ..plan.past import Past
from ..plan.reverse import in_reverse
from ..plan.survey import Survey, survey
from ..plan.system import restore
from ..record import SystemRecord
from ..request import Request
from .earlier import Earlier, Touched

Watching = Callable[[Plan], Tell]


def put_back(
    fleet: Fleet, before: Mapping[str, Observation], report: Report, crews: Mapping[str, Crew], watching: Watching
) -> Undone:
    """Put back whatever `report` says was touched, to how `before` saw it under the lock; health-checked again.

    Stops at the first thing that cannot be put back. Nothing is raised: what is not as before is told in the answer.
    """
    started = time.monotonic()
    undoing = _Undoing(fleet, before, report, crews, watching)
    undoing.run()
    outcomes = tuple(undoing.outcomes.values())
    failed = [f"{o.step.subject} on {o.step.host.name}: {o.why}" for o in outcomes if o.status is not Status.DONE]
    return Undone(outcomes, (*dict.fromkeys(undoing.left), *failed), time.monotonic() - started)


def files_back(fleet: Fleet, deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """Bring checkouts back to where they were; why not, one sentence a host. Where nothing was, the files stay."""
    trouble: list[str] = []
    for delivery in deliveries:
        if delivery.commit:
            try:
                repo = repos.at_pinned(Path(fleet.repo.root), delivery.base, delivery.pins)
            except HomelabError as error:
                trouble.append(f"{delivery.host.name} was at {delivery.base[:7]} ({error})")
                continue
            trouble += prepare.deliver(
                replace(fleet, repo=repo, received={}), [Delivery(delivery.host, fleet.repo.commit)]
            )
    return tuple(trouble)


class _Undoing:
    def __init__(
        self,
        fleet: Fleet,
        before: Mapping[str, Observation],
        report: Report,
        crews: Mapping[str, Crew],
        watching: Watching,
    ) -> None:
        self.fleet, self.report, self.watching = fleet, report, watching
        self.earlier = Earlier(fleet, before)
        self.crews = {name: crew for name, crew in crews.items() if not crew.ledger.lost}
        self.outcomes: dict[str, Outcome] = {}
        self.left = self.earlier.left  # what cannot be put back: `what; the next move`
        self.at: dict[str, str] = {}  # where checkouts went on the way back

    def run(self) -> None:
        touched = list(self._reachable())
        if not touched:
            return
        systems.look_again(self.fleet, self.crews, dict.fromkeys(step.host for step in touched))
        touched = [step for step in touched if self._fit(step)]
        known, made = self.earlier.split(touched)
        groups: dict[str, list[Touched]] = {}
        for one in known:
            groups.setdefault(one.repo.commit, []).append(one)
        removals = list(made)
        for group in sorted(groups.values(), key=lambda g: g[0].repo.commit in self._commits()):
            self._go_back(group[0].repo, group, removals)
            removals = []
            if self._stuck():
                return
        if removals:
            removals = in_reverse(removals, self.report.plan, self.fleet.repo)
            plan = Plan(self._title(), steps=tuple(removals), on_failure=OnFailure.STOP)
            self._execute(plan, (), self.fleet)
        if not self._stuck():
            moved = [d for d in self.report.plan.deliveries if self.at.get(d.host.name) != d.commit]
            self.left += files_back(self.fleet, [d for d in moved if d.host.name in self.crews])
            self._restore_systems(touched)

    def _title(self) -> str:
        return f"put back after: {self.report.plan.title}"

    def _stuck(self) -> bool:
        return any(outcome.status is not Status.DONE for outcome in self.outcomes.values())

    def _commits(self) -> set[str]:
        return {seen.commit for seen in self.earlier.seen.values()}

    def _reachable(self) -> Iterator[Step]:
        steps = {o.step.key: o.step for o in self.report.outcomes}
        for step in (steps[k] for k in self.report.touched if k in steps):
            if step.host.name in self.crews:
                yield step
            else:
                self.left.append(f"{step.subject} on {step.host.name}: the host was lost; {self._again(step)}")

    def _fit(self, step: Step) -> bool:
        why = self.fleet.unfit.get(step.host.name, "")
        if why:
            self.left.append(f"{step.subject} on {step.host.name}: {why}")
        return not why

    @staticmethod
    def _again(step: Step) -> str:
        return f"inv deploy {step.subject}" if step.verb is not Verb.SYSTEM else "inv update-system"

    def _past(self, one: Touched) -> Past:
        kept = self.crews[one.step.host.name].kept.get(one.step.subject)
        return replace(Past.of(one.record), kept=kept.name if kept else "")

    def _go_back(self, repo: Repo, group: Collection[Touched], removals: Iterable[Step]) -> None:
        fleet = replace(self.fleet, repo=repo, received={})
        names = frozenset(one.step.subject for one in group)
        past = {one.step.key: self._past(one) for one in group}
        request = Request(self._title(), names, named=names, dependencies=False)
        found = _only(survey(repo, request, fleet.seen, fleet.unfit, past), {*past})
        resolved = prepare.resolve(fleet, found)()
        found = _only(survey(repo, request, fleet.seen, fleet.unfit, past), {*past})
        plan = plan_deploy(found, Facts(repo, fleet.seen, resolved))
        if plan.faults:
            self.left += plan.faults
        held = {one.step.key for one in group if one.record.held}
        steps = [_stopped(step, fleet) if step.key in held else step for step in plan.steps]
        steps = in_reverse([*steps, *removals], self.report.plan, repo)
        self._execute(replace(plan, steps=tuple(steps), on_failure=OnFailure.STOP), plan.deliveries, fleet)

    def _execute(self, plan: Plan, deliveries: Iterable[Delivery], fleet: Fleet) -> None:
        deliveries = tuple(deliveries)
        trouble = prepare.deliver(fleet, deliveries)
        self.at |= {delivery.host.name: fleet.repo.commit for delivery in deliveries}
        if trouble:
            self.left += trouble
            return
        report = execute(plan, self.crews, self.watching(plan))
        self.outcomes |= {outcome.step.key: outcome for outcome in report.outcomes}

    def _restore_systems(self, touched: Iterable[Step]) -> None:
        steps = [self._restored(step) for step in touched if step.verb is Verb.SYSTEM and self._activated(step)]
        if steps:
            self._execute(Plan(self._title(), steps=tuple(steps), on_failure=OnFailure.STOP), (), self.fleet)

    def _activated(self, step: Step) -> bool:
        """One that failed has gone back by itself."""
        return any(o.step.key == step.key and o.status is Status.DONE for o in self.report.outcomes)

    def _restored(self, step: Step) -> Step:
        seen = self.earlier.seen[step.host.name]
        last = seen.systems[-1] if seen.systems else None
        known = last and last.system == seen.system
        then = last if last and known else SystemRecord(seen.system, "", seen.commit, "", "")
        return restore(step.host, self.fleet.seen[step.host.name], then, cause="the deploy failed")


def _only(found: Survey, keys: Collection[str]) -> Survey:
    """What was never touched stays untouched."""
    findings = tuple(f for f in found.findings if key(f.service, f.host) in keys)
    return replace(found, findings=findings, gone=(), moved=(), systems=())


def _stopped(step: Step, fleet: Fleet) -> Step:
    """It was stopped on purpose: its containers are made as they were, and not started."""
    if not step.entry:
        return step
    seen = fleet.seen[step.host.name]
    directory = f"{step.host.path.rstrip('/')}/{fleet.repo.prefix}{step.entry.directory}"
    project = compose.Project(step.entry.project, directory, seen.compose, f"{seen.folder}/working")
    return replace(step, verb=Verb.STOP, commands=(*step.commands, compose.stop(project)), gate=None)
