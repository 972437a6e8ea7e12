"""A value as one line of a `.env` file that Compose reads back as exactly that value."""

from __future__ import annotations

import re

_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_.-]*")
_PLAIN = re.compile(r"[A-Za-z0-9_./:@%+,=-]*")
_LITERAL = re.compile(r"[^'\\\n\r]*")  # what single quotes keep as it is
_ESCAPES = {"\\": "\\\\", '"': '\\"', "$": "\\$", "\n": "\\n", "\r": "\\r"}
_SPECIAL = re.compile(r'[\\"$\n\r]')


def quoted(key: str, value: str) -> str:
    """`KEY=value`, quoted where it must be; no newline at the end. Raises ValueError for a key or a NUL."""
    if not _KEY.fullmatch(key):
        raise ValueError(f"{key!r} is no name for a variable")
    if "\0" in value:
        raise ValueError(f"{key}: a NUL byte cannot be part of a value")
    if _PLAIN.fullmatch(value):
        return f"{key}={value}"
    if _LITERAL.fullmatch(value):
        return f"{key}='{value}'"
    return f'{key}="{_SPECIAL.sub(lambda found: _ESCAPES[found[0]], value)}"'
