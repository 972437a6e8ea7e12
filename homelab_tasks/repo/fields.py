"""A small schema reader: takes the fields of a mapping one by one, and notes what is wrong or unknown."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from enum import Enum
from typing import Any, TypeVar

from ..errors import suggestion
from ..problem import Place, Problem, Rule
from . import rules
from .document import Map, Seq

E = TypeVar("E", bound=Enum)
D = TypeVar("D")
Name = tuple[str, Place]  # a name as it is written, and where

_DURATION = re.compile(r"(?:(\d+(?:\.\d+)?)(h|ms|us|m|s))")
_SECONDS = {"h": 3600.0, "m": 60.0, "s": 1.0, "ms": 0.001, "us": 0.000001}
TRUE, FALSE = ("true", "yes", "on"), ("false", "no", "off")


def describe(value: Any) -> str:
    """What a value is, for a sentence that says what was expected and what is there."""
    match value:
        case None:
            return "nothing"
        case bool():
            return f"{value}".lower()
        case int() | float():
            return f"the number {value}"
        case str():
            return f"the text {value[:40]!r}"
        case dict():
            return "a mapping"
        case _:
            return "a list"


def seconds(text: str) -> float | None:
    """`90`, `90s`, `1m30s`, `500ms` as seconds; None if it is no duration (Compose spec, "Specifying durations")."""
    if re.fullmatch(r"\d{1,9}(\.\d{1,9})?", text):
        return float(text)
    parts = _DURATION.findall(text)
    if not parts or len(text) > 40 or "".join(number + unit for number, unit in parts) != text:
        return None
    return sum(float(number) * _SECONDS[unit] for number, unit in parts)


class Fields:
    """The fields of one mapping. Every method takes one key; `unknown()` at the end notes the keys nobody asked for."""

    def __init__(self, mapping: Map, problems: list[Problem]) -> None:
        self.mapping = mapping
        self._problems = problems
        self._known: list[str] = []

    def __contains__(self, key: str) -> bool:
        return self.mapping.get(key) is not None

    def place(self, key: str) -> Place:
        """Where the value of `key` stands; the mapping itself if the key is not there."""
        return self.mapping.value_place(key) if key in self.mapping.nodes else self.mapping.place

    def wrong(self, key: str, what: str, move: str = "", rule: Rule = rules.WRONG_VALUE) -> None:
        """Note a problem with the value of `key`."""
        self._problems.append(rule.at(self.place(key), what, move))

    def wrong_at(self, place: Place, what: str, move: str) -> None:
        """Note a problem with a part of a value."""
        self._problems.append(rules.WRONG_VALUE.at(place, what, move))

    def text(self, key: str, default: str = "", *, pattern: re.Pattern[str] | None = None, shape: str = "") -> str:
        """A text; `pattern` must match the whole of it, and `shape` says in words what it wants."""
        value = self._value(key)
        if value is None:
            return default
        if not isinstance(value, str):
            return self._mistyped(key, "text", value, default, "put it in quotes" if _is_scalar(value) else "")
        if pattern and not pattern.fullmatch(value):
            self.wrong(key, f"{key}: {value!r} is not allowed", f"it must be {shape}")
            return default
        return value

    def integer(self, key: str, default: int, *, lowest: int, highest: int) -> int:
        """A whole number between two limits, both allowed."""
        value = self._value(key)
        if value is None:
            return default
        if isinstance(value, bool) or not isinstance(value, int) or not lowest <= value <= highest:
            return self._mistyped(key, f"a whole number from {lowest} to {highest}", value, default)
        return value

    def duration(self, key: str, default: float) -> float:
        """Seconds, as a number or as Compose writes a duration."""
        value = self._value(key)
        if value is None:
            return default
        found = None if isinstance(value, bool) or not _is_scalar(value) else seconds(self.mapping.text(key) or "")
        if found is None:
            return self._mistyped(key, "seconds or a duration such as 1m30s", value, default)
        return found

    def flag(self, key: str, *, default: bool = False) -> bool:
        """True or false; the words of older YAML are taken too."""
        value = self._value(key)
        if value is None:
            return default
        word = (self.mapping.text(key) or "").lower()
        if word not in TRUE + FALSE:
            return self._mistyped(key, "true or false", value, default)
        return word in TRUE

    def choice(self, key: str, default: E) -> E:
        """One of an enum's values."""
        value = self._value(key)
        kind = type(default)
        words = [str(member.value) for member in kind]
        if value is None:
            # an unquoted `none` is text in YAML, a null is not given
            return default
        if value not in words:
            return self._mistyped(key, _either(words), value, default)
        return kind(value)

    def names(self, key: str) -> list[Name]:
        """A list of texts, or a single one."""
        value = self._value(key)
        if value is None:
            return []
        if isinstance(value, str) and value:
            return [(value, self.place(key))]
        if not isinstance(value, Seq):
            return self._mistyped(key, "a list of names", value, [])
        return [found for i, item in enumerate(value) if (found := self._name(key, value, i, item))]

    def mapping_of(self, key: str, what: str) -> Map | None:
        """A nested mapping; None if there is none."""
        value = self._value(key)
        if value is None or isinstance(value, Map):
            return value
        return self._mistyped(key, what, value, None)

    def any(self, key: str) -> Any:
        """The value whatever its type, for a field of several forms."""
        return self._value(key)

    def unknown(self, what: str) -> None:
        """Note every key that was not asked for; `what` names the mapping."""
        for key in self.mapping:
            if key not in self._known and not key.startswith("x-"):
                place = self.mapping.key_place(key)
                self._problems.append(
                    rules.UNKNOWN_KEY.at(place, f"unknown key {key!r} in {what}", suggestion(key, self._known, "key"))
                )

    def _value(self, key: str) -> Any:
        self._known.append(key)
        return self.mapping.get(key)

    def _name(self, key: str, values: Seq, index: int, item: Any) -> Name | None:
        if isinstance(item, str) and item:
            return item, values.item_place(index)
        what = f"{key}: expected a name, found {describe(item)}"
        move = "put it in quotes" if _is_scalar(item) else ""
        self._problems.append(rules.WRONG_VALUE.at(values.item_place(index), what, move))
        return None

    def _mistyped(self, key: str, expected: str, value: Any, default: D, move: str = "") -> D:
        self.wrong(key, f"{key}: expected {expected}, found {describe(value)}", move)
        return default


def each(mapping: Map | None, problems: list[Problem], what: str, read: Callable[[str, Fields], None]) -> None:
    """Hand every entry of a mapping of mappings to `read`; an entry without a value is an empty one."""
    for key, value in (mapping or {}).items():
        assert mapping is not None  # noqa: S101 - for mypy: the loop is empty without a mapping
        if value is not None and not isinstance(value, Map):
            place = mapping.value_place(key)
            problems.append(
                rules.WRONG_VALUE.at(
                    place, f"{what} {key!r}: expected a mapping, found {describe(value)}", f"write {key}: {{}}"
                )
            )
            continue
        read(key, Fields(value if value is not None else Map(mapping.nodes[key][1]), problems))


def _is_scalar(value: Any) -> bool:
    return value is not None and not isinstance(value, (Map, Seq))


def _either(words: Sequence[str]) -> str:
    return f"{', '.join(words[:-1])} or {words[-1]}"
