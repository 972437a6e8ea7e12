"""A service's compose files as `model.Stack`, with every name as Docker will see it."""

from __future__ import annotations

import re
from collections.abc import Iterator

from msgspec import Struct

from .. import model
from ..problem import Place, Problem
from . import rules
from .compose import Documents, Picture, Resource, read_picture
from .discover import Folder
from .interpolate import interpolate, template_values
from .layers import Layer, Ref
from .policy import renewed_after, span

_PROJECT = re.compile(r"[a-z0-9][a-z0-9_-]*")
_BUILT_IN = frozenset({"bridge", "host", "none"})  # networks that every Engine has


class Use(Struct, frozen=True):
    """Something of another stack that this one uses by its name."""

    reason: model.Reason
    name: str
    place: Place


class Reading(Struct, frozen=True):
    """A stack and what it uses of others."""

    stack: model.Stack
    uses: tuple[Use, ...] = ()
    name_place: Place | None = None  # of a `name:` in its file


class _Variables:
    """Values from a committed `.env` or the template; they are read only if a file has variables."""

    def __init__(self, folder: Folder, known: Documents) -> None:
        self._files = [file for file in (folder.template, f"{folder.path}/.env") if file]
        self._known = known
        self._values: dict[str, str] | None = None

    def resolve(self, text: str) -> str | None:
        return interpolate(text, self.values) if "$" in text else text

    @property
    def values(self) -> dict[str, str]:
        if self._values is None:
            self._values = {}
            for file in self._files:
                self._values |= template_values(self._known.text(file))
        return self._values


def read_stack(folder: Folder, known: Documents, problems: list[Problem], notices: list[Problem]) -> Reading:
    """The stack of a service folder. What is wrong is added to `problems`, what stays unknown to `notices`."""
    variables = _Variables(folder, known)
    before = len(problems)
    picture = read_picture(folder.compose, variables.resolve, known, problems)
    base = Place(folder.compose[0])
    if not picture.containers:
        if len(problems) == before:
            problems.append(
                rules.NO_CONTAINER.at(base, "holds no services", "add one under services:, or remove the file")
            )
        return Reading(model.Stack(folder.compose, folder.name))
    project = _project(picture, folder, problems)
    asked = _profiles(picture, variables)
    active = {
        k: layer for k, layer in picture.containers.items() if not layer.profiles or asked & layer.profiles.keys()
    }
    names = _Names(picture, project, active, notices)
    makes_networks, uses_networks = names.of("networks", names.used_networks())
    makes_volumes, uses_volumes = names.of("volumes", names.used_volumes())
    uses = (*uses_networks, *uses_volumes, *names.namespaces(), *names.links())
    env_files = _env_files(folder, picture)
    stack = model.Stack(
        files=folder.compose,
        project=project,
        containers=tuple(_container(key, layer, picture, key in active) for key, layer in picture.containers.items()),
        makes_networks=frozenset(makes_networks),
        needs_networks=frozenset(use.name for use in uses_networks),
        makes_volumes=frozenset(makes_volumes),
        needs_volumes=frozenset(use.name for use in uses_volumes),
        links=tuple(use.name for use in uses if use.reason is model.Reason.LINK),
        env_files=tuple(path for path in env_files if not model.is_of_host(path)),
        host_env_files=tuple(filter(model.is_of_host, env_files)),
        reads=_reads(folder, picture),
    )
    return Reading(stack, uses, picture.name.place if picture.name else None)


def _project(picture: Picture, folder: Folder, problems: list[Problem]) -> str:
    name = picture.name
    if not name or not name.value:
        return folder.name
    if not _PROJECT.fullmatch(name.value):
        what = f"name: {name.value!r} is no compose project name (a-z, 0-9, _ and -; a letter or digit first)"
        problems.append(rules.PROJECT_NAME.at(name.place, what, f"remove it: the project is then {folder.name!r}"))
        return folder.name
    return name.value


def _profiles(picture: Picture, variables: _Variables) -> set[str]:
    every = {profile for layer in picture.containers.values() for profile in layer.profiles}
    if not every:
        return every
    asked = {name.strip() for name in variables.values.get("COMPOSE_PROFILES", "").split(",")}
    return every if "*" in asked else asked


