"""Compose files to one merged picture: base and override, `include` and `extends`, as far as the graph asks."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import dirname
from typing import Any

from msgspec import Struct, field

from ..errors import RepoInvalid
from ..problem import Place, Problem
from . import rules
from .document import Map, Seq, documents
from .fields import describe
from .layers import Here, Layer, Ref, Resolve, merge, read_layer
from .source import Source

# Keys that stand inside a service; at the depth of services they are indented too little
_INSIDE = ("image", "build", "restart", "ports", "volumes", "environment", "env_file", "container_name", "depends_on")
_RESOURCES = ("networks", "volumes", "configs", "secrets")


class Documents:
    """Parsed YAML files, each read once; a broken one gives its problems once, and then nothing."""

    def __init__(self, source: Source, problems: list[Problem]) -> None:
        self._source = source
        self._problems = problems
        self._parsed: dict[str, list[Any]] = {}

    def read(self, path: str, asked_by: Place | None = None) -> list[Any]:
        """The documents of a file; `asked_by` is the place that names it."""
        if path not in self._parsed:
            self._parsed[path] = self._parse(path, asked_by)
        return self._parsed[path]

    def text(self, path: str) -> str:
        """A file as text; "" if it cannot be read."""
        try:
            return self._source.read(path).decode("utf-8", "replace")
        except OSError:
            return ""

    def _parse(self, path: str, asked_by: Place | None) -> list[Any]:
        try:
            return documents(path, self._source.read(path))
        except RepoInvalid as error:
            self._problems.extend(error.problems)
        except OSError as error:
            what = f"{path} cannot be read ({error.strerror or error})"
            self._problems.append(
                (rules.NOT_THERE if asked_by else rules.UNREADABLE).at(
                    asked_by or Place(path), what, "is the name right, and is the file committed?"
                )
            )
        return []


class Resource(Struct, frozen=True):
    """An entry of the top-level networks, volumes, configs or secrets; None where a file does not say."""

    name: Ref | None = None
    external: bool | None = None
    file: str | None = None
    place: Place = Place("")


class Picture(Struct):
    """The merged content of a stack's files."""

    name: Ref | None = None
    containers: dict[str, Layer] = field(default_factory=dict)
    resources: dict[tuple[str, str], Resource] = field(default_factory=dict)  # ("networks", key)
    read: dict[str, None] = field(default_factory=dict)  # every file that was followed to
    env_files: dict[str, None] = field(default_factory=dict)  # of included files


def read_picture(files: tuple[str, ...], resolve: Resolve, known: Documents, problems: list[Problem]) -> Picture:
    """The picture of a base file and its override."""
    return _Composing(known, resolve, problems).whole(files, dirname(files[0]), ())


