"""What a changed service needs: which of its containers Compose makes anew by itself, and which need more than that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct

from ..commands import compose
from ..commands.resolve import Resolved
from ..model import Host, Reaction, Repo, Service
from ..observe import SeenContainer
from . import Change
from .beside import mounted_files
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


def effect_of(
    repo: Repo,
    service: Service,
    host: Host,
    resolved: Resolved,
    there: Iterable[SeenContainer] = (),
    *,
    relaid: bool = False,
) -> Effect:
    """Compare the resolved model and the files with those of the last deploy; all is new where none is recorded.

    `there` are the service's containers. With `relaid` they may have read other files since, so that each file counts
    as changed.
    """
    model = resolved.model or {}
    stale = _stale(repo, host, service, model, there)
    if resolved.before is None:
        first = frozenset(change.container for change in stale)
        first |= namespace_users(model, first)
        return Effect(stale, recreate=first, model_changed=True, build=any(_builds(model).values()))
    models = difference(resolved.before, model)
    files = _changed_files(resolved.files_before or {}, service.files)
    laid = dict.fromkeys([*files, *service.files]) if relaid else files
    seen_by = {path: dict(_readers(model, _on_host(repo, host, path))) for path in laid}
    touched = _reactions(service, seen_by, models.containers)
    built = _builds(resolved.before) != _builds(model) or any(
        _in_build(model, _on_host(repo, host, path)) for path in laid
    )
    changed = tuple(Change("", f"{_short(service, path)} {word}") for path, word in files.items())
    again = touched[Reaction.RECREATE] | _other_files(resolved.before, model) | {c.container for c in stale}
    again |= namespace_users(model, models.containers | again)
    return Effect(
        changes=(*models.changes, *changed, *stale),
        remade=models.containers,
        recreate=again - models.containers,
        restart=touched[Reaction.RESTART],
        signal=touched[Reaction.SIGNAL],
        build=built,
        model_changed=bool(models.changes),
    )


def _other_files(before: Mapping[str, Any], model: Mapping[str, Any]) -> frozenset[str]:
    """Containers whose configs and secrets are other files by now, of which Compose takes no notice."""
    old, new = before.get("services") or {}, model.get("services") or {}
    both = {key: container for key, container in new.items() if key in old}
    return frozenset(k for k, c in both.items() if {*mounted_files(before, old[k])} != {*mounted_files(model, c)})


def _stale(
    repo: Repo, host: Host, service: Service, model: Mapping[str, Any], there: Iterable[SeenContainer]
) -> tuple[Change, ...]:
    """Containers that were started in another folder have its files as their configs and secrets."""
    folder, services = compose.directory(repo, host, service), model.get("services") or {}
    olds = {c.key: c.directory for c in there if c.directory not in ("", folder) and c.key in services}
    return tuple(
        Change(key, f"{kind.removesuffix('s')} {name} of {old} -> {file}")
        for key, old in sorted(olds.items())
        for kind, name, file in mounted_files(model, services[key])
        if file.startswith(f"{host.path.rstrip('/')}/")
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
    yield from (file for _, _, file in mounted_files(model, container))


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
