"""Which variables a stack's compose files use, where and how; and which env files they hand to containers.

Compose looks into every text of every file that it reads (`x-` fragments, services of other profiles, the whole of a
file that one service `extends`), and so does this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from posixpath import dirname
from typing import Any

from msgspec import Struct, field

from ..dotenv import MOST_LEVELS, Reference, Stops, is_name, references
from ..problem import Place
from .compose import Documents
from .discover import Folder
from .document import Map, Seq
from .interpolate import interpolate
from .layers import Here
from .uses import OF_THE_HOST, EnvFile, How, Use, Variables, is_of_compose

__all__ = ["OF_THE_HOST", "EnvFile", "How", "Use", "Variables", "is_of_compose", "variables"]


def variables(folder: Folder, known: Documents, values: Mapping[str, str]) -> Variables:
    """All uses of a service folder's stack; `values` are those that are known here, for paths with variables."""
    walk = _Walk(known, lambda text: interpolate(text, values))
    walk.project(folder.compose, folder.path, (), ())
    return walk.found


class _Walk(Struct, frozen=True):
    known: Documents
    resolve: Callable[[str], str | None]
    found: Variables = field(default_factory=Variables)
    seen: set[tuple[int, tuple[str, ...]]] = field(default_factory=set)

    def project(self, files: tuple[str, ...], folder: str, chain: tuple[str, ...], env_files: tuple[str, ...]) -> None:
        here = Here(folder, self.resolve)
        for file in files:
            for document in self._read(file, env_files):
                self._include(document, here, (*chain, file), env_files)
                services = _mapping(document, "services")
                for key in services:
                    self._service(services, key, here, env_files, ((file, key),))
                for kind in ("secrets", "configs"):
                    self._resources(_mapping(document, kind), env_files)

    def _read(self, file: str, env_files: tuple[str, ...]) -> list[Map]:
        documents = [document for document in self.known.read(file) if isinstance(document, Map)]
        for document in documents:
            self._texts(document, env_files)
        return documents

    def _texts(self, value: Any, env_files: tuple[str, ...]) -> None:
        """Every text below; a part that aliases share is looked into once."""
        if (id(value), env_files) in self.seen:
            return
        self.seen.add((id(value), env_files))
        for node, item in _items(value):
            if isinstance(item, (Map, Seq)):
                self._texts(item, env_files)
            elif isinstance(item, str) and "$" in item:
                self._text(node, item, env_files)

    def _text(self, node: Any, text: str, env_files: tuple[str, ...]) -> None:
        for reference, offset, within in _nested(text, 0, ()):
            place = _place(node, text, offset)
            self._add(Use(reference.name, place, reference.operator, How.TEXT, within, env_files))

    def _add(self, use: Use) -> None:
        self.found.uses[use] = None

    def _service(
        self, services: Map, key: str, here: Here, env_files: tuple[str, ...], chain: tuple[tuple[str, str], ...]
    ) -> None:
        content = services.get(key)
        if not isinstance(content, Map) or services.tag(key) == "!reset":
            return
        self._passed(content, "environment", env_files)
        self._passed(_mapping(content, "build"), "args", env_files)
        for file in _env_files(content, here):
            self.found.env_files[file] = None
        self._extends(services, content, here, env_files, chain)

    def _passed(self, content: Map, key: str, env_files: tuple[str, ...]) -> None:
        entries = content.get(key)
        if isinstance(entries, Map):
            found = [(name, entries.key_place(name)) for name, value in entries.items() if value is None]
        elif isinstance(entries, Seq):
            found = [(text, place) for text, place in entries.texts() if "=" not in text]
        else:
            return
        for name, place in found:
            if is_name(name):
                self._add(Use(name, place, how=How.PASSED, env_files=env_files))

    def _extends(
        self, services: Map, content: Map, here: Here, env_files: tuple[str, ...], chain: tuple[tuple[str, str], ...]
    ) -> None:
        extends = content.get("extends")
        key = extends.text("service") if isinstance(extends, Map) else extends
        file = chain[-1][0]
        if isinstance(extends, Map) and "file" in extends:
            file = here.inside(extends.text("file")) or ""
            documents = self._read(file, env_files) if file else []
            services = _mapping(documents[0], "services") if documents else Map(content.node)
            here = Here(dirname(file), self.resolve)
        if isinstance(key, str) and (file, key) not in chain:
            self._service(services, key, here, env_files, (*chain, (file, key)))

    def _resources(self, resources: Map, env_files: tuple[str, ...]) -> None:
        for resource in resources.values():
            name = resource.text("environment") if isinstance(resource, Map) else None
            if name and is_name(name):
                self._add(Use(name, resource.value_place("environment"), how=How.FILE, env_files=env_files))

    def _include(self, content: Map, here: Here, chain: tuple[str, ...], env_files: tuple[str, ...]) -> None:
        entries = content.get("include")
        for entry in entries if isinstance(entries, Seq) else ():
            setting = entry if isinstance(entry, Map) else Map(content.node)
            paths = _inside(here, setting.get("path") if isinstance(entry, Map) else entry)
            if not paths or any(path in chain for path in paths):
                continue
            folder = here.inside(setting.text("project_directory")) or dirname(paths[0])
            own = _inside(here, setting.get("env_file")) or (f"{folder}/.env",)
            self.project(paths, folder, chain, tuple(dict.fromkeys((*own, *env_files))))


