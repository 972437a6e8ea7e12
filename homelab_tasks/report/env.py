"""`.env` files as text and JSON: names of keys, never a value."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from posixpath import basename
from typing import Any

from ..commands.env import Kind, Side
from ..envs.diff import Compared, Difference, spoken
from .columns import Row, Span, plain, table
from .phrase import count, listed
from .terminal import Style, Tint

LIES = {  # a file that is none
    Kind.OTHER: "is no file",
    Kind.UNREADABLE: "may not be read",
    Kind.HUGE: "is far too large for an env file",
}
_SIDES = {
    Side.DIFFERENT: "different",
    Side.ONLY_HERE: "missing there",
    Side.ONLY_THERE: "missing here",
    Side.SAME: "equal",
}


def diff_text(found: Difference, *, style: Style) -> str:
    """A row for each file on a host."""
    rows: list[Row] = [[*place(c.unit.service.name, c.unit.host.name), _named(c)] for c in found.compared]
    rows += [
        [*place(u.service.name, u.host.name), ("the file here is the one that runs", Tint.DIM)] for u in found.in_place
    ]
    return "\n".join(table(style, ("SERVICE", "HOST", "HERE AND THERE"), rows)) if rows else "nothing to compare"


def diff_json(found: Difference) -> str:
    """The same for programs."""
    files = [
        {
            "service": one.unit.service.name,
            "host": one.unit.host.name,
            "path": one.unit.path,
            "here": one.content is not None,
            "there": one.judged.kind.value,
            "keys": [{"key": spoken(key.name), "is": _SIDES[key.side]} for key in one.judged.keys if key.side],
        }
        for one in found.compared
    ]
    return _json({"files": files, "unreachable": dict(found.lost)})


def push_text(files: Iterable[Compared], *, style: Style) -> str:
    """What sending each file would change there."""
    rows: list[Row] = [[*place(c.unit.service.name, c.unit.host.name), _change(c)] for c in files]
    return "\n".join(table(style, ("SERVICE", "HOST", ".ENV"), rows))


def place(service: str, where: str) -> tuple[Span, Span]:
    """The beginning of a row."""
    return (service, Tint.BOLD), plain(where)


def _named(one: Compared) -> Span:
    said, tint = _difference(one)
    return (f"{basename(one.unit.file)}: {said}" if one.unit.file else said), tint


def _difference(one: Compared) -> Span:
    if one.judged.kind is Kind.ABSENT and one.unit.file and one.content is not None:
        return "none there, and it is not sent", Tint.YELLOW
    if one.judged.kind is Kind.ABSENT:
        return ("none on either side", Tint.DIM) if one.content is None else ("none there; inv env.push", Tint.YELLOW)
    if not one.judged.readable:
        return LIES[one.judged.kind], Tint.RED
    stops = [f"Compose stops at line {one.judged.fault} there"] if one.judged.fault else []
    parts = [*stops, *_sides(one, _SIDES)]
    if one.content is None:
        return "; ".join(["none here", *parts]), Tint.YELLOW
    same = not stops and not any(one.names(side) for side in Side if side is not Side.SAME)
    if same:
        return f"equal: {count(len(one.names(Side.SAME)), 'key')}", Tint.GREEN
    return "; ".join(parts), Tint.YELLOW


def _sides(one: Compared, words: dict[Side, str]) -> Iterator[str]:
    for side, word in words.items():
        names = one.names(side)
        if names:
            yield f"{word}: {listed(names)}"


def _change(one: Compared) -> Span:
    if one.judged.kind is Kind.ABSENT:
        return "new there", Tint.GREEN
    if not one.judged.readable:
        return LIES[one.judged.kind], Tint.RED
    words = {Side.DIFFERENT: "changed", Side.ONLY_HERE: "added", Side.ONLY_THERE: "removed"}
    parts = list(_sides(one, words))
    return "; ".join(parts) if parts else "the same values; only how it is written or its mode differs", Tint.YELLOW


def _json(body: dict[str, Any]) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
