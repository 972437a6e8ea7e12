"""What a failed run leaves to itself on the way back: a container that was sick before, and was only restarted."""

from __future__ import annotations

from ..observe import Observation
from ..plan import Verb
from ..plan.drift import find_drift
from .earlier import Touched


def only_restarted(one: Touched, seen: Observation) -> bool:
    """Nothing can be put back: `seen` has the very containers of before, all of them up, with the files and settings
    of before.
    """
    if one.step.verb is not Verb.RESTART:
        return False
    drift = find_drift(one.repo, one.repo.services[one.step.subject], seen)
    there = {container.id for container in seen.containers}
    other = drift.absent or drift.borrowed or drift.outdated or drift.pin or not drift.settled
    return not other and all(container.id in there for container in one.record.containers)
