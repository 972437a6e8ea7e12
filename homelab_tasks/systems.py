"""What comes around the activation of NixOS systems: root's rights before, the builds, and a new look afterwards."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterable, Mapping
from getpass import getpass

from msgspec.structs import replace

from .commands import nixos
from .commands.sudo import Rights, Root
from .crew import Crew
from .errors import HomelabError, Refused
from .execute import execute
from .fleet import Fleet, in_parallel, watched
from .health import INTERRUPTED
from .ledger import open_ledger
from .model import Host, OnFailure
from .observe import look, parse
from .outcome import Outcome, Phase, Progress, Report, Status, Tell
from .plan import Plan, Step, Verb
from .plan.renewed import renewed_like
from .runner import Runner

DOCKER_PATIENCE = 90.0  # seconds; the switch, or a reboot, has restarted it
_PAUSE = 0.5
_ATTEMPTS = 3


def steps_of(plan: Plan) -> tuple[Step, ...]:
    """The steps that activate systems, and can be tried."""
    return tuple(step for step in plan.steps if step.verb is Verb.SYSTEM and not step.blocked)


def rights(fleet: Fleet, plan: Plan) -> Mapping[str, Root]:
    """How each host whose system changes gives root's rights; asks for a password where sudo does.

    Raises Refused where there is no way.
    """
    hosts = [step.host for step in steps_of(plan) if step.host.name in fleet.runners]
    answers = in_parallel(lambda host: fleet.runners[host.name].run(nixos.rights()), hosts)
    found: dict[str, Root] = {}
    password = ""
    for host, answer in zip(hosts, answers, strict=True):
        if answer.lost:
            fleet.lose(host.name, f"{host.name} was lost ({answer.stderr.strip()}); run the same again")
            continue
        kind = answer.text.strip()
        if kind == Rights.ASKS.value:
            password = _password(fleet.runners[host.name], password)
        elif kind not in (Rights.ROOT.value, Rights.FREE.value):
            who = host.user or "the user"
            raise Refused(f"{who} cannot become root on {host.name}: there is no sudo", move="install it there")
        found[host.name] = Root(Rights(kind), password if kind == Rights.ASKS.value else "")
    return found


def _password(runner: Runner, known: str) -> str:
    """The password that sudo on the host takes; the last one that was typed is tried first."""
    for _ in range(_ATTEMPTS):
        if known and runner.run(Root(Rights.ASKS, known).command(nixos.nothing())).ok:
            return known
        if not sys.stdin.isatty():
            break
        known = getpass(f"password for sudo on {runner.host.name}: ", stream=sys.stderr)
    if known and runner.run(Root(Rights.ASKS, known).command(nixos.nothing())).ok:
        return known
    what = f"sudo on {runner.host.name} asks for a password"
    raise Refused(what, move=f"{nixos.NOPASSWD}; nothing was changed")


def build(fleet: Fleet, plan: Plan, crews: Mapping[str, Crew], tell: Tell) -> tuple[str, ...]:
    """Build every system that is to be activated, all hosts at once; what went wrong, one sentence a host.

    A host that is lost meanwhile becomes unfit.
    """
    steps = [step for step in steps_of(plan) if step.build and step.host.name in fleet.seen]
    for step in steps:
        tell(Progress(step, Phase.BUILDING))

    def make(step: Step) -> str:
        assert step.build  # noqa: S101 - those without were left out
        host = step.host
        result = fleet.runners[host.name].run(step.build)
        if result.lost:
            fleet.lose(host.name, f"{host.name} was lost while its system was built; run the same again")
        if not result.ok:
            return "" if result.lost else nixos.why_not_built(host, result.stderr)
        crews[host.name].built = result.text.strip()
        return ""

    return tuple(filter(None, in_parallel(make, steps)))


def execute_first(fleet: Fleet, plan: Plan, crews: Mapping[str, Crew], make: Callable[[], Plan], tell: Tell) -> Report:
    """Execute a plan with systems: they come first, one by one; then their hosts are looked at again and the rest is
    planned anew, as a switch may have restarted Docker, and a reboot everything.
    """
    system = [step for step in plan.steps if step.verb is Verb.SYSTEM]
    report = execute(replace(plan, steps=tuple(system)), crews, tell)
    report = replace(report, plan=plan)
    if why := _why_no_more(report):
        return _without_the_rest(report, why)
    hosts = [outcome.step.host for outcome in report.of(Status.DONE)]
    look_again(fleet, crews, hosts, after="after its system changed")
    try:
        again = renewed_like(make(), plan)
    except Refused as refusal:
        return _without_the_rest(report, str(refusal))
    if again.faults:
        return _without_the_rest(report, again.faults[0])
    left = [step for step in again.steps if step.verb is not Verb.SYSTEM]
    whole = replace(again, steps=(*system, *left), deliveries=plan.deliveries)
    rest = execute(whole, crews, tell, report.outcomes)
    restarted = report.restarted | rest.restarted
    return replace(rest, touched=report.touched | rest.touched, restarted=restarted)


def _why_no_more(report: Report) -> str:
    """Why nothing comes after the systems; "" where the rest does."""
    if report.interrupted:
        return INTERRUPTED
    failed = [outcome.step for outcome in report.of(Status.FAILED) if outcome.step.key in report.touched]
    if failed and report.plan.on_failure is not OnFailure.KEEP:
        return f"not started, as {failed[0].subject} failed"
    return ""


def _without_the_rest(report: Report, why: str) -> Report:
    ended = {outcome.step.key for outcome in report.outcomes}
    left = (Outcome(step, Status.SKIPPED, why=why) for step in report.plan.steps if step.key not in ended)
    return replace(report, outcomes=(*report.outcomes, *left))


def look_again(fleet: Fleet, crews: Mapping[str, Crew], hosts: Iterable[Host], *, after: str) -> None:
    """See hosts as they are now, `after` something that may have restarted Docker; waits until that answers there. Of
    one where it does not, what was seen before stays for the journal.
    """

    def see(host: Host) -> None:
        end = time.monotonic() + DOCKER_PATIENCE
        while True:
            result = crews[host.name].runner.run(look(host, watched(fleet.repo, host)))
            seen = parse(host, result.text)
            if not fleet.problems_of(seen) or result.lost or time.monotonic() > end:
                break
            time.sleep(_PAUSE)
        if problems := fleet.problems_of(seen):
            fleet.unfit[host.name] = f"{after}: {problems[0]}"
        else:
            fleet.see(host, seen)
            crews[host.name].records = dict(fleet.seen[host.name].records)

    in_parallel(see, list(hosts))


def reopener(fleet: Fleet, crew: Crew, who: str, closing: Callable[[Callable[[], None]], object]) -> None:
    """Let `crew` go on over another connection, where its system took the old one away: locked again, and later
    closed with the rest.
    """

    def reopen(runner: Runner) -> str:
        host = runner.host
        try:
            held = open_ledger(runner, who, fleet.repo.branch, watched(fleet.repo, host))
        except (HomelabError, ConnectionError) as error:
            return str(error)
        crew.runner.close()
        crew.runner, crew.ledger = runner, held.ledger
        fleet.runners[host.name] = runner
        closing(held.ledger.close)
        return ""

    crew.reopen = reopen
