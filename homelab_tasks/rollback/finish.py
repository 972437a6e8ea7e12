"""What a plan of the engine still lacks to be a rollback: recorded systems, and what protects services."""

from __future__ import annotations

from collections.abc import Iterator

from msgspec.structs import replace

from ..plan import Plan, Step, Verb
from ..plan.system import restore
from .aim import Aim
from .scene import Scene


def finished(scene: Scene, plan: Plan, *, allow_removals: bool) -> Plan:
    """The plan with systems as recorded, and with the faults that protected services are."""
    faults = () if allow_removals else tuple(_protected(scene, plan))
    steps = tuple(_as_recorded(scene, step) for step in plan.steps)
    return replace(plan, steps=steps, faults=(*plan.faults, *faults))


def systems_that_stay(scene: Scene, aim: Aim) -> Iterator[str]:
    """NixOS hosts whose files were others then, where only services go back."""
    if scene.asked.system or scene.asked.services is not None:
        return
    for name, files in aim.there.systems.items():
        seen = scene.fleet.seen.get(name) if not aim.hosts or name in aim.hosts else None
        if seen and seen.systems and files and seen.systems[-1].files != files:
            yield f"the NixOS of {name} stays as it is; --system takes it back too"


def _protected(scene: Scene, plan: Plan) -> Iterator[str]:
    for step in plan.steps:
        service = scene.repo.services.get(step.subject)
        if step.verb is Verb.REMOVE and not step.moved and service and service.protect:
            what = f"{step.subject} did not exist then, and is protected (protect: true)"
            yield f"{what}; if it is really to go: --allow-removals"


def _as_recorded(scene: Scene, step: Step) -> Step:
    """A system of the very same files that ran before is not built anew."""
    if step.verb is not Verb.SYSTEM or step.blocked:
        return step
    seen, files = scene.fleet.seen[step.host.name], scene.fleet.repo.systems[step.host.name]
    known = [record for record in seen.systems if record.files == files]
    if not known:
        return step
    return restore(step.host, seen, known[-1], cause=", ".join(step.causes), reboot=scene.asked.reboot)
