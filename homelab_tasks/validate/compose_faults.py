"""Faults against the compose schema as sentences: what, where in the file, and what to write instead."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Any

from ..problem import Problem, Rule, Severity
from ..repo.document import Map
from ..repo.fields import describe
from .compose_schema import Fault, Kind, Steps, schema

SCHEMA = Rule("C001", "not-in-the-spec", Severity.ERROR, "the Compose specification does not allow this here")

_SINGULAR = {"services": "service", "networks": "network", "volumes": "volume", "configs": "config", "models": "model"}
_SINGULAR |= {"secrets": "secret"}
_WORDS = {"object": "a mapping", "array": "a list", "string": "text", "integer": "a whole number", "number": "a number"}
_WORDS |= {"boolean": "true or false", "null": "nothing"}
_TIMES = ("interval", "timeout", "start_period", "start_interval", "stop_grace_period")  # a number wants its unit


def problem(fault: Fault) -> Problem:
    """The sentence for one fault."""
    match fault.kind:
        case Kind.UNKNOWN:
            return SCHEMA.at(fault.place, *_unknown(fault))
        case Kind.TYPE:
            return SCHEMA.at(fault.place, *_mistyped(fault))
        case Kind.CHOICE:
            return SCHEMA.at(fault.place, *_no_choice(fault))
        case Kind.MISSING | Kind.RANGE | Kind.DOUBLE | Kind.KEY:
            return SCHEMA.at(fault.place, *_plain(fault))


def within(steps: Steps) -> str:
    """A place of a compose file in words: `ports of service 'web'`."""
    steps = tuple(step for step in steps if not step.isdigit())
    if not steps:
        return "the compose file"
    if len(steps) == 1 or steps[0] not in _SINGULAR:
        return ".".join(steps)
    owner = f"{_SINGULAR[steps[0]]} {steps[1]!r}"
    return f"{'.'.join(steps[2:])} of {owner}" if steps[2:] else owner


def _plain(fault: Fault) -> tuple[str, str]:
    outer, key = within(fault.steps[:-1]), fault.steps[-1]
    if fault.kind is Kind.MISSING:
        return f"{outer} lacks {key!r}", f"add {key}:"
    if fault.kind is Kind.KEY:
        return f"the key {key} in {outer} is not text", f'write "{key}":'
    if fault.kind is Kind.DOUBLE:
        return f"{within(fault.steps)}: {fault.value!r} is listed twice", "keep one of them"
    low, high = fault.allowed
    return f"{within(fault.steps)}: {fault.value} is not between {low} and {high}", "choose a value in that range"


def _unknown(fault: Fault) -> tuple[str, str]:
    *outer, key = fault.steps
    where = within(tuple(outer))
    if not fault.allowed:
        return f"{key!r} is no name for {where}", "use letters, digits, '.', '_' and '-'"
    what = f"unknown key {key!r} in {where}"
    near = get_close_matches(key, fault.allowed, n=1, cutoff=0.6)
    if near:
        return what, f"did you mean {near[0]!r}?"
    return what, _elsewhere(tuple(outer), key, fault.value) or f"remove it, or call it x-{key} if an anchor needs it"


def _elsewhere(outer: Steps, key: str, value: Any) -> str:
    """The next move where a key only stands at the wrong depth."""
    service = schema().known["services"].patterns[0][1].known
    if not outer:
        is_service = isinstance(value, Map) and ("image" in value or "build" in value)
        return f"move {key} under services:" if is_service else "indent it under its service" * (key in service)
    if outer[0] == "services" and len(outer) > 2 and key in service:
        return f"{key} belongs to service {outer[1]!r}: is it indented too far?"
    if outer[0] == "services" and len(outer) == 2 and key in schema().known:
        return f"{key} belongs to the top level: is it indented too far?"
    return ""


def _mistyped(fault: Fault) -> tuple[str, str]:
    where, value, wanted = within(fault.steps), fault.value, set(fault.allowed)
    if {"integer", "number"} <= wanted:
        wanted.discard("integer")
    *most, last = [word for name, word in _WORDS.items() if name in wanted]
    expected = f"{', '.join(most)} or {last}" if most else last
    found = "text" if isinstance(value, str) and "environment" in fault.steps else describe(value)
    is_time = fault.steps[-1] in _TIMES and isinstance(value, (int, float)) and not isinstance(value, bool)
    return f"{where}: expected {expected}, found {found}", f"write {value}s" if is_time else _retype(value, wanted)


def _retype(value: Any, wanted: set[str]) -> str:
    if value is None:
        return "give it a value, or remove the key"
    if isinstance(value, (bool, int, float)) and "string" in wanted:
        return "put it in quotes"
    if not isinstance(value, (dict, list)) and "array" in wanted:
        return "write it as a list: a dash before each item"
    if isinstance(value, Map) and len(value) == 1 and "string" in wanted:
        key = next(iter(value))
        return f"write `{key}=...`, or put the whole item in quotes"
    return "see the Compose file reference for this key"


def _no_choice(fault: Fault) -> tuple[str, str]:
    what = f"{within(fault.steps)}: {str(fault.value)!r} is not allowed"
    near = get_close_matches(str(fault.value), fault.allowed, n=1, cutoff=0.5)
    return what, f"did you mean {near[0]!r}?" if near else f"choose one of {', '.join(fault.allowed)}"
