"""Who waits for health, and of what: a wait that never ends, and one that sees nothing."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct

from .. import graph
from ..model import Edge, Reason
from ..problem import Place, Problem, Rule, Severity
from ..repo.document import Map, Seq
from .compose_view import Entry, View
from .facts import Facts

NEVER = Rule("C013", "waits-for-no-health", Severity.ERROR, "a container waits for health that is never checked")
MAYBE = Rule(
    "C014", "waits-for-unseen-health", Severity.WARNING, "a container waits for a health check not in the file"
)
BLIND = Rule("C015", "no-healthcheck", Severity.WARNING, "services need this one, and nothing says when it is up")
STARTED = Rule("C016", "waits-for-start-only", Severity.NOTICE, "a container with a healthcheck is not waited for")

_HEALTHY = "service_healthy"
_WAITING = (
    Reason.DECLARED,
    Reason.NAMESPACE,
    Reason.LINK,
)  # a shared network or volume is there before its maker is up


class Checked(Struct, frozen=True):
    """What the file says about a container's health check."""

    given: bool
    disabled: bool
    place: Place


def checked(entry: Entry) -> Checked:
    """Read from all files: `disable: true` and the test NONE turn off what the image brings."""
    disable, test = entry.under("healthcheck", "disable"), entry.under("healthcheck", "test")
    none = test is not None and (test[0][:1] if isinstance(test[0], Seq) else [test[0]]) == ["NONE"]
    off = none or (disable is not None and disable[0] in (True, "true"))
    return Checked(bool(test) and not off, off, entry.place_of("healthcheck"))


def check_waits(view: View) -> Iterator[Problem]:
    """The waits among the containers of one stack."""
    health = {key: checked(entry) for key, entry in view.entries.items()}
    for entry in view.entries.values():
        for holder in entry.holders("depends_on"):
            waited = holder["depends_on"]
            if isinstance(waited, Seq):
                yield from _short(entry, waited, health)
            elif isinstance(waited, Map):
                yield from _long(entry, waited, health)


def check_dependents(view: View, needed_by: Mapping[str, tuple[Edge, ...]]) -> Iterator[Problem]:
    """Services that wait for a stack none of whose containers says when it is up."""
    service = view.service
    waiting = sorted({e.dependent for e in needed_by[service.name] if e.reason in _WAITING})
    if not waiting or service.health.checks or not view.entries:
        return
    if any(checked(entry).given for entry in view.entries.values()):
        return
    first = next(iter(view.entries.values()))
    others = ", ".join(waiting[:3]) + (f" and {len(waiting) - 3} more" if len(waiting) > 3 else "")
    what = f"{others} {'needs' if len(waiting) == 1 else 'need'} {service}, and nothing says when it is up"
    yield BLIND.at(first.place, what, "add healthcheck: to the container, or health: to service.yaml")


def needed_by(facts: Facts) -> Mapping[str, tuple[Edge, ...]]:
    """Each service's edges from what needs it."""
    return graph.needed_by(facts.repo)


def _long(entry: Entry, waited: Map, health: Mapping[str, Checked]) -> Iterator[Problem]:
    for name, said in waited.items():
        if not isinstance(said, Map) or said.get("condition") != _HEALTHY or name not in health:
            continue
        place = said.value_place("condition")
        if health[name].disabled:
            what = f"{entry.key!r} waits until {name!r} is healthy, and its healthcheck is turned off"
            yield NEVER.at(place, what, f"turn it on ({health[name].place}), or wait for service_started")
        elif not health[name].given:
            what = f"{entry.key!r} waits until {name!r} is healthy, and {name!r} has no healthcheck in this file"
            move = f"add one to {name!r}: only an image that brings its own makes this wait end"
            yield MAYBE.at(place, what, move)


def _short(entry: Entry, waited: Seq, health: Mapping[str, Checked]) -> Iterator[Problem]:
    for name, place in waited.texts():
        if name in health and health[name].given:
            what = f"{entry.key!r} starts as soon as {name!r} runs, though {name!r} has a healthcheck"
            yield STARTED.at(place, what, f"write {name}: {{condition: {_HEALTHY}}}")
