"""Texts of compose files with the values that are known here."""

from __future__ import annotations

from collections.abc import Mapping

from ..dotenv import Parsed, Stops, expand, parse

MOST_BYTES = 1024 * 1024  # of an env file: one that is larger is none, and reading it would take seconds


def interpolate(text: str, values: Mapping[str, str]) -> str | None:
    """The text with its variables replaced, as Compose does; None if a value is not known."""
    try:
        found = expand(text, values.get)
    except Stops:
        return None
    return None if found.unset else found.text


def template_values(text: str) -> dict[str, str]:
    """The values that an `.env.example` proposes; none where it is too large for one."""
    return proposed(parse(text)) if len(text) <= MOST_BYTES else {}


def proposed(template: Parsed) -> dict[str, str]:
    """The same of a template that is parsed: an empty value is for the user to fill in, so it says nothing."""
    return {entry.key: entry.value for entry in template.entries if entry.value and not entry.unset}
