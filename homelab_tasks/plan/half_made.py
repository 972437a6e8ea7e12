"""What an update leaves that a power cut, or the end of dockerd, stopped in its middle. Compose makes the new container
under a passing name, removes the old one, and renames the new one; where it finds a passing name taken it gives up.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from ..command import Command
from ..commands import docker
from ..model import Service
from ..observe import SeenContainer
from . import Step, Verb
from .facts import Facts

_CHANGING = (Verb.CREATE, Verb.UPDATE, Verb.START, Verb.RESTART, Verb.RECREATE)
_PASSING = re.compile(r"[0-9a-f]{12}_(.+)")


def completed(step: Step, service: Service, facts: Facts) -> Step:
    """The step, which first tidies up after an update that never came to its end."""
    if step.verb not in _CHANGING or step.blocked:
        return step
    before = tuple(_tidy(facts.seen[step.host.name].of_project(service.project)))
    return replace(step, commands=(*before, *step.commands)) if before else step


def never_started(service: Service, model: Mapping[str, Any], there: Iterable[SeenContainer]) -> frozenset[str]:
    """Keys of containers that were made and never started: one may lack what Compose brings into it before that."""
    known = {*(model.get("services") or {container.key for container in service.stack.containers})}
    states: dict[str, set[str]] = {}
    for container in there:
        states.setdefault(container.key, set()).add(container.state)
    return frozenset(key for key, found in states.items() if found == {"created"} and key in known)


def _tidy(containers: Iterable[SeenContainer]) -> Iterator[Command]:
    """Beside the old one the new one is of no use. Alone it has the volumes that no name tells of: it stays."""
    there = {container.name: container for container in containers}
    for name, container in there.items():
        passing = _PASSING.fullmatch(name)
        if not passing or container.state != "created":
            continue
        yield docker.remove(container.id) if passing[1] in there else docker.rename(container.id, passing[1])
