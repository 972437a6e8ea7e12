"""Compose's own message as a problem: where in the file it is, and nothing that came from a variable."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..problem import Place, Problem, Rule
from ..repo.document import Map, Seq, place_of
from .compose_view import View

_LOG = re.compile(r'time="[^"]*" level=\w+ msg="(?:[^"\\]|\\.)*"\s*')
_PATH = re.compile(r"\b(services|networks|volumes|secrets|configs)((?:[.\[][\w-]+\]?)+)")
_OWNER = re.compile(r'service \\?"([\w.-]+)\\?"')
_LINE = re.compile(r"\bline (\d+)")
_FRAME = re.compile(r"^(?:validating|parsing|failed to parse|yaml) [^:]*: ")
# they are asked for elsewhere, or are not in the copy that Compose reads
_NOT_HERE = re.compile(r"env file .* not found|no such file or directory|required variable|label file|regular file")


def sentence(rule: Rule, view: View, said: str) -> Iterator[Problem]:
    """The problem that Compose speaks of; none where it is not for this family, or where a variable made it."""
    text = _FRAME.sub("", " ".join(_LOG.sub("", said).split()))
    if not text or _NOT_HERE.search(text):
        return
    place, value = _where(view, text)
    if isinstance(value, str) and "$" in value:
        return
    yield rule.at(place, f"Docker Compose refuses it: {text[:300]}", "see the Compose file reference for this key")


def _where(view: View, text: str) -> tuple[Place, Any]:
    first = Place(view.folder.compose[0])
    if found := _PATH.search(text):
        steps = [found[1], *re.findall(r"[\w-]+", found[2])]
        for document in view.documents:
            place, value, depth = _walk(document, steps)
            if depth > 1:
                return place, value
    if (owner := _OWNER.search(text)) and owner[1] in view.entries:
        return view.entries[owner[1]].place, None
    line = _LINE.search(text)
    return (Place(first.file, int(line[1])) if line else first), None


def _walk(document: Map, steps: list[str]) -> tuple[Place, Any, int]:
    value: Any = document
    place, depth = document.place, 0
    for step in steps:
        if isinstance(value, Map) and step in value:
            place, value = place_of(value.nodes[step][1]), value[step]
        elif isinstance(value, Seq) and step.isdigit() and int(step) < len(value):
            place, value = value.item_place(int(step)), value[int(step)]
        else:
            break
        depth += 1
    return place, value, depth
