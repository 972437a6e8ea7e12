"""Any text as a YAML scalar that every reader takes for that text."""

from __future__ import annotations

import re

_PART = r"[A-Za-z0-9_.,'()/-]+"
_PLAIN = re.compile(rf"[A-Za-z][A-Za-z0-9_.,'()/-]*(?:[ :]{_PART})*")
_OTHER_MEANING = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})
_BYTE, _PLANE = 0x100, 0x10000


def scalar(text: str) -> str:
    """As it is where that is safe, else in double quotes, with all that does not print escaped (YAML 1.2, 5.7)."""
    if _PLAIN.fullmatch(text) and text.lower() not in _OTHER_MEANING:
        return text
    return f'"{"".join(map(_escaped, text))}"'


def _escaped(char: str) -> str:
    code = ord(char)
    if char in '"\\':
        return f"\\{char}"
    if char.isprintable():
        return char
    if code < _BYTE:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _PLANE else f"\\U{code:08x}"
