"""What the containers of one project say about each other: names that nobody declares, and circles."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from graphlib import CycleError, TopologicalSorter
from typing import Any

from ..errors import suggestion
from ..problem import Place, Problem, Rule, Severity
from ..repo.document import Map
from .compose_syntax import mount
from .compose_view import Entry, View

UNDEFINED = Rule("C002", "undefined-reference", Severity.ERROR, "a name that the stack does not declare")
CYCLE = Rule("C007", "circle-in-stack", Severity.ERROR, "the containers of a stack wait for each other in a circle")


def check_references(view: View) -> Iterator[Problem]:
    """The faults of one project that no single file shows; nothing for one that could not be read whole."""
    if not view.complete:
        return
    for entry in view.entries.values():
        if view.service.stack.containers and _wanted(entry, view):
            yield from _undefined(entry, view)
    yield from _circles(view)


def _wanted(entry: Entry, view: View) -> bool:
    """Compose does not look at a container whose profile is not asked for."""
    return next((not c.profiles for c in view.service.stack.containers if c.key == entry.key), True)


def _undefined(entry: Entry, view: View) -> Iterator[Problem]:
    for kind, name, place in _used(entry):
        if (kind, name) not in view.declared and "$" not in name:
            known = sorted(other for group, other in view.declared if group == kind)
            move = _declare(kind, name, known)
            yield UNDEFINED.at(
                place, f"service {entry.key!r} uses {kind.removesuffix('s')} {name!r}, not declared", move
            )
    for key, name, place in needs(entry):
        if "$" in name or name == entry.key:
            continue
        if name not in view.entries:
            what = f"{key} of service {entry.key!r}: no service {name!r} in this stack"
            yield UNDEFINED.at(place, what, _elsewhere(key, name, entry, view))
        elif not _wanted(view.entries[name], view) and not _optional(entry, name):
            what = f"{key} of service {entry.key!r}: {name!r} has a profile, so it may not be there"
            yield UNDEFINED.at(place, what, f"give both the same profiles:, or remove those of {name!r}")


def _declare(kind: str, name: str, known: list[str]) -> str:
    if kind == "volumes" and "/" in name:
        return f"write ./{name} for a folder beside the compose file"
    return suggestion(name, known, kind.removesuffix("s")) if known else f"declare it under {kind}:"


def _used(entry: Entry) -> Iterator[tuple[str, str, Place]]:
    for name, place in entry.items("networks"):
        if isinstance(name, str) and name != "default":
            yield "networks", name, place
    for kind in ("secrets", "configs"):
        for item, place in entry.items(kind):
            name = item.text("source") if isinstance(item, Map) else item
            if isinstance(name, str):
                yield kind, name, place
    for item, place in entry.items("volumes"):
        if name := _named_volume(item):
            yield "volumes", name, place


def _named_volume(item: Any) -> str:
    if isinstance(item, Map):
        return (item.text("source") or "") if item.get("type") == "volume" else ""
    parts = mount(item) if isinstance(item, str) else []
    is_path = not parts or parts[0][:1] in (".", "/", "~", "$", "\\") or parts[0][1:2] == ":"
    return parts[0] if len(parts) > 1 and not is_path else ""


def needs(entry: Entry) -> Iterator[tuple[str, str, Place]]:
    """The containers of the same stack that this one names: which key does it, the name, and where."""
    for name, place in entry.items("depends_on"):
        if isinstance(name, str):
            yield "depends_on", name, place
    for name, place in entry.items("links"):
        if isinstance(name, str):
            yield "links", name.partition(":")[0], place
    for name, place in entry.items("volumes_from"):
        if isinstance(name, str) and not name.startswith("container:"):
            yield "volumes_from", name.partition(":")[0], place
    for key in ("network_mode", "pid", "ipc"):
        mode, _, name = entry.text(key).partition(":")
        if mode == "service":
            yield key, name, entry.place_of(key)


def _elsewhere(key: str, name: str, entry: Entry, view: View) -> str:
    """The next move where a container of the same stack is named that is not there."""
    others = sorted(other for other in view.entries if other != entry.key)
    if near := get_close_matches(name, others, n=1):
        return f"did you mean {near[0]!r}?"
    if name not in view.stacks:
        return f"it has {', '.join(others)}" if others else f"remove it, or add {name} to the file"
    if key == "depends_on":
        return f"{name} is another stack: write depends_on: [{name}] in service.yaml"
    return f"{name} is another stack: write {key}: container:CONTAINER_NAME" if key != "links" else "use external_links"


def _optional(entry: Entry, name: str) -> bool:
    said = entry.under("depends_on", name)
    return said is not None and isinstance(said[0], Map) and said[0].get("required") is False


def _circles(view: View) -> Iterator[Problem]:
    below = {key: {name: place for _, name, place in needs(entry)} for key, entry in view.entries.items()}
    while circle := _circle(below):
        place = below[circle[0]].pop(circle[1])
        yield CYCLE.at(place, f"circle of containers: {' -> '.join(circle)}", "remove one of these needs")


def _circle(below: dict[str, dict[str, Place]]) -> list[str]:
    """One circle, its first name also the last; empty if there is none."""
    try:
        TopologicalSorter(below).prepare()
    except CycleError as error:
        return list(reversed(error.args[1]))
    return []
