"""What containers get as `configs` and `secrets`: Compose takes no notice of it when it looks for what to make anew."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

Model = Mapping[str, Any]
_KINDS = ("configs", "secrets")


def handed_on(model: Model, container: Model) -> frozenset[tuple[str, str, str]]:
    """Which kind, the name there, and what it is: a path, a text, or the keyed hash of a variable's value."""
    return frozenset(
        (kind, name, f"{source} {body[source]}")
        for kind, name, body in _used(model, container)
        for source in ("file", "content", "environment", "value_hash")
        if body.get(source)
    )


def written_in(model: Model, container: Model) -> bool:
    """Some of it is no file of the host, and lies in the container since that was made."""
    return any(body.get("content") or body.get("environment") for _, _, body in _used(model, container))


def lacking(model: Model, unset: frozenset[str]) -> Iterator[str]:
    """Those of the variables that are `unset` which a container gets."""
    for container in (model.get("services") or {}).values():
        yield from (body["environment"] for _, _, body in _used(model, container) if body.get("environment") in unset)


def _used(model: Model, container: Model) -> Iterator[tuple[str, str, Model]]:
    for kind in _KINDS:
        declared = model.get(kind) or {}
        for use in container.get(kind) or ():
            name = str(use.get("source", ""))
            yield kind, name, declared.get(name) or {}
