"""JSON schemas of `hosts.yaml` and `service.yaml` for editors, made of the very calls with which the loader reads them.

A schema knows one file. What needs a look at another, such as the name of a host, only the loader can tell.
"""

from __future__ import annotations

import re
from enum import Enum
from pathlib import Path
from typing import Any, TypeVar

from .. import model
from .document import Map, document
from .fields import FALSE, TRUE, Fields, Name
from .hooks import COMMAND, read_hook
from .hosts import (
    CODE,
    GROUP,
    HOST,
    NETWORK,
    Checkout,
    Defaults,
    read_group,
    read_host,
    read_network,
    read_validate,
)
from .page import LAST, URL
from .settings import SHAPES, SIGNAL, read_fields

Schema = dict[str, Any]
E = TypeVar("E", bound=Enum)

DIALECT = "http://json-schema.org/draft-07/schema#"  # what editors understand best
_DURATION = r"^([0-9]{1,9}(\.[0-9]{1,9})?|([0-9]+(\.[0-9]+)?(h|ms|us|m|s))+)$"
_NOWHERE = Checkout(Path("/"), Path("/"))


def hosts_schema() -> Schema:
    """Of `hosts.yaml`."""
    networks = [_names(NETWORK), _named(NETWORK, _recorded(lambda f: read_network("", f)))]
    top = {
        "defaults": _object(_recorded(lambda f: Defaults.read(f, _NOWHERE))),
        "hosts": {**_named(HOST, _recorded(lambda f: read_host("", f, Defaults(), _NOWHERE))), "type": "object"},
        "groups": _named(GROUP, _recorded(lambda f: read_group("", f))),
        "networks": {"anyOf": networks},
        "validate": _object({**_recorded(read_validate), "ignore": _names(CODE)}),
    }
    top["hosts"]["minProperties"] = 1
    return {"$schema": DIALECT, "title": "hosts.yaml", **_object(top), "type": "object", "required": ["hosts"]}


def service_schema() -> Schema:
    """Of `service.yaml`."""
    keys = _recorded(lambda f: read_fields(f, {}, model.Health(), []))
    return {"$schema": DIALECT, "title": "service.yaml", **_object(keys)}


def _recorded(read: Any) -> dict[str, Schema]:
    recording = _Recording()
    read(recording)
    return recording.keys


class _Recording(Fields):
    """Fields of an empty mapping, which note what they are asked for."""

    def __init__(self) -> None:
        super().__init__(Map(document("", b"{}").node), [])
        self.keys: dict[str, Schema] = {}

    def text(self, key: str, default: str = "", *, pattern: re.Pattern[str] | None = None, shape: str = "") -> str:
        self.keys[key] = _FORMS.get(key) or _text(pattern, default)
        return super().text(key, default, pattern=pattern, shape=shape)

    def integer(self, key: str, default: int, *, lowest: int, highest: int) -> int:
        limits = {"type": ["integer", "null"], "minimum": lowest, "maximum": highest}
        self.keys[key] = {**limits, **({"default": default} if default else {})}
        return super().integer(key, default, lowest=lowest, highest=highest)

    def duration(self, key: str, default: float) -> float:
        kinds = {"type": ["number", "string", "null"], "minimum": 0, "pattern": _DURATION}
        self.keys[key] = {**kinds, "default": default}
        return super().duration(key, default)

    def flag(self, key: str, *, default: bool = False) -> bool:
        words = "|".join("".join(f"[{letter.upper()}{letter}]" for letter in word) for word in TRUE + FALSE)
        self.keys[key] = {"type": ["boolean", "string", "null"], "pattern": f"^({words})$", "default": default}
        return super().flag(key, default=default)

    def choice(self, key: str, default: E) -> E:
        self.keys[key] = {"enum": [*(member.value for member in type(default)), None], "default": default.value}
        return super().choice(key, default)

    def names(self, key: str) -> list[Name]:
        self.keys[key] = _names()
        return super().names(key)

    def mapping_of(self, key: str, what: str) -> Map | None:
        self.keys[key] = _FORMS[key]
        return super().mapping_of(key, what)

    def any(self, key: str) -> Any:
        self.keys[key] = _FORMS[key]
        return super().any(key)


def _text(pattern: re.Pattern[str] | None = None, default: str = "") -> Schema:
    found: Schema = {"type": ["string", "null"]}
    if pattern:
        found["pattern"] = _whole(pattern)
    return {**found, "default": default} if default else found


def _whole(pattern: re.Pattern[str]) -> str:
    return f"^({pattern.pattern})$"


def _object(keys: dict[str, Schema]) -> Schema:
    """A mapping of these keys; those with `x-` are the user's."""
    return {
        "type": ["object", "null"],
        "properties": keys,
        "patternProperties": {"^x-": {}},
        "additionalProperties": False,
    }


def _named(pattern: re.Pattern[str], keys: dict[str, Schema]) -> Schema:
    """A mapping of names to mappings of these keys."""
    return {
        "type": ["object", "null"],
        "propertyNames": {"pattern": _whole(pattern)},
        "additionalProperties": _object(keys),
    }


def _names(pattern: re.Pattern[str] | None = None) -> Schema:
    """A list of names, or one."""
    one = {"pattern": _whole(pattern)} if pattern else {"minLength": 1}
    return {"type": ["array", "string", "null"], **one, "items": {"type": "string", **one}}


_SOME: Schema = {**_names(), "type": ["array", "string"], "minItems": 1}
_TAGGED: Schema = {**_object({"tags": _SOME}), "type": "object", "required": ["tags"]}
_CHECK: Schema = {
    **_object({kind.value: _text(pattern) for kind, (pattern, _) in SHAPES.items()}),
    "type": "object",
    "minProperties": 1,
    "maxProperties": 1,
}
_REACTIONS = "|".join(reaction.value for reaction in model.Reaction if reaction is not model.Reaction.SIGNAL)

# Keys of several forms, of which the loader only says that it takes any
_FORMS: dict[str, Schema] = {
    "host": {"anyOf": [{"type": ["string", "null"], "minLength": 1}, _TAGGED]},
    "hosts": {"anyOf": [{**_SOME, "type": ["array", "string", "null"]}, _TAGGED]},
    "page": {
        "anyOf": [
            {"type": ["integer", "null"], "minimum": 1, "maximum": LAST},
            {"type": "string", "pattern": _whole(URL)},
            {"const": False},
        ]
    },
    "health": {"anyOf": [{"type": ["array", "null"], "items": _CHECK}, _CHECK]},
    "on_config_change": {
        "type": ["string", "null"],
        "pattern": f"^({_REACTIONS}|{model.Reaction.SIGNAL.value}:({SIGNAL.pattern}))$",
        "default": model.Reaction.RESTART.value,
    },
    "options": {"type": ["object", "null"], "additionalProperties": {"type": ["string", "number", "boolean", "null"]}},
}


def _hook(moment: model.Moment) -> Schema:
    keys = _object(_recorded(lambda fields: read_hook(fields, moment)))
    return {"anyOf": [_text(COMMAND), {**keys, "type": "object", "required": ["run"]}]}


_FORMS["hooks"] = _object({moment.value: _hook(moment) for moment in model.Moment})