class _Composing(Struct, frozen=True):
    known: Documents
    resolve: Resolve
    problems: list[Problem]

    def whole(
        self, files: tuple[str, ...], folder: str, chain: tuple[str, ...], asked_by: Place | None = None
    ) -> Picture:
        picture = Picture()
        here = Here(folder, self.resolve)
        for file in files:
            picture.read[file] = None
            contents = self.known.read(file, asked_by)
            for content in contents:
                if isinstance(content, Map):
                    self._add(picture, content, here, (*chain, file))
                else:
                    what = f"expected a mapping with services, found {describe(content)}"
                    self.problems.append(
                        rules.STRUCTURE.at(Place(file, 1, 1), what, "see compose-spec.io for what a compose file holds")
                    )
        return picture

    def _add(self, picture: Picture, content: Map, here: Here, chain: tuple[str, ...]) -> None:
        self._include(picture, content, here, chain)
        picture.name = here.ref(content, "name") or picture.name
        services = self._mapping(content, "services")
        for key in services:
            layer = self._service(picture, services, key, here, (chain[-1], key))
            old = picture.containers.get(key)
            if services.tag(key) == "!reset":
                picture.containers.pop(key, None)
            elif layer:
                picture.containers[key] = merge(old, layer) if old and services.tag(key) != "!override" else layer
        for kind in _RESOURCES:
            for key, resource in _resources(self._mapping(content, kind), here):
                picture.resources[kind, key] = _over(picture.resources.get((kind, key)), resource)

    def _mapping(self, content: Map, key: str) -> Map:
        value = content.get(key)
        if value is None or isinstance(value, Map):
            return value if value is not None else Map(content.node)
        what = f"{key}: expected a mapping, found {describe(value)}"
        self.problems.append(rules.STRUCTURE.at(content.value_place(key), what, "Compose would reject it"))
        return Map(content.node)

    def _service(self, picture: Picture, services: Map, key: str, here: Here, *chain: tuple[str, str]) -> Layer | None:
        content = services.get(key)
        if not isinstance(content, Map):
            if services.tag(key) != "!reset":
                what = f"service {key!r}: expected a mapping, found {describe(content)}"
                place = services.key_place(key) if content is None else services.value_place(key)
                self.problems.append(rules.STRUCTURE.at(place, what, _move(key)))
            return None
        layer = read_layer(content, here, services.key_place(key))
        below = self._extended(picture, services, content, here, chain)
        return merge(below, layer) if below else layer

    def _extended(
        self, picture: Picture, services: Map, content: Map, here: Here, chain: tuple[tuple[str, str], ...]
    ) -> Layer | None:
        extends = content.get("extends")
        if extends is None:
            return None
        place = content.value_place("extends")
        written = extends.text("file") if isinstance(extends, Map) else None
        key = (extends.text("service") if isinstance(extends, Map) else content.text("extends")) or ""
        file = chain[-1][0]
        if written:
            found = here.inside(written)
            if not found:
                return None  # outside the homelab: nothing is known of it
            file, here = found, Here(dirname(found), self.resolve)
            picture.read[file] = None
            services = self._services_of(file, place)
        if (file, key) in chain:
            self.problems.append(
                rules.CIRCLE.at(place, f"extends goes in a circle through {key!r}", "remove one of its extends")
            )
            return None
        if key not in services:
            self.problems.append(
                rules.NOT_THERE.at(place, f"extends: no service {key!r} in {file}", "name one that is there")
            )
            return None
        return self._service(picture, services, key, here, *chain, (file, key))

    def _services_of(self, file: str, asked_by: Place) -> Map:
        for content in self.known.read(file, asked_by):
            if isinstance(content, Map):
                return self._mapping(content, "services")
        return Map(_NOWHERE)

    def _include(self, picture: Picture, content: Map, here: Here, chain: tuple[str, ...]) -> None:
        entries = content.get("include")
        if not isinstance(entries, Seq):
            return
        for i, entry in enumerate(entries):
            place = entries.item_place(i)
            paths = [found for text in _include_paths(entry) if (found := here.inside(text))]
            if not paths:
                continue
            if any(path in chain for path in paths):
                self.problems.append(
                    rules.CIRCLE.at(place, "include goes in a circle", f"remove it: {' -> '.join([*chain, paths[0]])}")
                )
                continue
            folder, env_files = _include_setting(entry, here, dirname(paths[0]))
            picture.env_files |= dict.fromkeys(env_files)
            _join(picture, self.whole(tuple(paths), folder, chain, place))


def _move(key: str) -> str:
    return "indent it below its service" if key in _INSIDE else "give it at least an image"


class _Nowhere:
    tag = ""


_NOWHERE: Any = _Nowhere()


def _join(picture: Picture, included: Picture) -> None:
    picture.containers |= included.containers
    picture.resources |= included.resources
    picture.read |= included.read
    picture.env_files |= included.env_files


def _include_paths(entry: Any) -> list[str]:
    path = entry.get("path") if isinstance(entry, Map) else entry
    return [text for text in (path if isinstance(path, Seq) else [path]) if isinstance(text, str)]


def _include_setting(entry: Any, here: Here, folder: str) -> tuple[str, list[str]]:
    """The project folder of what is included, and the files with its variables."""
    if not isinstance(entry, Map):
        return folder, [f"{folder}/.env"]
    folder = here.inside(entry.text("project_directory")) or folder
    given = entry.get("env_file")
    written = list(given) if isinstance(given, Seq) else [given]
    found = [path for text in written if isinstance(text, str) and (path := here.anywhere(text))]
    return folder, found or [f"{folder}/.env"]


def _resources(mapping: Map, here: Here) -> Iterator[tuple[str, Resource]]:
    for key, value in mapping.items():
        if not isinstance(value, Map):
            yield key, Resource(place=mapping.key_place(key))
            continue
        external = value.get("external")
        legacy = here.ref(external, "name") if isinstance(external, Map) else None
        is_external = True if isinstance(external, Map) else external if isinstance(external, bool) else None
        yield (
            key,
            Resource(
                here.ref(value, "name") or legacy, is_external, here.inside(value.text("file")), mapping.key_place(key)
            ),
        )


def _over(below: Resource | None, above: Resource) -> Resource:
    if below is None:
        return above
    external = below.external if above.external is None else above.external
    return Resource(above.name or below.name, external, above.file or below.file, below.place)
