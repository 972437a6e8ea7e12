"""Steps, outcomes and plans for tests of what people see."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from homelab_tasks.outcome import Outcome, Report, Status
from homelab_tasks.plan import Gate, Plan, Step, Unit, Verb
from homelab_tasks.report.terminal import Style

from .builders import a_host

NARROW = Style(width=80)
PIPE = Style()
COMMIT = "5d6e7f8" + "0" * 33
BEFORE = "1a2b3c4" + "0" * 33


def a_step(name: str = "plex", verb: Verb = Verb.UPDATE, *, host: str = "nas", after: str = "", **fields: Any) -> Step:
    """A step that waits for those named in `after` (on its own host, or as `name@host`)."""
    needs = frozenset(need if "@" in need else f"{need}@{host}" for need in after.split())
    plain: dict[str, Any] = {"asked": "requested", "needs": needs, "gate": Gate(name, 180, 0.5)}
    return Step(f"{name}@{host}", verb, name, a_host(host), **{**plain, **fields})


def a_plan(*steps: Step, **fields: Any) -> Plan:
    return Plan(**{"title": "deploy-all", "commit": COMMIT, "steps": steps, **fields})


def a_unit(name: str, why: str = "unchanged", *, host: str = "nas") -> Unit:
    return Unit(name, a_host(host), why)


def done(step: Step, seconds: float = 1.3) -> Outcome:
    return Outcome(step, Status.DONE, seconds)


def failed(step: Step, why: str = "container web is unhealthy", log: Iterable[str] = ()) -> Outcome:
    return Outcome(step, Status.FAILED, 3.2, why, tuple(log))


def skipped(step: Step, why: str) -> Outcome:
    return Outcome(step, Status.SKIPPED, why=why)


def a_report(*outcomes: Outcome, **fields: Any) -> Report:
    plan = fields.pop("plan", None) or a_plan(*(outcome.step for outcome in outcomes))
    return Report(plan, outcomes, **{"seconds": 12.3, **fields})


def screen(text: str) -> str:
    """A literal screen: without the first and the last line break."""
    return text.strip("\n")
