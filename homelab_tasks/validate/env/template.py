"""What a stack uses against what its template gives."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from ...problem import Place, Problem
from ...repo.variables import OF_THE_HOST, How, Use, is_of_compose
from . import rules
from .files import target_of
from .reading import shown
from .stack import Stack


def check(stack: Stack) -> Iterator[Problem]:
    """Variables that nothing gives, and keys that nothing uses."""
    yield from _not_given(stack)
    yield from _unused(stack)
    yield from _env_files(stack)


def _not_given(stack: Stack) -> Iterator[Problem]:
    lacking: dict[tuple[str, str], list[Use]] = {}
    for use in stack.variables.uses:
        home = use.env_files[0] if use.env_files else stack.env_path
        given = stack.given_to(use)
        if use.name not in given and (use.how is How.PASSED or use.lacks(given)):
            lacking.setdefault((home, use.name), []).append(use)
    bare = []
    for (home, name), uses in lacking.items():
        kept = [use for use in uses if use.how is not How.PASSED]
        template = stack.template_path(home)
        if not kept:
            yield from _not_passed_on(stack, uses[0], template)
        elif template:
            yield _missing(stack, name, kept, template)
        else:
            bare.append((home, name, kept))
    for home in dict.fromkeys(home for home, _, _ in bare):
        yield _no_template(home, {name: uses for at, name, uses in bare if at == home})


def _missing(stack: Stack, name: str, uses: list[Use], template: str) -> Problem:
    required = next((use for use in uses if use.required), None)
    offered = name in stack.optional
    what = f"{name} is required here" if required else f"{name} has no default here"
    what += f", and {template} {'has it in a comment only' if offered else 'does not give it'}"
    near = get_close_matches(name, sorted(stack.keys), n=1, cutoff=0.8)
    move = f"did you mean {near[0]}?" if near else f"add {name}= there, or write ${{{name}:-default}} here"
    first = required or uses[0]
    return rules.NOT_IN_TEMPLATE.at(first.place, what, move, also=tuple(use.place for use in uses if use is not first))


def _no_template(home: str, lacking: dict[str, list[Use]]) -> Problem:
    names = sorted(lacking)
    shown = ", ".join(names[:5]) + (f" and {len(names) - 5} more" if len(names) > 5 else "")
    verb = "has" if len(names) == 1 else "have"
    places = sorted(use.place for uses in lacking.values() for use in uses)
    what = f"{shown} {verb} no default here, and no template gives a value"
    return rules.NO_TEMPLATE.at(places[0], what, f"name each in {home}.example", also=tuple(places[1:]))


def _not_passed_on(stack: Stack, use: Use, template: str) -> Iterator[Problem]:
    if use.name in stack.optional or use.name in OF_THE_HOST:
        return
    where = template or "no template"
    what = f"{use.name} is passed on to the container, and {where} {'does not give' if template else 'gives'} it"
    yield rules.NOT_PASSED_ON.at(use.place, what, f"add {use.name}= to {template or f'{stack.env_path}.example'}")


def _unused(stack: Stack) -> Iterator[Problem]:
    if not stack.is_whole:
        return
    for template in stack.templates:
        if stack.variables.hands_on(target_of(template.path)) or stack.variables.hands_on(template.path):
            continue
        within = {name for entry in template.parsed.entries for name in entry.expanded}
        for entry in template.parsed.entries:
            if entry.inherited or not entry.key or entry.key in within or is_of_compose(entry.key):
                continue
            if stack.mentions(entry.key):
                continue
            near = get_close_matches(entry.key, sorted(stack.variables.names - stack.keys), n=1, cutoff=0.8)
            move = f"did you mean {near[0]}?" if near else "remove it, or use it in the compose file"
            place = Place(template.path, entry.line, entry.column)
            yield rules.UNUSED_KEY.at(place, f"nothing in {stack.folder.compose[0]} uses {shown(entry)}", move)


def _env_files(stack: Stack) -> Iterator[Problem]:
    for file in stack.variables.env_files:
        if not file.required or stack.files.template_of(file.path) or stack.tracking.has(file.path):
            continue
        if file.path == stack.env_path and stack.templates:
            continue
        what = f"{file.path} is not in the repo and has no template, and Compose stops without it"
        yield rules.NO_ENV_FILE.at(file.place, what, f"add {file.path}.example, or write required: false")
