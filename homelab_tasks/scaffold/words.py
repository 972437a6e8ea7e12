"""Names as YAML text."""

from __future__ import annotations

import json
import re

_PLAIN = re.compile(r"[A-Za-z][A-Za-z0-9_.-]*")
_OTHER_MEANING = frozenset({"null", "true", "false", "yes", "no", "on", "off", "y", "n"})


def scalar(name: str) -> str:
    """A name so that YAML reads text: what could be a number, or true, is quoted."""
    return name if _PLAIN.fullmatch(name) and name.lower() not in _OTHER_MEANING else json.dumps(name)
