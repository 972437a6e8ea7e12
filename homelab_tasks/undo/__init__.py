"""A failed run goes back: what it changed is put to what it was before, in reverse order, by the same engine."""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

from msgspec.structs import replace

from .. import prepare, systems
from ..commands import compose
from ..crew import Crew
from ..execute import execute
from ..fleet import Fleet
from ..model import Host, OnFailure, Repo
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
from .fallen import Fallen, fallen, maybe_stopped, start_again
from .files import files_back, records_back
from .sick import only_restarted

__all__ = ["Watching", "files_back", "put_back", "records_back"]

Watching = Callable[[Plan], Tell]
_FAILED = "after the failure"


def put_back(
    fleet: Fleet, before: Mapping[str, Observation], report: Report, crews: Mapping[str, Crew], watching: Watching
) -> Undone:
    """Put back whatever `report` says was touched, to how `before` saw it under the lock; health-checked again.

    Stops at the first thing that cannot be put back. Nothing is raised: what is not as before is told in the answer.
    """
    started = time.monotonic()
    undoing = _Undoing(fleet, before, report, crews, watching)
    undoing.run()
    undoing.records_back()
    undoing.start_fallen()
    outcomes = tuple(undoing.outcomes.values())
    failed = [f"{o.step.subject} on {o.step.host.name}: {o.why}" for o in outcomes if o.status is not Status.DONE]
    left = (*dict.fromkeys(undoing.left), *failed)
    return Undone(outcomes, left, time.monotonic() - started, sick=tuple(undoing.sick.values()))


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
        self.sick: dict[str, Step] = {}  # by key; what has nothing to be put back

    def run(self) -> None:
        touched = list(self._reachable())
        if not touched:
            return
        systems.look_again(self.fleet, self.crews, dict.fromkeys(step.host for step in touched), after=_FAILED)
        touched = [step for step in touched if self._fit(step)]
        known, made = self.earlier.split(touched)
        known = self._without_sick(known)
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
            self._files_back([d for d in moved if d.host.name in self.crews])
            self._restore_systems(touched)

    def records_back(self) -> None:
        """What was noted of services that nothing was done to, or nothing but a restart, is true no more."""
        touched = self.report.touched - self.sick.keys()
        meant: dict[str, list[str]] = {}
        for name, crew in self.crews.items():
            back = any(d.commit and self.at.get(name) == d.commit for d in self._deliveries(name))
            keys = {service: key(service, crew.runner.host) for service in crew.records}
            meant[name] = [s for s, k in keys.items() if k in self.sick or (back and k not in touched)]
        self.left += records_back(self.crews, self.earlier.seen, meant)

    def start_fallen(self) -> None:
        """One more look at the hosts: what ran before and is down now is started. Also what this run has not touched: a
        restart of Docker takes it down.
        """
        there = {n: c for n, c in self.crews.items() if n not in self.fleet.unfit and not c.ledger.lost}
        systems.look_again(self.fleet, there, [crew.runner.host for crew in there.values()], after=_FAILED)
        self.left += [f"{name} {self.fleet.unfit[name]}" for name in there if name in self.fleet.unfit]
        hosts = [crew.runner.host for name, crew in there.items() if name not in self.fleet.unfit]
        for name in {host.name for host in hosts} & self._restarted():
            self.left += maybe_stopped(self.earlier.repo_of(name), self.earlier.seen[name], self.fleet.seen[name])
        plan, left = start_again([self._fallen(host) for host in hosts], self.fleet.seen, self._title())
        self.left += left
        if plan.steps:
            self._execute(plan, (), self.fleet)

    def _fallen(self, host: Host) -> Fallen:
        """Those of which nothing else is told."""
        repo = self.earlier.repo_of(host.name)
        down = fallen(self.earlier.seen[host.name], self.fleet.seen[host.name])
        told = {o.step.key for o in self.outcomes.values() if o.status is not Status.DONE} | self.sick.keys()
        return Fallen(host, repo, {name: keys for name, keys in down.items() if key(name, host) not in told})

    def _restarted(self) -> set[str]:
        """Hosts whose Docker was restarted in this run, as the switch of a system does."""
        switched = (s for s in self.report.plan.steps if s.verb is Verb.SYSTEM and s.key in self.report.touched)
        return {*self.report.restarted, *(step.host.name for step in switched)}

    def _deliveries(self, host: str) -> list[Delivery]:
        return [delivery for delivery in self.report.plan.deliveries if delivery.host.name == host]

    def _without_sick(self, known: Iterable[Touched]) -> list[Touched]:
        touched = list(known)
        sick = [one.step for one in touched if only_restarted(one, self.fleet.seen[one.step.host.name])]
        self.sick = {step.key: step for step in sick if not self._done(step)}
        return [one for one in touched if one.step.key not in self.sick]

    def _files_back(self, deliveries: Iterable[Delivery]) -> None:
        commits = {delivery.host.name: delivery.commit for delivery in deliveries}
        for name, trouble in files_back(self.fleet, deliveries).items():
            self.left += trouble
            self.at |= {} if trouble else {name: commits[name]}

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
        was, service = Past.of(one.record), one.repo.services[one.step.subject]
        self.left += was.staying(one.repo, service, self.fleet.seen[one.step.host.name])
        return replace(was.at(one.repo, service), kept=kept.name if kept else "")

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
        if trouble:
            self.left += trouble
            return
        self.at |= {delivery.host.name: fleet.repo.commit for delivery in deliveries}
        report = execute(plan, self.crews, self.watching(plan))
        self.outcomes |= {outcome.step.key: outcome for outcome in report.outcomes}

    def _restore_systems(self, touched: Iterable[Step]) -> None:
        steps = [self._restored(step) for step in touched if step.verb is Verb.SYSTEM and self._done(step)]
        if steps:
            self._execute(Plan(self._title(), steps=tuple(steps), on_failure=OnFailure.STOP), (), self.fleet)

    def _done(self, step: Step) -> bool:
        """A system of which this is not so has gone back by itself."""
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
    grace = compose.grace(fleet.repo.services.get(step.subject))
    project = compose.Project(step.entry.project, directory, seen.compose, f"{seen.folder}/working", grace=grace)
    return replace(step, verb=Verb.STOP, commands=(*step.commands, compose.stop(project)), gate=None)
