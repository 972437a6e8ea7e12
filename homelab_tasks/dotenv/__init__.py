"""`.env` files as Compose reads them, and its variables in any text: no files, no processes, no YAML."""

from __future__ import annotations

from .entry import Entry, Fault, Parsed, offered
from .parser import parse
from .variables import MOST_LEVELS, Expanded, Reference, Stops, expand, is_name, references
from .writer import quoted

__all__ = [
    "MOST_LEVELS",
    "Entry",
    "Expanded",
    "Fault",
    "Parsed",
    "Reference",
    "Stops",
    "expand",
    "is_name",
    "offered",
    "parse",
    "quoted",
    "references",
]
