"""Looks at a host, and carries a plan of setup out: one step after the other, until one fails."""

from __future__ import annotations

from collections.abc import Callable

from msgspec import Struct

from ..command import command
from ..commands import setup as commands
from ..commands.sudo import Rights, Root
from ..errors import Refused
from ..model import Host, Repo
from ..runner import Result, Runner
from .folders import paths
from .plan import plan_setup
from .seen import parse
from .step import Plan, Step

_ATTEMPTS = 3
_FORBIDDEN = ("not in the sudoers", "is not allowed", "may not run sudo")


class Outcome(Struct, frozen=True):
    """How one step ended: `why` it failed, or ""."""

    step: Step
    why: str = ""


def look(repo: Repo, host: Host, runner: Runner) -> Plan:
    """See the host and plan what it lacks. Raises Refused where it does not answer sensibly."""
    result = runner.run(commands.look(paths(repo, host)))
    seen = parse(result.text)
    if seen is None:
        raise Refused(f"looking at {host.name} failed ({_said(result)})", move="mend that there, then the same again")
    return plan_setup(repo, host, seen)


def become_root(runner: Runner, plan: Plan, ask: Callable[[str], str]) -> Root:
    """The way to root's rights on the host; `ask` gives the password of sudo where it needs one. Raises Refused."""
    if plan.seen.rights is not Rights.ASKS or not plan.needs_root:
        return Root(plan.seen.rights)
    user, host = plan.seen.user, plan.host.name
    for _ in range(_ATTEMPTS):
        root = Root(Rights.ASKS, ask(f"password of {user} for sudo on {host}: "))
        result = runner.run(root.command(command("true")))
        if result.ok:
            return root
        if result.lost:
            raise Refused(f"connection to {host} lost", move="run the same again")
        if any(word in result.stderr for word in _FORBIDDEN):
            raise Refused(f"{user} may not use sudo on {host}", move=f"as root there: usermod -aG sudo {user}")
    raise Refused(f"sudo on {host} did not take the password of {user}", move="nothing was changed; try again")


def carry_out(runner: Runner, plan: Plan, root: Root, tell: Callable[[Outcome], None]) -> bool:
    """Do the steps; False when one has failed, and the rest was left."""
    for step in plan.steps:
        why = _do(runner, step, root)
        tell(Outcome(step, why))
        if why:
            return False
    return True


def _do(runner: Runner, step: Step, root: Root) -> str:
    for act in step.acts:
        result = runner.run(root.command(act.command) if act.root else act.command)
        if not result.ok:
            return f"{act.typed(root.rights)}: {_said(result)}"
    return ""


def _said(result: Result) -> str:
    if result.exit == 124:
        return "it took too long and was ended"
    lines = [line.strip() for line in (result.stderr or result.text).splitlines() if line.strip()]
    errors = [line for line in lines if line.startswith(("E: ", "Err:"))]
    return (errors or lines or [f"exit status {result.exit}"])[-1]