def _nested(
    text: str, start: int, within: tuple[tuple[str, str], ...]
) -> Iterator[tuple[Reference, int, tuple[tuple[str, str], ...]]]:
    """The variables of a text and of their arguments, with where they stand and what they stand in."""
    try:
        found = list(references(text))
    except Stops:
        return  # what Compose says of it is a matter of its own
    for reference in found:
        yield reference, start + reference.offset, within
        if "$" in reference.argument and len(within) < MOST_LEVELS:
            inner = start + reference.offset + len("${" + reference.name + reference.operator)
            yield from _nested(reference.argument, inner, (*within, (reference.name, reference.operator)))


def _place(node: Any, text: str, offset: int) -> Place:
    mark = node.start_mark
    if node.style in ("|", ">"):
        return Place(mark.name, mark.line + 2 + text.count("\n", 0, offset))
    shift = offset + bool(node.style) if mark.line == node.end_mark.line else 0
    return Place(mark.name, mark.line + 1, mark.column + 1 + shift)


def _items(value: Any) -> Iterator[tuple[Any, Any]]:
    """The values of a mapping or a list with their nodes, those left out that `!reset` removes."""
    if isinstance(value, Map):
        yield from ((value.nodes[key][1], item) for key, item in value.items() if value.tag(key) != "!reset")
    else:
        yield from zip(value.node.value, value, strict=True)


def _mapping(content: Map, key: str) -> Map:
    value = content.get(key)
    return value if isinstance(value, Map) else Map(content.node)


def _inside(here: Here, written: Any) -> tuple[str, ...]:
    texts = written if isinstance(written, Seq) else [written]
    return tuple(path for text in texts if isinstance(text, str) and (path := here.inside(text)))


def _env_files(content: Map, here: Here) -> Iterator[EnvFile]:
    value = content.get("env_file")
    if value is None or content.tag("env_file") == "!reset":
        return
    entries = value if isinstance(value, Seq) else [value]
    for i, entry in enumerate(entries):
        place = value.item_place(i) if isinstance(value, Seq) else content.value_place("env_file")
        path = here.inside(entry.text("path") if isinstance(entry, Map) else entry if isinstance(entry, str) else None)
        if not path:
            continue
        if isinstance(entry, Map):
            yield EnvFile(path, place, entry.get("required") is not False, entry.text("format") == "raw")
        else:
            yield EnvFile(path, place)
