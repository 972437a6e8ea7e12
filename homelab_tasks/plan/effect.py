"""What a changed service needs: which of its containers Compose makes anew by itself, and which need more than that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import PurePosixPath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from ..commands import compose
from ..commands.resolve import Resolved
from ..model import Host, Reaction, Repo, Service
from ..observe import SeenContainer
from ..repo.links import links_of, names
from . import Change
from .builds import builds, goes_into
from .changes import difference, namespace_users
from .configs import mounted_files, others_handed, written_in
from .doubts import Doubted
from .redefined import redefined


class Effect(Struct, frozen=True):
    """What follows from new files and settings. All fields but `changes` hold keys under `services:`."""

    changes: tuple[Change, ...] = ()
    remade: frozenset[str] = frozenset()  # by a plain `up`
    recreate: frozenset[str] = frozenset()  # not by a plain `up`
    restart: frozenset[str] = frozenset()
    signal: frozenset[str] = frozenset()
    anew: frozenset[str] = frozenset()  # before any container is started
    networks: tuple[str, ...] = ()  # to be taken away before that, by their names
    orphans: tuple[str, ...] = ()  # ids of containers that are no more of the project
    build: bool = False
    model_changed: bool = False

    def __bool__(self) -> bool:
        containers = self.recreate or self.restart or self.signal or self.anew or self.orphans
        return bool(self.model_changed or containers or self.networks or self.build)


def effect_of(
    repo: Repo,
    service: Service,
    host: Host,
    resolved: Resolved,
    there: Iterable[SeenContainer] = (),
    *,
    relaid: bool = False,
    other_env: bool = False,
    doubted: Doubted | None = None,
) -> Effect:
    """Compare the resolved model and the files with those of the last deploy; all is new where none is recorded.

    `there` are the service's containers. With `relaid` they may have read other files since, so that each file counts
    as changed; with `other_env` its env files are others. After a deploy that did not end well, `doubted` is what that
    left of the project's networks; else it is None.
    """
    model = resolved.model or {}
    there = tuple(there)
    stale, orphans = _stale(repo, host, service, model, there), _orphans(model, there)
    again = redefined(resolved.before or {}, model, doubted.networks if doubted else ())
    anew = (again.users if again.networks else frozenset[str]()) | (doubted.off if doubted else frozenset[str]())
    anew |= namespace_users(model, anew)
    base = Effect(anew=anew, networks=again.networks, orphans=tuple(c.id for c in orphans))
    if resolved.before is None:
        return _of_first(base, model, stale, _removed(orphans, {}))
    models = difference(resolved.before, model)
    files = _changed_files(resolved.files_before or {}, service.files)
    laid = _laid(repo, host, service, [*files, *service.files] if relaid else files)
    touched = _reactions(service, model, laid, models.containers)
    built = builds(resolved.before) != builds(model) or any(goes_into(model, p) for ps in laid.values() for p in ps)
    other_env = other_env or any(path in files for path in service.stack.env_files)
    recreate = touched[Reaction.RECREATE] | _given_else(resolved.before, model, other_env=other_env)
    recreate |= _written_in(resolved.before, model) if doubted else frozenset[str]()
    recreate |= again.users | {c.container for c in stale}
    recreate |= namespace_users(model, models.containers | recreate)
    return replace(
        base,
        changes=(*models.changes, *_told(service, host, files), *stale, *_removed(orphans, resolved.before)),
        remade=models.containers,
        recreate=recreate - models.containers - anew,
        restart=touched[Reaction.RESTART],
        signal=touched[Reaction.SIGNAL],
        build=built,
        model_changed=bool(models.changes),
    )


def _of_first(base: Effect, model: Mapping[str, Any], stale: Iterable[Change], removed: Iterable[Change]) -> Effect:
    """Nothing is recorded to compare with."""
    stale = tuple(stale)
    recreate = frozenset(change.container for change in stale)
    recreate |= namespace_users(model, recreate)
    changes, built = (*stale, *removed), bool(builds(model))
    return replace(base, changes=changes, recreate=recreate - base.anew, model_changed=True, build=built)


def _laid(repo: Repo, host: Host, service: Service, paths: Iterable[str]) -> Mapping[str, tuple[str, ...]]:
    """Each file with the paths that it has on the host, those through symlinks included."""
    links = links_of(service.files)
    return {path: tuple(_on_host(repo, host, name) for name in names(path, links)) for path in paths}


def _given_else(before: Mapping[str, Any], model: Mapping[str, Any], *, other_env: bool) -> frozenset[str]:
    """Containers whose configs and secrets are others by now: Compose takes no notice of that."""
    old, new = before.get("services") or {}, model.get("services") or {}
    both = {*old} & {*new}
    return frozenset(k for k in both if others_handed(before, old[k], model, new[k], other_env=other_env))


def _written_in(before: Mapping[str, Any], model: Mapping[str, Any]) -> frozenset[str]:
    """Containers that may have been made with other configs and secrets than those of the record."""
    old, new = before.get("services") or {}, model.get("services") or {}
    return frozenset(key for key, container in new.items() if key in old and written_in(model, container))


def _told(service: Service, host: Host, files: Mapping[str, str]) -> Iterator[Change]:
    staying = {path for path in service.stack.env_files if files.get(path) == "removed"}
    words = {**files, **dict.fromkeys(staying, f"is in Git no more, and stays on {host.name}")}
    yield from (Change("", f"{path.removeprefix(f'{service.directory}/')} {word}") for path, word in words.items())


def _orphans(model: Mapping[str, Any], there: Iterable[SeenContainer]) -> tuple[SeenContainer, ...]:
    """Containers that no file names any more, or only under a profile that is off: those Compose leaves running."""
    keys = model.get("services") or {}
    return tuple(c for c in there if keys and c.key and c.key not in keys)


def _removed(orphans: Iterable[SeenContainer], before: Mapping[str, Any]) -> Iterator[Change]:
    """Of what the last deploy had, the difference of the models tells."""
    known = before.get("services") or {}
    return (Change(key, "removed") for key in dict.fromkeys(c.key for c in orphans) if key not in known)


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


def _changed_files(before: Mapping[str, str], after: Mapping[str, str]) -> dict[str, str]:
    words = {
        path: "changed" if path in before else "added" for path in after if not _same(before.get(path), after[path])
    }
    return words | {path: "removed" for path in before if path not in after}


def _same(before: str | None, after: str) -> bool:
    """Older records have no mode beside the blob."""
    return before == after or (before is not None and " " not in before and before == after.partition(" ")[0])


def _reactions(
    service: Service, model: Mapping[str, Any], laid: Mapping[str, Iterable[str]], remade: frozenset[str]
) -> Mapping[Reaction, frozenset[str]]:
    """What each container needs that sees one of the `laid` files, each with its paths on the host. Git replaces a
    file, and a container that mounts that very file keeps the old one until it is restarted: a signal would make it
    read the old content again.
    """
    found: dict[Reaction, set[str]] = {reaction: set() for reaction in Reaction}
    for paths in laid.values():
        for key, mounted_itself in {k: itself for path in paths for k, itself in _readers(model, path)}.items():
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


def _on_host(repo: Repo, host: Host, path: str) -> str:
    return f"{host.path.rstrip('/')}/{repo.prefix}{path}"
