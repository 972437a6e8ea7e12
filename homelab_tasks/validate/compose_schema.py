"""The compose-spec JSON schema, asked about values that know their places: every fault, not the first."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from enum import Enum
from functools import cache
from pathlib import Path
from typing import Any

import yaml
from msgspec import Struct, field

from ..problem import Place
from ..repo.document import Map, Seq, place_of

FILE = Path(__file__).parent / "schema" / "compose-spec.json"

Steps = tuple[str, ...]  # ("services", "web", "ports", "0")

_KINDS = {bool: "boolean", int: "integer", float: "number", str: "string", type(None): "null", Map: "object"}
_KINDS |= {Seq: "array"}
_NEVER_A_VARIABLE = {"object", "array", "null"}
_UNIQUE = ("networks", "depends_on")  # other lists are freed of doubles before Compose looks
_NO_TEXT_KEY = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)|~|null|true|false", re.IGNORECASE)


class Kind(Enum):
    """What is wrong with a value."""

    UNKNOWN = "unknown key"
    TYPE = "type"
    MISSING = "missing key"
    CHOICE = "none of the choices"
    RANGE = "out of range"
    DOUBLE = "given twice"
    KEY = "a key that is no text"


class Fault(Struct, frozen=True):
    """One place where a file leaves the schema; `allowed` are the keys, types or words that could stand there."""

    kind: Kind
    place: Place
    steps: Steps
    value: Any
    allowed: tuple[str, ...] = ()


class Node(Struct):
    """One schema of the schema, with its references followed; filled in after it is made, as they may form circles."""

    types: frozenset[str] = frozenset()
    known: dict[str, Node] = field(default_factory=dict)
    patterns: tuple[tuple[re.Pattern[str], Node], ...] = ()
    closed: bool = False
    items: Node | None = None
    required: tuple[str, ...] = ()
    choices: tuple[str, ...] = ()
    pattern: re.Pattern[str] | None = None
    lowest: float = float("-inf")
    highest: float = float("inf")
    either: tuple[Node, ...] = ()

    def of(self, key: str) -> Node | None:
        """The schema of the value under `key`; None where nothing says."""
        return self.known.get(key) or next((node for pattern, node in self.patterns if pattern.search(key)), None)


def faults(document: Map) -> Iterator[Fault]:
    """Everything in one document of a compose file that the specification does not allow there."""
    yield from _check(schema(), document, document.node, ())


@cache
def schema() -> Node:
    """The whole schema, read once."""
    raw = json.loads(FILE.read_bytes())
    return _node(raw, raw["definitions"], {})


def _node(raw: Mapping[str, Any], definitions: Mapping[str, Any], made: dict[str, Node]) -> Node:
    reference = raw.get("$ref", "").rpartition("/")[2]
    if reference:
        if reference not in made:
            made[reference] = Node()
            _fill(made[reference], definitions[reference], definitions, made)
        return made[reference]
    return _fill(Node(), raw, definitions, made)


def _fill(node: Node, raw: Mapping[str, Any], definitions: Mapping[str, Any], made: dict[str, Node]) -> Node:
    def inner(part: Mapping[str, Any]) -> Node:
        return _node(part, definitions, made)

    types = raw.get("type", ())
    node.types = frozenset([types] if isinstance(types, str) else types)
    node.known = {key: inner(part) for key, part in raw.get("properties", {}).items()}
    node.patterns = tuple((re.compile(key), inner(part)) for key, part in raw.get("patternProperties", {}).items())
    node.closed = raw.get("additionalProperties") is False
    node.items = inner(raw["items"]) if "items" in raw else None
    node.required = tuple(raw.get("required", ()))
    node.choices = tuple(raw.get("enum", ()))
    # a pattern without words is that of container_name, which compose_names reads as Docker does
    node.pattern = re.compile(raw["pattern"]) if "|" in raw.get("pattern", "") else None
    node.lowest, node.highest = raw.get("minimum", node.lowest), raw.get("maximum", node.highest)
    node.either = tuple(inner(part) for part in raw.get("oneOf", ()))
    return node


def _check(node: Node, value: Any, where: yaml.Node, steps: Steps) -> Iterator[Fault]:
    chosen = _branch(node, value)
    if chosen is None:
        yield Fault(Kind.TYPE, place_of(where), steps, value, tuple(sorted(_types(node))))
    elif isinstance(value, Map):
        yield from _check_map(chosen, value, where, steps)
    elif isinstance(value, Seq):
        yield from _check_seq(chosen, value, steps)
    elif not (isinstance(value, str) and "$" in value):
        yield from _check_scalar(chosen, value, where, steps)


def _branch(node: Node, value: Any) -> Node | None:
    """The schema that is meant for this type of value; None if it may not stand here at all."""
    if node.either:
        return next((found for part in node.either if (found := _branch(part, value))), None)
    if not node.types:
        return node
    kind = _KINDS[type(value)]
    fits = kind in node.types or (kind == "integer" and "number" in node.types)
    # a variable may become any scalar; that it becomes a list, a mapping or nothing cannot be
    return node if fits or (isinstance(value, str) and "$" in value and node.types - _NEVER_A_VARIABLE) else None


def _types(node: Node) -> set[str]:
    return set(node.types).union(*map(_types, node.either))


def _check_map(node: Node, value: Map, where: yaml.Node, steps: Steps) -> Iterator[Fault]:
    for key, item in value.items():
        inner = (*steps, key)
        name, content = value.nodes[key]
        if not getattr(name, "style", "") and _NO_TEXT_KEY.fullmatch(key):
            yield Fault(Kind.KEY, place_of(name), inner, key)
        if value.tag(key) == "!reset":
            continue
        part = node.of(key)
        if part:
            yield from _check(part, item, name if item is None else content, inner)
        elif node.closed:
            yield Fault(Kind.UNKNOWN, place_of(name), inner, item, tuple(node.known))
    for key in node.required:
        if key not in value:
            yield Fault(Kind.MISSING, place_of(where), (*steps, key), None)


def _check_seq(node: Node, value: Seq, steps: Steps) -> Iterator[Fault]:
    if node.items:
        for i, item in enumerate(value):
            yield from _check(node.items, item, value.node.value[i], (*steps, str(i)))
    if steps[-1] in _UNIQUE:
        seen: set[str] = set()
        for text, place in value.texts():
            if text in seen:
                yield Fault(Kind.DOUBLE, place, steps, text)
            seen.add(text)


def _check_scalar(node: Node, value: Any, where: yaml.Node, steps: Steps) -> Iterator[Fault]:
    if node.choices and value not in node.choices:
        yield Fault(Kind.CHOICE, place_of(where), steps, value, node.choices)
    if node.pattern and isinstance(value, str) and not node.pattern.search(value):
        words = tuple(word for word in node.pattern.pattern.split("|") if word.isidentifier())
        yield Fault(Kind.CHOICE, place_of(where), steps, value, words)
    if isinstance(value, (int, float)) and not node.lowest <= value <= node.highest:
        yield Fault(Kind.RANGE, place_of(where), steps, value, (f"{node.lowest:g}", f"{node.highest:g}"))
