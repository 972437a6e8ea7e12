"""Keys that exclude one another, and those of which one is needed; Compose looks when it has merged all files."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from ..problem import Place, Problem, Rule, Severity
from ..repo.document import Map, Seq
from .compose_view import Entry, View

CONFLICT = Rule("C006", "conflicting-keys", Severity.ERROR, "keys that exclude one another, or one of them is missing")
_EXTERNAL_ALONE = ("driver", "driver_opts", "labels")
_CONTENT = {"secrets": ("file", "environment"), "configs": ("file", "environment", "content")}
_PAIRS = (("mem_limit", "memory"), ("cpus", "cpus"), ("pids_limit", "pids"))


def check_conflicts(view: View) -> Iterator[Problem]:
    """The conflicts of one project; nothing for one that could not be read whole."""
    if not view.complete:
        return
    for entry in view.entries.values():
        yield from _conflicts(entry)
    for (kind, name), said in view.declared.items():
        yield from _check_declared(kind, name, said)


def _conflicts(entry: Entry) -> Iterator[Problem]:
    where = f"service {entry.key!r}"
    if not any(entry.holder(key) for key in ("image", "build", "provider")):
        yield CONFLICT.at(entry.place, f"{where} has neither an image nor a build", "add image:")
    if entry.holder("network_mode") and entry.holder("networks"):
        place = entry.place_of("network_mode")
        yield CONFLICT.at(place, f"{where} has both network_mode and networks", "keep one of them")
    if entry.under("build", "dockerfile") and (inline := entry.under("build", "dockerfile_inline")):
        yield CONFLICT.at(inline[1], f"build of {where} has both dockerfile and dockerfile_inline", "keep one of them")
    copies = [found for found in (_scale(entry), entry.under("deploy", "replicas")) if found]
    for value, place in copies[:1]:
        if entry.text("container_name") and isinstance(value, int) and value > 1:
            what = f"{where} has a container_name, which only one container can have, and asks for {value}"
            yield CONFLICT.at(place, what, "remove container_name, or run one")
    if len(copies) == 2 and copies[0][0] != copies[1][0]:
        yield CONFLICT.at(copies[0][1], f"{where}: scale and deploy.replicas differ", "keep one of them")
    yield from _limits(entry, where)
    yield from _devices(entry, where)


def _devices(entry: Entry, where: str) -> Iterator[Problem]:
    """`count` and `device_ids` of a reserved device."""
    found = entry.under("deploy", "resources")
    held = found[0].get("reservations") if found and isinstance(found[0], Map) else None
    devices = held.get("devices") if isinstance(held, Map) else None
    if not isinstance(devices, Seq):
        return
    for i, device in enumerate(devices):
        if isinstance(device, Map) and {"count", "device_ids"} <= device.keys():
            yield CONFLICT.at(devices.item_place(i), f"{where}: a device has both count and device_ids", "keep one")


def _scale(entry: Entry) -> tuple[Any, Place] | None:
    holder = entry.holder("scale")
    return (holder["scale"], holder.value_place("scale")) if holder else None


def _limits(entry: Entry, where: str) -> Iterator[Problem]:
    resources = entry.under("deploy", "resources")
    limits = resources[0].get("limits") if resources and isinstance(resources[0], Map) else None
    for plain, inner in _PAIRS:
        written = limits.text(inner) if isinstance(limits, Map) else None
        if written and entry.text(plain) and "$" not in written + entry.text(plain) and written != entry.text(plain):
            what = f"{where}: {plain} and deploy.resources.limits.{inner} differ"
            yield CONFLICT.at(entry.place_of(plain), what, "keep one of them")


def _check_declared(kind: str, name: str, said: list[tuple[Map, Place]]) -> Iterator[Problem]:
    keys = {key: value for part, _ in said for key, value in part.items() if value is not None}
    where, place = f"{kind.removesuffix('s')} {name!r}", said[0][1]
    external = keys.get("external")
    if isinstance(external, Map) and external.text("name") not in (None, keys.get("name", external.text("name"))):
        yield CONFLICT.at(place, f"{where} has two names: name and external.name", "keep name: and external: true")
    if external and kind == "volumes":
        for key in _EXTERNAL_ALONE:
            if key in keys:
                yield CONFLICT.at(place, f"{where} is external, so it cannot have {key}", f"remove {key} or external")
    given = [key for key in _CONTENT.get(kind, ()) if key in keys]
    if kind in _CONTENT and not external and "driver" not in keys and len(given) != 1:
        either = " or ".join(_CONTENT[kind])
        what = f"{where} has both {' and '.join(given)}" if given else f"{where} has no content"
        yield CONFLICT.at(place, what, "keep one of them" if given else f"add {either}")
