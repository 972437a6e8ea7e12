"""What differs between two resolved compose models, container by container, in words that hold no secret."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct

from . import Change
from .redefined import declared

Model = Mapping[str, Any]

# Shown with their values, as images, ports and mounts are: Docker shows them to whoever lists containers. Everything
# else may carry a secret (a command line, a label, what a `.env` fills) and is named only.
_SHOWN = {"container_name", "restart", "network_mode", "privileged", "init", "platform", "scale"}
_SILENT = {"depends_on"}  # order inside the project: no container differs by it
_KEEPING = {"build", "profiles", "pull_policy", "scale"}  # Compose leaves the container alone when these change


class Difference(Struct, frozen=True):
    """`changes` for a person; `containers` are the keys that Compose will make anew because of them."""

    changes: tuple[Change, ...]
    containers: frozenset[str]


def difference(before: Model, after: Model) -> Difference:
    """Compare two outputs of `docker compose config --format json` of one project."""
    old, new = before.get("services") or {}, after.get("services") or {}
    changes: list[Change] = []
    touched: set[str] = set()
    for key in sorted({*old, *new}):
        found = _container(key, old.get(key), new.get(key))
        changes += [change for _, change in found]
        kept = _KEEPING | ({"deploy"} if _only_replicas(old.get(key) or {}, new.get(key) or {}) else set())
        touched |= {key} if {field for field, _ in found} - kept else set()
    touched |= _borrowers(new, touched)
    for kind in ("networks", "volumes", "configs", "secrets"):
        changes += declared(kind, before, after)
    return Difference(tuple(changes), frozenset(touched & set(new)))


def namespace_users(model: Model, owners: Iterable[str]) -> frozenset[str]:
    """Keys whose network is that of one of `owners`, in the same project."""
    return frozenset(_borrowers(model.get("services") or {}, set(owners)))


def _borrowers(services: Model, owners: set[str]) -> set[str]:
    modes = {f"service:{owner}" for owner in owners}
    return {key for key, container in services.items() if container.get("network_mode") in modes}


def _container(key: str, old: Model | None, new: Model | None) -> list[tuple[str, Change]]:
    """Changes with the field that each is about, "" for the container as a whole."""
    if old is None:
        return [("", Change(key, "added"))]
    if new is None:
        return [("", Change(key, "removed"))]
    fields = sorted({*old, *new} - _SILENT)
    return [(field, Change(key, text)) for field in fields for text in _field(field, old.get(field), new.get(field))]


def _only_replicas(old: Model, new: Model) -> bool:
    """How many there are to be is no matter of the single container."""
    before, after = ({**(c.get("deploy") or {"": ""}), "replicas": 0} for c in (old, new))
    return before == after


def _field(name: str, old: Any, new: Any) -> list[str]:  # noqa: PLR0911 - one a kind of field
    if old == new:  # to Compose an empty one is another than none, and so is another order
        return []
    match name:
        case "image":
            return [f"image {_short(old, new)}"]
        case "environment" | "labels":
            return _keys(name, old or {}, new or {})
        case "ports":
            return _items("port", map(_port, old or ()), map(_port, new or ()))
        case "volumes":
            return _items("mount", map(_mount, old or ()), map(_mount, new or ()))
        case "networks":
            return _items("network", old or {}, new or {})
        case _ if name in _SHOWN:
            return [f"{name} {_value(old)} -> {_value(new)}"]
        case _:
            return [f"{name} {'added' if old is None else 'removed' if new is None else 'changed'}"]


def _keys(name: str, old: Model, new: Model) -> list[str]:
    added = [f"{name} + {key}" for key in sorted({*new} - {*old})]
    removed = [f"{name} - {key}" for key in sorted({*old} - {*new})]
    changed = [f"{name} ~ {key}" for key in sorted({*old} & {*new}) if old[key] != new[key]]
    return added + removed + changed


def _items(word: str, old: Iterable[str], new: Iterable[str]) -> list[str]:
    before, after = list(old), list(new)
    added = [f"{word} + {item}" for item in after if item not in before]
    removed = [f"{word} - {item}" for item in before if item not in after]
    return added + removed or [f"{word}s changed"]


def _port(port: Any) -> str:
    if not isinstance(port, Mapping):
        return str(port)
    address = f"{port['host_ip']}:" if port.get("host_ip") else ""
    published = f"{address}{port['published']}:" if port.get("published") else ""
    protocol = "" if port.get("protocol", "tcp") == "tcp" else f"/{port['protocol']}"
    return f"{published}{port.get('target', '')}{protocol}"


def _mount(mount: Any) -> str:
    if not isinstance(mount, Mapping):
        return str(mount)
    mode = ":ro" if mount.get("read_only") else ""
    return f"{mount.get('source', mount.get('type', ''))}:{mount.get('target', '')}{mode}"


def _short(old: Any, new: Any) -> str:
    """`1.40.2 -> 1.41.0` where only the tag moved, else both names in full."""
    old_name, _, old_tag = str(old or "").rpartition(":")
    new_name, _, new_tag = str(new or "").rpartition(":")
    if old_name and old_name == new_name:
        return f"{old_tag} -> {new_tag}"
    return f"{_value(old)} -> {_value(new)}"


def _value(value: Any) -> str:
    return "(none)" if value is None else str(value).lower() if isinstance(value, bool) else str(value)
