"""One step's acts on its host, on a thread of its own: run, wait for health, and say why not."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import Future

from . import health, taken
from .command import Command
from .commands import compose
from .crew import Crew
from .events import Events
from .health import Verdict, Watch
from .model import Hook, Moment
from .plan import Act, Call, Gate, PutAside, Step, Switch
from .plan.hooks import kept_by
from .runner import Result, Runner


def once_noted(begun: Future[str] | None, work: Callable[[], Verdict]) -> Verdict:
    """Do the work when the host has written down that it begins."""
    unwritten = begun.result() if begun else ""
    return Verdict(why=f"not begun: {unwritten}") if unwritten else work()


def apply(crew: Crew, step: Step, watch: Watch, events: Events) -> Verdict:
    """Run the acts of a step one after the other, up to the first that fails."""
    for act in step.commands:
        verdict = Verdict(why=crew.ledger.lost) if crew.ledger.lost else _do(crew, step, act, watch, events)
        if verdict.why:
            return verdict
    return Verdict()


def check(runner: Runner, gate: Gate, watch: Watch, events: Events) -> Verdict:
    """Wait until a project is up; woken by Docker's events."""
    try:
        events.follow(gate.project, watch.wake)
        return health.wait(runner, gate, watch)
    except ConnectionError as error:
        return Verdict(why=_why_lost(runner, error))


def _do(crew: Crew, step: Step, act: Act, watch: Watch, events: Events) -> Verdict:
    if isinstance(act, Gate):
        return check(crew.runner, act, watch, events)
    if isinstance(act, Switch):
        from .switch import switch

        return switch(crew, act)
    if isinstance(act, Call):
        return _call(crew, step, act)
    if isinstance(act, PutAside):
        result = crew.runner.run(act.command)
        crew.note_aside(step, result.text)
    else:
        result = _run(crew.runner, act)
    if result.ok:
        return Verdict()
    return Verdict(why=_why(crew.runner, step, result), log=_log_of(crew.runner, step, result))


def _run(runner: Runner, command: Command) -> Result:
    result = runner.run(command)
    older = None if result.ok else compose.as_older_ones_take_it(command, result.text)
    return runner.run(older) if older else result


def _call(crew: Crew, step: Step, call: Call) -> Verdict:
    result = crew.runner.run(call.command)
    if result.ok:
        crew.keep(step, kept_by(result.text))
        return Verdict()
    return Verdict(why=_why_lost_at(step, result) if result.lost else _why_not(call.hook, result))


def _log_of(runner: Runner, step: Step, result: Result) -> tuple[str, ...]:
    if result.lost or not step.gate:
        return ()
    try:
        return health.words_of_failure(runner, step.gate.project)
    except ConnectionError:
        return ()


def _why_lost(runner: Runner, error: ConnectionError) -> str:
    """Docker's own connection broke: with the host's, or alone."""
    answer = runner.run(Command(("true",), timeout=10))
    return f"{answer.stderr.strip()} while its health was awaited; run the same again" if answer.lost else str(error)


def _why(runner: Runner, step: Step, result: Result) -> str:
    if result.lost:
        return _why_lost_at(step, result)
    if result.exit == 124:
        return f"{step.verb.doing} took longer than {_limit(step.commands):g} s and was ended"
    return taken.explained(runner, _last_words(result))


def _why_lost_at(step: Step, result: Result) -> str:
    lost = result.stderr.strip() or f"the connection to {step.host.name} was lost"
    return f"{lost}; what it was doing may have been done: run the same again"


def _why_not(hook: Hook, result: Result) -> str:
    late = f"took longer than {hook.timeout:g} s and was ended"
    what = late if result.exit == 124 else f"failed: {_last_words(result)}"
    spared = "" if hook.moment is Moment.AFTER_DEPLOY else "; its containers were not touched"
    return f"its hook {hook.moment.value} {what}{spared}"


def _last_words(result: Result) -> str:
    said = compose.without_values(result.stderr or result.text)
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    return lines[-1] if lines else f"exit status {result.exit}"


def _limit(acts: Iterable[Act]) -> float:
    return max((act.timeout for act in acts if isinstance(act, Command)), default=0)
