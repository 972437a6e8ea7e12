"""What containers get as `configs` and `secrets`: Compose takes no notice of it when it looks for what to make anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Model = Mapping[str, Any]
_KINDS = ("configs", "secrets")


def others_handed(before: Model, old: Model, model: Model, new: Model, *, other_env: bool) -> bool:
    """The container `new` of `model` gets something else than `old` did: another path, text, variable, or another value
    of that. Where only one of the models has the hash of a value, it may be another with `other_env` files.
    """
    was, now = ({(kind, name): body for kind, name, body in _used(*of)} for of in ((before, old), (model, new)))
    return was.keys() != now.keys() or any(_other(was[it], now[it], other_env=other_env) for it in was)


def mounted_files(model: Model, container: Model) -> Iterator[tuple[str, str, str]]:
    """The files on the host that a container gets as `configs` and `secrets`: which of both, the name there, the path.

    Compose mounts each of them; no path of them is part of what it recreates a container for.
    """
    yield from ((kind, name, str(body["file"])) for kind, name, body in _used(model, container) if body.get("file"))


def written_in(model: Model, container: Model) -> bool:
    """Some of it is no file of the host, and lies in the container since that was made."""
    return any(body.get("content") or body.get("environment") for _, _, body in _used(model, container))


def lacking(model: Model, unset: frozenset[str]) -> Iterator[str]:
    """Those of the variables that are `unset` which a container gets."""
    for container in (model.get("services") or {}).values():
        yield from (body["environment"] for _, _, body in _used(model, container) if body.get("environment") in unset)


def _other(was: Model, body: Model, *, other_env: bool) -> bool:
    if any((was.get(source) or "") != (body.get(source) or "") for source in ("file", "content", "environment")):
        return True
    old, new = was.get("value_hash"), body.get("value_hash")
    return old != new if old and new else bool(old or new) and other_env


def _used(model: Model, container: Model) -> Iterator[tuple[str, str, Model]]:
    for kind in _KINDS:
        declared = model.get(kind) or {}
        for use in container.get(kind) or ():
            name = str(use.get("source", ""))
            yield kind, name, declared.get(name) or {}
