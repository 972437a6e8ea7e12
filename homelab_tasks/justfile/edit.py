"""Names added to a list of `service.yaml`, as small an edit of its text as there can be: all else stays as it is."""

from __future__ import annotations

from collections.abc import Sequence

import yaml

from ..errors import RepoInvalid
from ..repo.document import Map, document
from ..scaffold.words import scalar


def with_names(text: str, key: str, names: Sequence[str]) -> str | None:
    """The text with `names` added to the list under `key`; None where a person has to do that."""
    before = _mapping(text)
    if before is None:
        return None
    edited = _edited(text, before, key, [scalar(name) for name in names])
    after = _mapping(edited)
    return edited if after is not None and _only_added(before, after, key, names) else None


def _mapping(text: str) -> dict[str, object] | None:
    try:
        found = document("service.yaml", text.encode("utf-8", "surrogateescape"))
    except RepoInvalid:
        return None
    return {} if found is None else found if isinstance(found, Map) else None


def _only_added(before: dict[str, object], after: dict[str, object], key: str, names: Sequence[str]) -> bool:
    """An anchor, for one, may stand for more than this list."""
    if isinstance(before.get(key), dict):
        return False  # that is no list of names
    rest = {k: v for k, v in before.items() if k != key}
    return rest == {k: v for k, v in after.items() if k != key} and after.get(key) == [*_list(before.get(key)), *names]


def _list(value: object) -> list[object]:
    if isinstance(value, list):
        return list(value)
    return [] if value is None else [value]


def _edited(text: str, content: dict[str, object], key: str, names: Sequence[str]) -> str:
    newline = "\r\n" if "\r\n" in text else "\n"
    if not isinstance(content, Map):
        return _appended(text, f"{key}: [{', '.join(names)}]", newline)
    if key in content.nodes:
        return _longer(text, content, key, names)
    added = f"{key}: [{', '.join(names)}]"
    if isinstance(content.node, yaml.MappingNode) and content.node.flow_style:
        return _before_bracket(text, _offset(text, content.node.end_mark) - 1, added)
    return _appended(text, " " * content.node.start_mark.column + added, newline)


def _appended(text: str, line: str, newline: str) -> str:
    return text + ("" if not text or text.endswith("\n") else newline) + line + newline


def _longer(text: str, content: Map, key: str, names: Sequence[str]) -> str:
    name, node = content.nodes[key]
    if isinstance(node, yaml.SequenceNode) and node.flow_style:
        return _before_bracket(text, _offset(text, node.end_mark) - 1, ", ".join(names))
    if isinstance(node, yaml.SequenceNode):
        return _more_items(text, node, names)
    begin, end = _offset(text, node.start_mark), _offset(text, node.end_mark)
    if content[key] is not None:
        return f"{text[:begin]}[{', '.join([text[begin:end], *names])}]{text[end:]}"
    if begin == end:  # nothing stands there
        begin = end = text.find(":", _offset(text, name.end_mark)) + 1
        return f"{text[:begin]} [{', '.join(names)}]{text[end:]}"
    return f"{text[:begin]}[{', '.join(names)}]{text[end:]}"


def _before_bracket(text: str, at: int, added: str) -> str:
    """With a comma where something stands before."""
    kept = text[:at].rstrip()
    comma = "" if kept.endswith(("[", "{", ",")) else ","
    blank = "" if kept.endswith(("[", "{")) else " "
    return f"{text[:at].rstrip(' ')}{comma}{blank}{added}{text[at:]}"


def _more_items(text: str, node: yaml.SequenceNode, names: Sequence[str]) -> str:
    last = node.value[-1]
    end = text.find("\n", _offset(text, last.end_mark))
    at = len(text) if end < 0 else end + 1
    newline = "\r\n" if "\r\n" in text else "\n"
    first = "" if text[:at].endswith("\n") else newline
    dashes = " " * node.start_mark.column
    return f"{text[:at]}{first}{''.join(f'{dashes}- {name}{newline}' for name in names)}{text[at:]}"


def _offset(text: str, mark: yaml.Mark) -> int:
    """Where a mark stands in the text; the parser counts the lines as YAML does."""
    lines = text.splitlines(keepends=True)
    return sum(map(len, lines[: mark.line])) + mark.column
