"""The real `.env` of a service, where there is one, against its template; keys are named, values never."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ...dotenv import Entry
from ...dotenv.placeholder import is_placeholder, names_a_secret
from ...problem import Place, Problem
from ...repo.variables import is_of_compose
from . import rules
from .files import EnvText
from .reading import shown
from .stack import Stack


def check(stack: Stack) -> Iterator[Problem]:
    """Keys that are missing, extra, empty or still to be filled in."""
    env = stack.files.read(stack.env_path)
    if env is None or env.refusal:
        return
    yield from _lacking(stack, env)
    entries = {entry.key: entry for entry in env.parsed.entries}  # of a key that is given twice the last counts
    for entry in entries.values():
        yield from _entry(stack, entry, Place(env.path, entry.line, entry.column))


def _lacking(stack: Stack, env: EnvText) -> Iterator[Problem]:
    needed = stack.variables.missing(env.keys)
    whole = stack.variables.hands_on(env.path)
    for template in stack.templates:
        for key, entry in {
            entry.key: entry for entry in template.parsed.entries if entry.key and not entry.inherited
        }.items():
            if key in env.keys:
                continue
            what = f"lacks {shown(entry)}, which {template.path} has"
            if key in needed:
                yield rules.LACKS_KEY.at(Place(env.path), f"{what} and the stack needs", "add it")
            elif whole:
                yield rules.LACKS_OTHER.at(Place(env.path), what, "add it, or take it out of the template")


def _entry(stack: Stack, entry: Entry, place: Place) -> Iterator[Problem]:
    name, value = shown(entry), entry.value or ""
    if _is_extra(stack, entry):
        near = get_close_matches(entry.key, sorted(stack.keys), n=1, cutoff=0.8)
        move = f"did you mean {near[0]}?" if near else f"remove it, or add it to {_template(stack)}"
        yield rules.EXTRA_KEY.at(place, f"{name} is not in {_template(stack)}, and nothing uses it", move)
    if not value and not entry.inherited and entry.key in _never_empty(stack):
        yield rules.EMPTY_REQUIRED.at(place, f"{name} is empty, and Compose stops without a value", "give it one")
    if is_placeholder(value):
        yield rules.PLACEHOLDER_LEFT.at(place, f"{name} still has a placeholder", "give it a real value")
    elif names_a_secret(entry.key) and value and _is_as_in_template(stack, entry):
        yield rules.PLACEHOLDER_LEFT.at(place, f"{name} still has the template's value", "give it one of your own")


def _is_extra(stack: Stack, entry: Entry) -> bool:
    known = entry.key in stack.keys or entry.key in stack.optional or entry.key in stack.variables.names
    whole = stack.variables.hands_on(stack.env_path) and not stack.templates
    return bool(entry.key and stack.templates and not known and not whole and not is_of_compose(entry.key))


def _never_empty(stack: Stack) -> frozenset[str]:
    return frozenset(use.name for use in stack.variables.uses if use.operator == ":?")


def _is_as_in_template(stack: Stack, entry: Entry) -> bool:
    return any(template.values.get(entry.key) == entry.value for template in stack.templates)


def _template(stack: Stack) -> str:
    return stack.templates[0].path
