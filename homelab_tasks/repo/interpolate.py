"""Compose's variables: `$X`, `${X:-d}`, `${X:+r}`, `${X:?e}`, `$$`, nested; None where a value is not known here."""

from __future__ import annotations

import re
from collections.abc import Mapping

_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_OPERATOR = re.compile(r":?[-+?]")
_LINE = re.compile(r"\s*(?:export\s+)?([A-Za-z_][A-Za-z0-9_.-]*)\s*[=:]\s*(.*)")

_MOST_VARIABLES = 50  # of one text: they may be nested, and each level is a call


def interpolate(text: str, values: Mapping[str, str]) -> str | None:
    """The text with its variables replaced, as compose-go's template package does; None if a value is not known."""
    if text.count("${") > _MOST_VARIABLES:
        return None
    parts: list[str] = []
    position = 0
    while (dollar := text.find("$", position)) >= 0:
        parts.append(text[position:dollar])
        found = _variable(text, dollar + 1, values)
        if found is None:
            return None
        part, position = found
        parts.append(part)
    return "".join([*parts, text[position:]])


def template_values(text: str) -> dict[str, str]:
    """The values that an `.env.example` proposes: enough of its syntax to know names of networks and containers."""
    values: dict[str, str] = {}
    for line in text.splitlines():
        match = _LINE.match(line)
        if not match:
            continue
        value = _unquoted(match[2].strip())
        resolved = value if match[2].startswith("'") else interpolate(value, values)
        if resolved:  # an empty value in a template is one that the user is to fill in
            values[match[1]] = resolved
    return values


def _unquoted(value: str) -> str:
    if value[:1] in ("'", '"') and (end := value.find(value[0], 1)) > 0:
        return value[1:end]
    return re.split(r"\s#", " " + value, maxsplit=1)[0].strip()


def _variable(text: str, start: int, values: Mapping[str, str]) -> tuple[str, int] | None:
    """The value of the variable whose `$` stands before `start`, and where the text goes on."""
    if text.startswith("$", start):
        return "$", start + 1
    if text.startswith("{", start):
        end = _closing(text, start)
        value = _braced(text[start + 1 : end], values) if end > 0 else None
        return None if value is None else (value, end + 1)
    name = _NAME.match(text, start)
    if not name or name[0] not in values:
        return None
    return values[name[0]], name.end()


def _closing(text: str, start: int) -> int:
    depth = 0
    for i in range(start, len(text)):
        if text[i] == "{" and (i == start or text[i - 1] == "$"):
            depth += 1
        elif text[i] == "}":
            depth -= 1
            if not depth:
                return i
    return -1


def _braced(inside: str, values: Mapping[str, str]) -> str | None:
    name = _NAME.match(inside)
    if not name:
        return None
    value = values.get(name[0])
    operator = _OPERATOR.match(inside, name.end())
    if not operator:
        return value if name.end() == len(inside) else None
    given = bool(value) if operator[0].startswith(":") else value is not None
    match operator[0][-1]:
        case "-":
            return value if given else interpolate(inside[operator.end() :], values)
        case "+":
            return interpolate(inside[operator.end() :], values) if given else None
        case _:
            return value if given else None
