"""The YAML door: bytes of a file become plain values that know their line, or problems with line and column."""

from __future__ import annotations

import io
import re
from typing import Any, cast

import yaml

from ..errors import RepoInvalid
from ..problem import Place, Problem, Rule
from . import rules

MAX_BYTES = 4 * 1024 * 1024
MAX_DEPTH = 100  # the parser in C recurses: without a limit, deep nesting would crash the interpreter
MAX_VALUES = 200_000  # after aliases are expanded

Value = Any  # Map, Seq, str, int, float, bool or None


class Map(dict[str, Value]):
    """A mapping; `nodes` holds the key's and the value's node of each key."""

    __slots__ = ("node", "nodes")

    def __init__(self, node: yaml.Node) -> None:
        super().__init__()
        self.node = node
        self.nodes: dict[str, tuple[yaml.Node, yaml.Node]] = {}

    @property
    def place(self) -> Place:
        """Where the mapping itself starts."""
        return place_of(self.node)

    def key_place(self, key: str) -> Place:
        """Where the key stands."""
        return place_of(self.nodes[key][0])

    def value_place(self, key: str) -> Place:
        """Where the key's value starts."""
        return place_of(self.nodes[key][1])

    def text(self, key: str) -> str | None:
        """The scalar under `key` as it is written, whatever its type; None for none, null or a collection."""
        value = self.get(key)
        return None if value is None or isinstance(value, (dict, list)) else cast("str", self.nodes[key][1].value)

    def tag(self, key: str) -> str:
        """The explicit tag of the value, such as Compose's `!reset`."""
        return str(self.nodes[key][1].tag or "")


class Seq(list[Value]):
    """A sequence; `node.value[i]` is the node of its item i."""

    __slots__ = ("node",)

    def __init__(self, node: yaml.Node) -> None:
        super().__init__()
        self.node = node

    def item_place(self, index: int) -> Place:
        """Where item `index` starts."""
        return place_of(self.node.value[index])

    def texts(self) -> list[tuple[str, Place]]:
        """Its scalars as they are written, with their places; collections and nulls are left out."""
        nodes = [
            n for n, v in zip(self.node.value, self, strict=True) if v is not None and not isinstance(v, (dict, list))
        ]
        return [(node.value, place_of(node)) for node in nodes]


def place_of(node: yaml.Node) -> Place:
    """The file, line and column of a node."""
    mark = node.start_mark
    return Place(mark.name, mark.line + 1, mark.column + 1)


def document(file: str, data: bytes) -> Value:
    """The single document of a YAML file; None if it is empty. Raises RepoInvalid with all of its problems."""
    found = documents(file, data)
    if len(found) > 1:
        raise RepoInvalid(
            [
                rules.WRONG_VALUE.at(
                    Place(file), f"holds {len(found)} documents", "keep one; remove the `---` between them"
                )
            ]
        )
    return found[0] if found else None


def documents(file: str, data: bytes) -> list[Value]:
    """Every document of a YAML file, the empty ones left out. Raises RepoInvalid with all of its problems."""
    _check_bytes(file, data)
    reading = _Reading()
    found = [reading.value(node) for node in _compose(file, data)]
    if reading.problems:
        raise RepoInvalid(reading.problems)
    return [value for value in found if value is not None]


def _check_bytes(file: str, data: bytes) -> None:
    if len(data) > MAX_BYTES:
        what = f"is {len(data) / 1048576:.1f} MB large, more than any file of a homelab should be"
        raise RepoInvalid([rules.TOO_LARGE.at(Place(file), what, "is it the right file?")])
    try:
        data.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RepoInvalid(
            [rules.UNREADABLE.at(_offset(file, data, error.start), "is not UTF-8 text", "save it as UTF-8")]
        ) from None
    if b"\0" in data:
        raise RepoInvalid(
            [rules.UNREADABLE.at(_offset(file, data, data.index(b"\0")), "holds a NUL byte", "remove it")]
        )


def _offset(file: str, data: bytes, offset: int) -> Place:
    before = data[:offset]
    line_start = before.rfind(b"\n") + 1
    return Place(file, before.count(b"\n") + 1, len(before[line_start:].decode("utf-8", "replace")) + 1)


def _compose(file: str, data: bytes) -> list[yaml.Node]:
    stream = _Named(data)
    stream.name = file
    try:
        composer = _Composer(stream)
        nodes = []
        while composer.check_node():
            nodes.append(composer.get_node())
    except yaml.MarkedYAMLError as error:
        raise RepoInvalid([_syntax_problem(file, data, error)]) from None
    except yaml.reader.ReaderError as error:
        place = _offset(file, data, int(error.position))
        raise RepoInvalid(
            [rules.UNREADABLE.at(place, "holds a character that YAML does not allow", "remove it")]
        ) from None
    return nodes


def _syntax_problem(file: str, data: bytes, error: yaml.MarkedYAMLError) -> Problem:
    mark = error.problem_mark or error.context_mark
    place = Place(file, mark.line + 1, mark.column + 1) if mark else Place(file)
    what = " ".join(filter(None, [error.problem, error.context and f"({error.context})"])) or "cannot be parsed"
    lines = data.splitlines()
    if mark and mark.line < len(lines) and lines[mark.line][: mark.column + 1].endswith(b"\t"):
        return rules.NOT_YAML.at(place, "a tab where YAML wants spaces", "indent with spaces")
    return rules.NOT_YAML.at(place, f"not valid YAML: {what}", "check the indentation, colons and quotes here")


