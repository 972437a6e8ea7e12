"""A service's compose files as one project whose every part still knows its file and line."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from posixpath import dirname
from typing import Any

from msgspec import Struct, field

from ..model import Service
from ..problem import Place
from ..repo.compose import Documents
from ..repo.discover import Folder
from ..repo.document import Map, Seq
from ..repo.layers import Here
from .facts import Facts

RESOURCES = ("networks", "volumes", "secrets", "configs")


class Entry(Struct):
    """One entry under `services:`; `parts` are what the files say of it, the strongest first."""

    key: str
    place: Place
    parts: list[Map] = field(default_factory=list)

    def holders(self, key: str) -> Iterator[Map]:
        """The mappings that give `key`, the strongest first, as far as no `!reset` or `!override` cuts them off."""
        for part in self.parts:
            if key not in part:
                continue
            tag = part.tag(key)
            if tag != "!reset" and part[key] is not None:
                yield part
            if tag in ("!reset", "!override"):
                return

    def holder(self, key: str) -> Map | None:
        """The strongest mapping that gives `key`."""
        return next(self.holders(key), None)

    def text(self, key: str) -> str:
        """The scalar under `key` as it is written; "" for none."""
        holder = self.holder(key)
        return (holder.text(key) if holder else None) or ""

    def place_of(self, key: str) -> Place:
        """Where the value under `key` starts; the entry itself where it is not given."""
        holder = self.holder(key)
        return holder.value_place(key) if holder else self.place

    def items(self, key: str) -> Iterator[tuple[Any, Place]]:
        """The items of a list, or the names of a mapping, under `key` in all files, with their places."""
        for holder in self.holders(key):
            value = holder[key]
            if isinstance(value, Seq):
                yield from ((item, value.item_place(i)) for i, item in enumerate(value))
            elif isinstance(value, Map):
                yield from ((name, value.key_place(name)) for name in value)

    def under(self, key: str, inner: str) -> tuple[Any, Place] | None:
        """The value of `key.inner` and its place, from the strongest file that gives it."""
        for holder in self.holders(key):
            value = holder[key]
            if isinstance(value, Map) and value.get(inner) is not None:
                return value[inner], value.value_place(inner)
        return None


class View(Struct):
    """One service of the homelab: its files, and what they declare together."""

    folder: Folder
    service: Service
    stacks: Collection[str] = ()  # the names of all services of the homelab
    documents: list[Map] = field(default_factory=list)  # of every file that was read, `extends` and `include` followed
    files: dict[str, None] = field(default_factory=dict)
    entries: dict[str, Entry] = field(default_factory=dict)
    # by ("networks", name): what each file says of it
    declared: dict[tuple[str, str], list[tuple[Map, Place]]] = field(default_factory=dict)
    complete: bool = True  # False where something lies outside the homelab, or depends on a variable


def views(facts: Facts) -> list[View]:
    """The view of each service folder; a folder whose files cannot be read gives an empty one."""
    return [
        _Viewing(facts.documents, View(f, facts.repo.services[f.name], facts.repo.services)).whole()
        for f in facts.folders
    ]


def _verbatim(text: str) -> str | None:
    return None if "$" in text else text


class _Viewing(Struct, frozen=True):
    documents: Documents
    view: View

    def whole(self) -> View:
        self._project(self.view.folder.compose, self.view.folder.path, ())
        return self.view

    def _project(self, files: tuple[str, ...], folder: str, chain: tuple[str, ...]) -> None:
        here = Here(folder, _verbatim)
        for file in files:
            for document in self._read(file):
                self._include(document, here, (*chain, file))
                services = document.get("services")
                if isinstance(services, Map):
                    self._services(services, here, file)
                self._resources(document)

    def _read(self, file: str) -> list[Map]:
        found = [document for document in self.documents.read(file) if isinstance(document, Map)]
        if file not in self.view.files:
            self.view.files[file] = None
            self.view.documents += found
        return found

    def _services(self, services: Map, here: Here, file: str) -> None:
        for key, content in services.items():
            tag = services.tag(key)
            if tag in ("!reset", "!override"):
                self.view.entries.pop(key, None)
            if tag == "!reset" or not isinstance(content, Map):
                continue
            entry = self.view.entries.setdefault(key, Entry(key, services.key_place(key)))
            entry.parts[:0] = [content, *self._extended(services, content, here, ((file, key),))]

    def _extended(self, services: Map, content: Map, here: Here, chain: tuple[tuple[str, str], ...]) -> list[Map]:
        extends = content.get("extends")
        if extends is None:
            return []
        file, key = chain[-1][0], content.text("extends") or ""
        if isinstance(extends, Map):
            key, written = extends.text("service") or "", extends.text("file")
            if written:
                found = here.inside(written)
                if not found:
                    self.view.complete = False
                    return []
                file, here = found, Here(dirname(found), _verbatim)
                tops = [top for doc in self._read(file) if isinstance(top := doc.get("services"), Map)]
                services = tops[0] if tops else services
        base = services.get(key)
        if (file, key) in chain or not isinstance(base, Map):
            return []
        return [base, *self._extended(services, base, here, (*chain, (file, key)))]

    def _resources(self, document: Map) -> None:
        for kind in RESOURCES:
            declared = document.get(kind)
            if isinstance(declared, Map):
                for name, value in declared.items():
                    said = value if isinstance(value, Map) else Map(declared.nodes[name][1])
                    self.view.declared.setdefault((kind, name), []).append((said, declared.key_place(name)))

    def _include(self, document: Map, here: Here, chain: tuple[str, ...]) -> None:
        entries = document.get("include")
        for entry in entries if isinstance(entries, Seq) else ():
            paths = entry.get("path") if isinstance(entry, Map) else entry
            written = paths if isinstance(paths, Seq) else [paths]
            found = [path for text in written if isinstance(text, str) and (path := here.inside(text))]
            if len(found) < len(written):
                self.view.complete = False
            if found and not any(path in chain for path in found):
                folder = here.inside(entry.text("project_directory")) if isinstance(entry, Map) else None
                self._project(tuple(found), folder or dirname(found[0]), chain)
