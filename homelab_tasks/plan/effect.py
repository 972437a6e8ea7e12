"""What a changed service needs: which of its containers Compose makes anew by itself, and which need more than that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from ..commands.resolve import Resolved
from ..model import Host, Reaction, Repo, Service
from . import Change
from .changes import difference, namespace_users


class Effect(Struct, frozen=True):
    """What follows from new files and settings. All fields but `changes` hold keys under `services:`."""

    changes: tuple[Change, ...] = ()
    remade: frozenset[str] = frozenset()  # by a plain `up`
    recreate: frozenset[str] = frozenset()  # not by a plain `up`
    restart: frozenset[str] = frozenset()
    signal: frozenset[str] = frozenset()
    build: bool = False
    model_changed: bool = False

    def __bool__(self) -> bool:
        return bool(self.model_changed or self.recreate or self.restart or self.signal or self.build)


def effect_of(repo: Repo, service: Service, host: Host, resolved: Resolved, *, relaid: bool = False) -> Effect:
    """Compare the resolved model and the files with those of the last deploy; all is new where none is recorded.

    With `relaid` the containers may have read other files since, so that each file counts as changed.
    """
    model = resolved.model or {}
    if resolved.before is None:
        return Effect(model_changed=True, build=any(_builds(model).values()))
    models = difference(resolved.before, model)
    files = _changed_files(resolved.files_before or {}, service.files)
    laid = dict.fromkeys([*files, *service.files]) if relaid else files
    seen_by = {path: dict(_readers(model, _on_host(repo, host, path))) for path in laid}
    touched = _reactions(service, seen_by, models.containers)
    built = _builds(resolved.before) != _builds(model) or any(
        _in_build(model, _on_host(repo, host, path)) for path in laid
    )
    changed = tuple(Change("", f"{_short(service, path)} {word}") for path, word in files.items())
    again = touched[Reaction.RECREATE] | namespace_users(model, models.containers | touched[Reaction.RECREATE])
    return Effect(
        changes=(*models.changes, *changed),
        remade=models.containers,
        recreate=again - models.containers,
        restart=touched[Reaction.RESTART],
        signal=touched[Reaction.SIGNAL],
        build=built,
        model_changed=bool(models.changes),
    )


def _changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> Mapping[str, str]:
    words = {path: "added" if path not in before else "changed" for path in after if before.get(path) != after[path]}
    return words | {path: "removed" for path in before if path not in after}


def _reactions(
    service: Service, seen_by: Mapping[str, Mapping[str, bool]], remade: frozenset[str]
) -> Mapping[Reaction, frozenset[str]]:
    """What each container that sees a changed file needs. Git replaces a file, and a container that mounts that very
    file keeps the old one until it is restarted: a signal would make it read the old content again.
    """
    found: dict[Reaction, set[str]] = {reaction: set() for reaction in Reaction}
    for containers in seen_by.values():
        for key, mounted_itself in containers.items():
            reaction = service.on_config_change
            if reaction is Reaction.SIGNAL and mounted_itself:
                reaction = Reaction.RESTART
            if key not in remade:
                found[reaction].add(key)
    found[Reaction.SIGNAL] -= found[Reaction.RESTART]
    return {reaction: frozenset(keys) for reaction, keys in found.items()}


def _readers(model: Mapping[str, Any], path: str) -> Iterator[tuple[str, bool]]:
    """Containers that see the file at `path` on the host: key, and whether the file itself is the mount."""
    for key, container in (model.get("services") or {}).items():
        sources = [s for s in _sources(model, container) if PurePosixPath(path).is_relative_to(s)]
        if sources:
            yield key, path in sources


def _sources(model: Mapping[str, Any], container: Mapping[str, Any]) -> Iterator[str]:
    for mount in container.get("volumes") or ():
        if mount.get("type") == "bind":
            yield str(mount.get("source", ""))
    for kind in ("configs", "secrets"):
        declared = model.get(kind) or {}
        for use in container.get(kind) or ():
            file = (declared.get(use.get("source", "")) or {}).get("file")
            if file:
                yield str(file)


def _builds(model: Mapping[str, Any]) -> Mapping[str, Any]:
    return {key: container.get("build") for key, container in (model.get("services") or {}).items()}


def _in_build(model: Mapping[str, Any], path: str) -> bool:
    contexts: Iterable[str] = (
        str((container.get("build") or {}).get("context", "")) for container in (model.get("services") or {}).values()
    )
    return any(context and PurePosixPath(path).is_relative_to(context) for context in contexts)


def _on_host(repo: Repo, host: Host, path: str) -> str:
    return f"{host.path.rstrip('/')}/{repo.prefix}{path}"


def _short(service: Service, path: str) -> str:
    return path.removeprefix(f"{service.directory}/")
