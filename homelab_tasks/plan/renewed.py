"""Images that are on a host and that `pull_policy` has pulled again: before anything changes, and not by Compose.

What `docker compose up` pulls in the middle of a run cannot be foretold, nor put back: it would pull once more.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from ..commands import docker
from ..commands.engine import image_name
from ..commands.resolve import Resolution, Resolved
from ..repo.policy import renewed_after
from . import Change, Plan, Renewal, Step, Verb

_ID = slice(7, 19)  # of `sha256:...`, what `docker image ls` shows


def built_images(model: Mapping[str, Any]) -> frozenset[str]:
    """Names of images that the host builds itself, for whichever container."""
    containers: Iterable[Mapping[str, Any]] = (model.get("services") or {}).values()
    return frozenset(str(c["image"]) for c in containers if c.get("image") and c.get("build"))


def renewals(resolved: Resolved | None, resolution: Resolution | None) -> tuple[Renewal, ...]:
    """What is to be pulled although it is there. An image that is built is left to Compose."""
    if not resolved or not resolved.model or not resolution:
        return ()
    found: dict[str, Renewal] = {}
    built = built_images(resolved.model)
    for key, container in (resolved.model.get("services") or {}).items():
        image, age = str(container.get("image", "")), renewed_after(str(container.get("pull_policy", "")))
        ident = resolution.stock.images.get(image_name(image)) if image else None
        if ident is None or age is None or image in built:
            continue
        known = found.get(image) or Renewal(image, ident, (), age)
        found[image] = replace(known, keys=(*known.keys, key), age=min(known.age, age))
    return tuple(found.values())


def with_renewed(plan: Plan, now: Mapping[tuple[str, str], str]) -> Plan:
    """The same plan once images were pulled: `now` has by host and image the id that the name means since."""
    return replace(plan, steps=tuple(_with_renewed(step, now) for step in plan.steps))


def renewed_like(plan: Plan, before: Plan) -> Plan:
    """`plan`, made anew after images were pulled for `before`: what of it follows from those is in both."""
    pulled = {step.key: step.renews for step in before.steps}
    return replace(plan, steps=tuple(_renewed_like(step, pulled.get(step.key, ())) for step in plan.steps))


def _renewed_like(step: Step, pulled: Iterable[Renewal]) -> Step:
    asked = {renewal.image for renewal in step.renews}
    again = tuple(renewal for renewal in pulled if renewal.image in asked)
    now = {(step.host.name, renewal.image): renewal.now for renewal in again if renewal.now}
    return _with_renewed(replace(step, renews=again), now) if now else step


def _with_renewed(step: Step, now: Mapping[tuple[str, str], str]) -> Step:
    moved = {r: ident for r in step.renews if (ident := now.get((step.host.name, r.image), r.ident)) != r.ident}
    if not moved:
        return step
    renews = tuple(replace(renewal, now=moved.get(renewal, "")) for renewal in step.renews)
    verb = Verb.UPDATE if step.verb in (Verb.START, Verb.RESTART, Verb.RECREATE) else step.verb
    causes = tuple(f"{renewal.image} means another image now" for renewal in moved)
    changes = tuple(change for renewal, ident in moved.items() for change in _changes(renewal, ident))
    commands = step.commands
    if step.verb is not Verb.CREATE and step.entry:  # else the next tidying up takes what a rollback needs
        commands = (docker.keep_images(step.entry.project, {renewal.ident for renewal in moved}), *commands)
    causes, changes = (*step.causes, *causes), (*step.changes, *changes)
    return replace(step, verb=verb, causes=causes, changes=changes, commands=commands, renews=renews)


def _changes(renewal: Renewal, ident: str) -> Iterator[Change]:
    for key in renewal.keys:
        yield Change(key, f"{renewal.image} {renewal.ident[_ID]} -> {ident[_ID]}")


def told(before: Plan, after: Plan) -> Iterator[str]:
    """What a person who agreed to the plan could not know yet."""
    for old, new in zip(before.steps, after.steps, strict=True):
        for change in new.changes[len(old.changes) :]:
            yield f"{new.subject} on {new.host.name}: {change}, as its pull_policy has it pulled"
