"""`COMPOSE_FILE` in an env file has Compose read other files than those that are known to belong to a service."""

from __future__ import annotations

from collections.abc import Iterator
from posixpath import basename, normpath

from ...problem import Place, Problem
from . import rules
from .files import EnvText
from .stack import Stack


def check(stack: Stack, text: EnvText) -> Iterator[Problem]:
    """A line that names exactly the files of the folder changes nothing."""
    entries = {entry.key: entry for entry in text.parsed.entries if entry.value}
    entry = entries.get("COMPOSE_FILE")
    if not entry:
        return
    separator = entries.get("COMPOSE_PATH_SEPARATOR")
    named = [normpath(path) for path in (entry.value or "").split((separator and separator.value) or ":")]
    if named != [basename(file) for file in stack.folder.compose]:
        what = "COMPOSE_FILE names other files than those of the folder: no graph, plan or copy for a host has them"
        move = f"bring them in with include: in {stack.folder.compose[0]}, or call one compose.override.yml"
        yield rules.CHOSEN.at(Place(text.path, entry.line, entry.column), what, f"{move}; then remove the line")
