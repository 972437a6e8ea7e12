"""A deploy without a net, as an Invoke task: the same walk over the same plan without lock, records and journals.

What `inv deploy-all` takes more than this is what transaction and records cost. Look, Compose's answer, plan, delivery,
commands, waiting for health and the lines on the screen are the library's own in both, imported at the same moments.
"""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from invoke.context import Context
from msgspec.structs import replace

from homelab_tasks import ns
from homelab_tasks.tasks.door import here, homelab_task
from homelab_tasks.tasks.flags import Changing, Output

if TYPE_CHECKING:
    from collections.abc import Mapping

    from homelab_tasks.command import Command
    from homelab_tasks.crew import Crew
    from homelab_tasks.fleet import Fleet
    from homelab_tasks.model import Repo
    from homelab_tasks.pipeline import Run
    from homelab_tasks.plan import Plan, Step
    from homelab_tasks.plan.survey import Survey
    from homelab_tasks.runner import Result
    from homelab_tasks.work import Audience


@homelab_task(Changing, Output)
def bare(_: Context, changing: Changing, output: Output) -> None:
    """Deploy every service, and remember nothing."""
    from homelab_tasks import pipeline
    from homelab_tasks.tasks.console import carry_out

    repo = pipeline.load(here())
    carry_out(partial(_deploy, repo), changing, output)


ns.add_task(bare)


def _deploy(repo: Repo, audience: Audience) -> Run:
    from homelab_tasks.fleet import Fleet

    with Fleet(repo) as fleet:
        fleet.begin(repo.hosts.values())
        from homelab_tasks.background import in_background
        from homelab_tasks.plan.survey import survey
        from homelab_tasks.request import Request

        audience.stage("looking")
        fleet.look_at(repo.hosts.values())
        found = survey(repo, Request("bare", frozenset(repo.services), everything=True), fleet.seen, fleet.unfit)
        ahead = in_background(_import_ahead)
        plan = _plan(fleet, found)
        ahead.result()
        audience.approve(plan)
        return _walk(fleet, plan, audience)


def _import_ahead() -> None:
    from homelab_tasks import execute  # noqa: F401
    from homelab_tasks.plan import deploy  # noqa: F401


def _plan(fleet: Fleet, found: Survey) -> Plan:
    """The files of the commit travel while Compose answers."""
    from homelab_tasks import prepare
    from homelab_tasks.background import in_background

    fleet.received = {name: in_background(partial(_receive, fleet, name)) for name in fleet.seen}
    answers = prepare.resolve(fleet, found)
    from homelab_tasks.plan.deploy import plan_deploy
    from homelab_tasks.plan.facts import Facts

    return _without_net(plan_deploy(found, Facts(fleet.repo, fleet.seen, answers())))


def _receive(fleet: Fleet, name: str) -> Result | None:
    from homelab_tasks import repo
    from homelab_tasks.commands import git

    bundled = repo.bundle(fleet.repo, fleet.seen[name].commit)
    runner = fleet.runners[name]
    return runner.run(git.receive(runner.host, bundled)) if bundled else None


def _without_net(plan: Plan) -> Plan:
    """A failure is not put back, and no command holds a lock."""
    from homelab_tasks.model import OnFailure

    return replace(plan, on_failure=OnFailure.KEEP, steps=tuple(map(_unlocked, plan.steps)))


def _unlocked(step: Step) -> Step:
    from homelab_tasks.command import Command

    acts = (_alone(act) if isinstance(act, Command) else act for act in step.commands)
    return replace(step, commands=tuple(acts))


def _alone(command: Command) -> Command:
    """Without `flock --shared FILE` before it."""
    if "flock" not in command.argv:
        return command
    begin = command.argv.index("flock")
    return replace(command, argv=command.argv[:begin] + command.argv[begin + 3 :])


def _walk(fleet: Fleet, plan: Plan, audience: Audience) -> Run:
    from homelab_tasks import prepare
    from homelab_tasks.execute import execute
    from homelab_tasks.pipeline import Run
    from homelab_tasks.pulls import pull

    trouble, plan = pull(fleet, plan)
    trouble += prepare.deliver(fleet, plan.deliveries)
    if trouble:
        raise SystemExit("\n".join(trouble))
    return Run(fleet.repo, plan, execute(plan, _crews(fleet), audience.tell(plan)))


def _crews(fleet: Fleet) -> Mapping[str, Crew]:
    from concurrent.futures import Future

    from homelab_tasks.author import who
    from homelab_tasks.crew import Crew
    from homelab_tasks.ledger import Ledger

    class NoLedger(Ledger):
        """Nothing is locked, nothing is written."""

        def __init__(self) -> None:
            self.lost = ""

        def record(self, *_: object) -> Future[str]:
            answer: Future[str] = Future()
            answer.set_result("")
            return answer

    return {n: Crew(fleet.runners[n], NoLedger(), dict(seen.records), who()) for n, seen in fleet.seen.items()}
