"""Writes schemas/*.json, which editors read: the keys as the loader asks for them, explained as in docs/."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path

from homelab_tasks.repo.schema import Schema, hosts_schema, service_schema

TOP = Path(__file__).resolve().parents[1]


def schemas() -> dict[str, str]:
    """Each file's content by its path."""
    made = {"hosts": hosts_schema(), "service": service_schema()}
    return {f"schemas/{name}.schema.json": _written(schema, _meanings(name)) for name, schema in made.items()}


def _written(schema: Schema, meanings: dict[str, str]) -> str:
    for key, described in _keys(schema):
        if key in meanings:
            described["description"] = meanings[key]
    return json.dumps(schema, indent=2) + "\n"


def _keys(schema: Schema) -> Iterator[tuple[str, Schema]]:
    """Every key of a schema at any depth, each with a schema of its own."""
    for key, below in schema.get("properties", {}).items():
        schema["properties"][key] = own = dict(below)
        yield key, own
    parts = [schema.get("additionalProperties"), schema.get("items"), *schema.get("anyOf", [])]
    for part in [*schema.get("properties", {}).values(), *parts]:
        if isinstance(part, dict):
            yield from _keys(part)


def _meanings(name: str) -> dict[str, str]:
    """The last column of the tables of the page about that file; the first row of a key counts."""
    rows = re.findall(r"^\| `(\w+)` \|.*\| (.+?) \|$", (TOP / f"docs/{name}.yaml.md").read_text(), re.MULTILINE)
    return {key: re.sub(r"`|\[([^]]+)\]\([^)]+\)", r"\1", meaning) for key, meaning in reversed(rows)}


if __name__ == "__main__":
    for path, text in schemas().items():
        (TOP / path).parent.mkdir(exist_ok=True)
        (TOP / path).write_text(text)
        print(f"wrote {path}")
