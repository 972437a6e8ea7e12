"""Hooks of services as acts of their steps: what runs around the change of containers, and what one of them kept."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from msgspec.structs import replace

from ..command import Command, lasting
from ..model import Hook, Moment, Service
from . import Call, Step, Verb
from .facts import Facts
from .past import Past
from .survey import Finding

_CHANGING = (Verb.CREATE, Verb.UPDATE, Verb.START, Verb.RESTART, Verb.RECREATE)
_KEEP = re.compile(r"homelab: keep (\S.{0,499})")


def with_hooks(step: Step, service: Service, facts: Facts, past: Past | None) -> Step:
    """The step with the hooks of its service around what it does to containers. One that goes back to the `past` has
    only what comes before that.
    """
    if step.verb not in _CHANGING or step.blocked or not service.hooks:
        return step
    moment = Moment.BEFORE_ROLLBACK if past else Moment.BEFORE_DEPLOY
    before = list(_calls(moment, step, service, facts, past))
    after = [] if past else list(_calls(Moment.AFTER_DEPLOY, step, service, facts, past))
    waits = [step.gate] if after and step.gate else []
    return replace(step, commands=(*before, *step.commands, *waits, *after))


def hooks_of(step: Step) -> tuple[Hook, ...]:
    """The hooks that run with a step, in their order."""
    return tuple(act.hook for act in step.commands if isinstance(act, Call))


def kept_by(said: str) -> str:
    """What a hook kept, as its last line names it: `homelab: keep dumps/plex.sql`; "" where it says nothing."""
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    found = _KEEP.fullmatch(lines[-1]) if lines else None
    return found[1] if found and found[1].isprintable() else ""


def offers(findings: Iterable[Finding]) -> Iterator[str]:
    """What was kept of services when the versions were left that they go back to, and lies on their hosts."""
    for finding in findings:
        name, past = finding.service.name, finding.past
        if past and past.kept:
            taken = any(hook.moment is Moment.BEFORE_ROLLBACK for hook in finding.service.hooks)
            move = "before_rollback is told of it" if taken else "put it back yourself if it is needed"
            yield f"{name}: when this version was left, {past.kept} was kept on {finding.host.name}; {move}"


def _calls(moment: Moment, step: Step, service: Service, facts: Facts, past: Past | None) -> Iterator[Call]:
    project = facts.project(service, step.host)
    variables = _variables(moment, step, service, facts, past)
    lock = ("flock", "--shared", project.working) if project.working else ()
    for hook in service.hooks:
        if hook.moment is moment:
            words = [f"{name}={value}" for name, value in variables.items()]
            argv = ("env", *words, *lock, *lasting("bash", "-c", hook.run, service.name))
            yield Call(hook, Command(argv, directory=project.directory, timeout=hook.timeout))


def _variables(moment: Moment, step: Step, service: Service, facts: Facts, past: Past | None) -> Mapping[str, str]:
    seen = facts.seen[step.host.name]
    record = seen.records.get(service.name)
    running = [c.key for c in seen.of_project(service.project) if c.state == "running"]
    return {
        "HOMELAB_HOOK": moment.value,
        "HOMELAB_SERVICE": service.name,
        "HOMELAB_HOST": step.host.name,
        "HOMELAB_PROJECT": service.project,
        "HOMELAB_COMMIT": (step.entry.commit if step.entry else "") or facts.repo.base,
        "HOMELAB_FROM": record.commit if record else "",
        "HOMELAB_RUNNING": " ".join(sorted(running)),
        "HOMELAB_KEPT": past.kept if past else "",
        "COMPOSE_PROJECT_NAME": service.project,
    }
