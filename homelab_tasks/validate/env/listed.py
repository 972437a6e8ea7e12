"""The `environment:` of services, as the compose file writes it."""

from __future__ import annotations

from collections.abc import Iterator

from ...problem import Place, Problem
from ...repo.document import Map, Seq
from . import rules

Pair = tuple[str, str, Place]


def pairs(document: Map) -> Iterator[Pair]:
    """Key, value and place of everything that a compose file sets for its containers."""
    for environment in _environments(document):
        if isinstance(environment, Map):
            yield from ((key, environment.text(key) or "", environment.value_place(key)) for key in environment)
        elif isinstance(environment, Seq):
            yield from _items(environment)


def check(document: Map) -> Iterator[Problem]:
    """`- KEY="value"`: to YAML the quotes are letters like others."""
    for environment in _environments(document):
        for key, value, place in _items(environment) if isinstance(environment, Seq) else ():
            if len(value) > 1 and value[0] in "'\"" and value[-1] == value[0]:
                what = f"the quotes around the value of {key} are part of it"
                yield rules.QUOTES.at(place, what, f"write {key}=value without them, or {key}: value")


def _environments(document: Map) -> Iterator[object]:
    services = document.get("services")
    for content in services.values() if isinstance(services, Map) else ():
        yield content.get("environment") if isinstance(content, Map) else None


def _items(environment: Seq) -> Iterator[Pair]:
    for text, place in environment.texts():
        key, _, value = text.partition("=")
        yield key, value, place
