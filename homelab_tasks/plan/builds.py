"""The images that a project builds on its host, and what goes into them."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

Model = Mapping[str, Any]


def builds(model: Model) -> Mapping[str, Any]:
    """Key under `services:` -> how its image is built, of those that are."""
    containers = (model.get("services") or {}).items()
    return {key: container["build"] for key, container in containers if container.get("build")}


def goes_into(model: Model, path: str) -> bool:
    """The file at `path` on the host is part of such an image, or says how one is made."""
    places = (place for build in builds(model).values() for place in _places(build))
    return any(PurePosixPath(path).is_relative_to(place) for place in places)


def _places(build: Model) -> Iterator[str]:
    context, dockerfile = str(build.get("context") or ""), str(build.get("dockerfile") or "")
    yield from filter(posixpath.isabs, (context, *map(str, (build.get("additional_contexts") or {}).values())))
    if dockerfile and posixpath.isabs(where := posixpath.join(context, dockerfile)):
        where = posixpath.normpath(where)
        yield from (where, f"{where}.dockerignore")
