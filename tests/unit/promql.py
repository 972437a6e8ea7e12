"""Finds metrics and labels in PromQL, as far as this repo's dashboards and alerts use it."""

from __future__ import annotations

import re
from collections.abc import Iterator

AGGREGATION = re.compile(r"\b(by|without|on|ignoring)\s*\(([^()]*)\)")
_SELECTOR = re.compile(r"([a-zA-Z_:]\w*)\s*(?:\{([^{}]*)\})?")
_WORDS = {"and", "or", "unless", "offset", "by", "without", "on", "ignoring"}


def selectors(question: str) -> Iterator[tuple[str, set[str]]]:
    """The names of metrics in a question, each with the labels that it is chosen by."""
    text = re.sub(r"\[[^][]*\]|\boffset \w+", "", re.sub(r'"[^"]*"', '""', question))
    text = re.sub(r"label_values\((\w+(?:\{[^{}]*\})?), \w+\)", r"\1", AGGREGATION.sub("", text))
    for match in _SELECTOR.finditer(text):
        before, after = text[: match.start()], text[match.end() :].lstrip()
        if match[1] not in _WORDS and not after.startswith("(") and not re.search(r"[\w.$]$", before):
            yield match[1], set(re.findall(r"(\w+)\s*[=!]", match[2] or ""))