class _Named(io.BytesIO):
    name = ""


class _Rules:
    """What stands in for PyYAML's resolver: no tag is guessed, and nesting has a limit."""

    depth = 0

    def resolve(self, kind: type, value: object, implicit: object) -> str:  # noqa: ARG002 - PyYAML's signature
        return ""

    def descend_resolver(self, node: yaml.Node | None, index: object) -> None:  # noqa: ARG002 - PyYAML's signature
        self.depth += 1
        if self.depth > MAX_DEPTH:
            mark = node.start_mark if node else None
            raise yaml.composer.ComposerError(None, None, f"nested deeper than {MAX_DEPTH} levels", mark)

    def ascend_resolver(self) -> None:
        self.depth -= 1


class _Pure(_Rules, yaml.reader.Reader, yaml.scanner.Scanner, yaml.parser.Parser, yaml.composer.Composer):
    """The same without libyaml: slower, and nothing else differs."""

    def __init__(self, stream: _Named) -> None:
        yaml.reader.Reader.__init__(self, stream)
        yaml.scanner.Scanner.__init__(self)
        yaml.parser.Parser.__init__(self)
        yaml.composer.Composer.__init__(self)


def _fastest() -> Any:
    if not yaml.__with_libyaml__:
        return _Pure
    from yaml import cyaml

    return type("_Fast", (_Rules, vars(cyaml)["CParser"]), {})


_Composer = _fastest()

_INTEGER = re.compile(r"[-+]?[0-9]+|0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, bool | None] = {"": None, "~": None, "null": None, "Null": None, "NULL": None}
_WORDS |= dict.fromkeys(("true", "True", "TRUE"), True) | dict.fromkeys(("false", "False", "FALSE"), False)
_STANDARD = "tag:yaml.org,2002:"
_TYPED = {"", *(f"{_STANDARD}{name}" for name in ("null", "bool", "int", "float"))}


class _Reading:
    """Nodes become values; an aliased node becomes one value that is shared, and counted each time."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._done: dict[int, tuple[Value, int]] = {}
        self._open: set[int] = set()
        self._count = 0

    def value(self, node: yaml.Node) -> Value:
        self._count += 1
        if isinstance(node, yaml.ScalarNode):
            return _scalar(node)
        if id(node) in self._done:
            value, size = self._done[id(node)]
            self._spend(size, node)
            return value
        return self._collection(node)

    def _collection(self, node: yaml.Node) -> Value:
        if id(node) in self._open:
            raise RepoInvalid(
                [*self.problems, rules.TOO_LARGE.at(place_of(node), "an alias that holds itself", "remove it")]
            )
        self._open.add(id(node))
        before = self._count
        value: Value = self._map(node) if isinstance(node, yaml.MappingNode) else self._seq(node)
        self._open.discard(id(node))
        self._done[id(node)] = (value, self._count - before)
        return value

    def _spend(self, size: int, node: yaml.Node) -> None:
        self._count += size
        if self._count > MAX_VALUES:
            what = f"aliases expand to more than {MAX_VALUES} values"
            raise RepoInvalid([*self.problems, rules.TOO_LARGE.at(place_of(node), what, "write out what is meant")])

    def _seq(self, node: yaml.Node) -> Seq:
        found = Seq(node)
        found.extend(self.value(item) for item in node.value)
        return found

    def _map(self, node: yaml.Node) -> Map:
        found = Map(node)
        merges = []
        for key_node, value_node in node.value:
            if not isinstance(key_node, yaml.ScalarNode):
                self._fault(rules.NOT_YAML, key_node, "a key must be text", "check the braces and the `?` here")
                continue
            key = key_node.value
            if key in found.nodes:
                first = found.key_place(key).line
                self._fault(
                    rules.DOUBLE_KEY, key_node, f"key {key!r} is given twice, first in line {first}", "keep one of them"
                )
                continue
            found.nodes[key] = (key_node, value_node)
            if key == "<<" and not key_node.style:
                merges.append(value_node)
                continue
            found[key] = self.value(value_node)
        for merge in merges:
            del found.nodes["<<"]
            self._merge(found, merge)
        return found

    def _merge(self, into: Map, node: yaml.Node) -> None:
        value = self.value(node)
        for part in value if isinstance(value, Seq) else [value]:
            if not isinstance(part, Map):
                self._fault(rules.WRONG_VALUE, node, "<< takes a mapping or a list of mappings", "write <<: *name")
                return
            self._spend(len(part), node)
            for key, item in part.items():
                if key not in into:
                    into[key] = item
                    into.nodes[key] = part.nodes[key]

    def _fault(self, rule: Rule, node: yaml.Node, what: str, move: str) -> None:
        self.problems.append(rule.at(place_of(node), what, move))


def _scalar(node: yaml.ScalarNode) -> str | int | float | bool | None:
    text = str(node.value)
    if node.style or node.tag not in _TYPED:
        return text
    if text in _WORDS:
        return _WORDS[text]
    if text[0] not in "+-.0123456789" or len(text) > 300:
        return text
    if _INTEGER.fullmatch(text):
        return int(text, 0) if text[1:2] in ("o", "x") else int(text)
    return float(text) if _FLOAT.fullmatch(text) else text
