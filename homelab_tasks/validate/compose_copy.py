"""A copy of compose files for Compose to read; beside them is no real `.env`, but one with the template's values."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from msgspec import Struct

from ..dotenv import Reference, Stops, is_name, quoted, references
from ..repo.interpolate import template_values
from .compose_view import View
from .facts import Facts

ENV = ".env"
FILLED = "7919"  # for a variable without a value: fits ports and counts, and is in no message by chance
_PATHS = ("volumes", "source", "device", "devices", "context", "file", "path", "env_file")  # there it is a path


class Copy(Struct, frozen=True, eq=False):
    """One service's files as Compose is to see them, by their paths in the repo."""

    view: View
    files: Mapping[str, bytes]
    values: Mapping[str, str]

    @property
    def key(self) -> str:
        """Changes with everything that Compose reads of it."""
        said = hashlib.sha256()
        for path, content in sorted(self.files.items()):
            said.update(f"{path}\0{len(content)}\0".encode("utf-8", "surrogateescape") + content)
        return said.hexdigest()

    @property
    def words(self) -> list[str]:
        """The arguments that make Compose read it alone, from the copy's root."""
        files = [word for file in self.view.folder.compose for word in ("--file", file)]
        folder = self.view.folder.path
        place = ["--project-directory", folder, "--env-file", f"{folder}/{ENV}"]
        return ["--project-name", self.view.service.project, *place, *files]

    @property
    def include(self) -> dict[str, Any]:
        """The same as an entry of another file's `include`."""
        folder = self.view.folder.path
        return {"path": list(self.view.folder.compose), "project_directory": folder, "env_file": f"{folder}/{ENV}"}

    def write(self, root: Path) -> bool:
        """Lay the files down below `root`; False where they cannot lie there, as one is the folder of another."""
        try:
            for path, content in self.files.items():
                file = root / path
                file.parent.mkdir(parents=True, exist_ok=True)
                file.write_bytes(content)
        except (FileExistsError, IsADirectoryError, NotADirectoryError):
            return False
        return True


def copy_of(view: View, facts: Facts) -> Copy:
    """What Compose needs of a service. Raises OSError where a file cannot be read any more."""
    files = {file: facts.source.read(file) for file in view.files}
    template = template_values(facts.documents.text(view.folder.template)) if view.folder.template else {}
    needed = dict(_unfilled(view.documents, ""))
    values = needed | {name: value for name, value in template.items() if _is_given(name)}
    # the env families read the files that containers get: here it is enough that they are there
    beside = dict.fromkeys((*view.service.stack.env_files, *_label_files(view)), b"")
    own = {f"{view.folder.path}/{ENV}": "".join(f"{quoted(k, v)}\n" for k, v in sorted(values.items())).encode()}
    return Copy(view, {**beside, **own, **files}, values)


def _is_given(name: str) -> bool:
    """Compose's own settings would make it read other files; its profiles say which containers there are."""
    return name == "COMPOSE_PROFILES" or (is_name(name) and not name.startswith("COMPOSE_"))


def _label_files(view: View) -> Iterator[str]:
    reads = view.service.stack.reads
    yield from (path for path in reads if re.search(r"label", path) and path not in view.files)


def _unfilled(value: Any, key: str) -> Iterator[tuple[str, str]]:
    """The variables that no default fills, each with something that can stand where it is used."""
    if isinstance(value, dict):
        for name, item in value.items():
            yield from _unfilled(item, name)
    elif isinstance(value, list):
        for item in value:
            yield from _unfilled(item, key)
    elif isinstance(value, str) and "$" in value:
        for found in _references(value):
            if found.operator.strip(":") != "-":
                yield found.name, f"/{FILLED}" if key in _PATHS else FILLED
            yield from _unfilled(found.argument, key)


def _references(text: str) -> list[Reference]:
    try:
        return list(references(text))
    except Stops:
        return []
