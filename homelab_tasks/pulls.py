"""Images come to the hosts before anything changes: those that are missing, and those that are to be new."""

from __future__ import annotations

from msgspec import Struct

from .command import Command
from .commands import docker
from .fleet import Fleet, in_parallel
from .model import Host
from .plan import Plan
from .plan.renewed import told, with_renewed
from .prepare import trouble_of


class _Pull(Struct, frozen=True):
    host: Host
    image: str
    subject: str
    age: float | None = None  # of an image that is there: from which one on it is pulled again

    @property
    def order(self) -> Command:
        return docker.pull(self.image) if self.age is None else docker.renew(self.image, self.age)

    @property
    def move(self) -> str:
        if self.age is None:
            return f"check its name, and try it there: docker pull {self.image}"
        return f"try it there: docker pull {self.image}, or take the one that is there with pull_policy: missing"


def pull(fleet: Fleet, plan: Plan) -> tuple[tuple[str, ...], Plan]:
    """Fetch what the plan says; what went wrong, one sentence an image, and the plan with what follows from names that
    mean other images since.
    """
    wanted = _wanted(plan)

    def fetch(one: _Pull) -> tuple[str, str]:
        result = fleet.runners[one.host.name].run(one.order)
        why = trouble_of(fleet, one.host, f"pulling {one.image} for {one.subject}", result, move=one.move)
        return why, result.text.strip() if result.ok and one.age is not None else ""

    answers = dict(zip(wanted, in_parallel(fetch, list(wanted.values())), strict=True))
    after = with_renewed(plan, {place: ident for place, (_, ident) in answers.items() if ident})
    fleet.notes += told(plan, after)
    return tuple(why for why, _ in answers.values() if why), after


def _wanted(plan: Plan) -> dict[tuple[str, str], _Pull]:
    """By host and image; of several ages the least counts."""
    wanted: dict[tuple[str, str], _Pull] = {}
    for step in plan.steps:
        ages = {renewal.image: renewal.age for renewal in step.renews}
        for image in step.pulls if not step.blocked else ():
            place, age = (step.host.name, image), ages.get(image)
            known = wanted.get(place)
            if known is None or (age is not None and known.age is not None and age < known.age):
                wanted[place] = _Pull(step.host, image, step.subject, age)
    return wanted