def _container(key: str, layer: Layer, picture: Picture, active: bool) -> model.Container:  # noqa: FBT001
    files = (picture.resources.get((use.split(" ")[0], name)) for use, name in layer.files.items())
    mounts = [source for kind, source in layer.volumes.values() if kind == "bind"]
    mounts += [found.file for found in files if found and found.file]
    return model.Container(
        key=key,
        image=_known(layer.image),
        name=_known(layer.container_name),
        network_mode=_known(layer.network_mode),
        builds=bool(layer.build),
        has_healthcheck=layer.healthcheck.get("test", False) and not layer.healthcheck.get("disable", False),
        start_interval=layer.start_interval,
        may_end=any(key in other.awaited for other in picture.containers.values()),
        mounts=tuple(dict.fromkeys(mounts)),
        data=tuple(layer.data),
        profiles=tuple(layer.profiles),
        active=active,
        ports=tuple(layer.ports.values()),
        renews=not layer.build and _renews(layer.pull_policy),
        grace=span(_known(layer.stop_grace_period)),
        place=layer.container_name.place if layer.container_name else layer.place,
    )


def _renews(policy: Ref | None) -> bool:
    """Whether Compose may pull an image that is there: a variable may be another one on the host."""
    return policy is not None and ("$" in policy.raw or renewed_after(policy.raw) is not None)


def _known(ref: Ref | None) -> str:
    return (ref.value or "") if ref else ""


def _env_files(folder: Folder, picture: Picture) -> tuple[str, ...]:
    each = (path for layer in picture.containers.values() for path in layer.env_file)
    return tuple(dict.fromkeys([f"{folder.path}/.env", *picture.env_files, *each]))


def _reads(folder: Folder, picture: Picture) -> tuple[str, ...]:
    paths = dict.fromkeys([*picture.read, *picture.env_files])
    for layer in picture.containers.values():
        paths |= dict.fromkeys([*layer.env_file, *layer.reads])
        paths |= dict.fromkeys(source for kind, source in layer.volumes.values() if kind == "bind")
    paths |= dict.fromkeys(resource.file for resource in picture.resources.values() if resource.file)
    inside = f"{folder.path}/"
    own = (path for path in paths if path == folder.path or path.startswith(inside) or model.is_of_host(path))
    return tuple(sorted(paths.keys() - own))


class _Names(Struct, frozen=True):
    """Keys of the files to names of Docker. Only what a container uses is made, as `compose up` does."""

    picture: Picture
    project: str
    active: dict[str, Layer]
    notices: list[Problem]

    def used_networks(self) -> set[str]:
        used: set[str] = set()
        for layer in self.active.values():
            if layer.networks:
                used |= layer.networks.keys()
            elif not layer.network_mode:
                used.add("default")
        return used

    def used_volumes(self) -> set[str]:
        kinds = (volume for layer in self.active.values() for volume in layer.volumes.values())
        return {source for kind, source in kinds if kind == "volume"}

    def of(self, kind: str, used: set[str]) -> tuple[list[str], list[Use]]:
        """The names that the stack makes, and the external ones it uses."""
        makes, uses = [], []
        for key in sorted(used):
            resource = self.picture.resources.get((kind, key))
            if resource is None and key != "default":
                continue  # not declared: Compose rejects it
            if resource is None or not resource.external:
                name = resource.name if resource else None
                makes.append((name.value if name else f"{self.project}_{key}") or "")
            elif (use := self._external(kind, key, resource)) and use.name not in _BUILT_IN:
                uses.append(use)
        return [name for name in makes if name], uses

    def namespaces(self) -> Iterator[Use]:
        for layer in self.active.values():
            mode = layer.network_mode
            if not mode or not mode.raw.startswith(("container:", "service:")):
                continue
            if mode.value is None:
                self._unresolved(mode, "network_mode")
            elif mode.value.removeprefix("service:") not in self.picture.containers:
                yield Use(model.Reason.NAMESPACE, mode.value, mode.place)

    def links(self) -> Iterator[Use]:
        for layer in self.active.values():
            for link in layer.external_links.values():
                if link.value:
                    yield Use(model.Reason.LINK, link.value, link.place)
                else:
                    self._unresolved(link, "external_links")

    def _external(self, kind: str, key: str, resource: Resource) -> Use | None:
        name = resource.name
        if name and name.value is None:
            self._unresolved(name, f"name of the external {kind.removesuffix('s')} {key!r}")
            return None
        reason = model.Reason.NETWORK if kind == "networks" else model.Reason.VOLUME
        return Use(reason, (name and name.value) or key, resource.place)

    def _unresolved(self, ref: Ref, what: str) -> None:
        sentence = f"{what}: {ref.raw} is not known here, so it orders nothing"
        move = "give the variable a value in .env.example, or write depends_on in service.yaml"
        self.notices.append(rules.UNKNOWN_NAME.at(ref.place, sentence, move))
