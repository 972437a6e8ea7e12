"""The env family: variables, templates and the real `.env` files, read as Compose reads them."""

from __future__ import annotations

from collections.abc import Iterator

from ...problem import Problem
from ...repo.document import Map
from ..facts import Facts
from . import chosen, committed, guard, listed, local, reading, secret, template
from .files import EnvFiles
from .rules import RULES
from .stack import Stack, all_variables, stacks
from .tracking import tracking

__all__ = ["RULES", "check"]


def check(facts: Facts) -> Iterator[Problem]:
    """Every problem of the homelab's variables and env files. Reads files, and asks Git once."""
    return iter(dict.fromkeys(_found(facts)))  # files that several stacks read are at fault once


def _found(facts: Facts) -> Iterator[Problem]:
    files = EnvFiles(facts)
    uses = all_variables(facts, files)
    handed_on = [file.path for variables in uses.values() for file in variables.env_files]
    templates = [folder.template for folder in facts.folders if folder.template]
    env_paths = [f"{folder.path}/.env" for folder in facts.folders]
    tracked = tracking(facts, [*guard.guarded(facts), *templates, *handed_on, *env_paths])
    known = {*templates, *handed_on, *env_paths, *guard.guarded(facts)}
    for stack in stacks(facts, files, tracked, uses):
        known.update(stack.folder.compose)
        yield from template.check(stack)
        own = stack.files.read(stack.env_path)
        for text in [*stack.templates, *([own] if own and not own.refusal else [])]:
            yield from chosen.check(stack, text)
        if not facts.source.commit:
            yield from local.check(stack)
        yield from _texts(stack)
    yield from guard.check(facts, tracked)
    yield from committed.check(facts, known)


def _texts(stack: Stack) -> Iterator[Problem]:
    """Each env file that the stack reads, and the secrets in what is committed."""
    committed = list(stack.templates)
    raw = {file.path for file in stack.variables.env_files if file.raw}
    for path in dict.fromkeys([stack.env_path, *(file.path for file in stack.variables.env_files)]):
        text = stack.files.read(path)
        if text is None or path in raw:
            continue
        if stack.tracking.tracks(path):
            committed.append(text)
        else:
            yield from reading.check(text)
    for text in committed:
        yield from reading.check(text)
        yield from secret.check(text)
    for file in stack.folder.compose:
        for document in stack.facts.documents.read(file):
            if isinstance(document, Map):
                yield from listed.check(document)
                yield from secret.check_document(document)
