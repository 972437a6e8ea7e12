"""What was typed and is no task, no flag or one word too many: Invoke's sentences, with a next move."""

from __future__ import annotations

import re
from collections.abc import Iterable

from invoke.exceptions import ParseError
from invoke.parser.context import ParserContext

from ..errors import suggestion

_EXAMPLES = {"groups": ("group", "media"), "host": ("host", "nas"), "file": ("file", "Justfile")}
_ALL = {"deploy": "deploy-all", "deploy-group": "deploy-all"}  # what means everything, for who gave no name


def mistyped(error: ParseError, tasks: Iterable[str]) -> str:
    """`what; the next move`; Invoke's own sentence where it is about something else."""
    context, unknown = error.context, re.fullmatch(r"No idea what '(.*)' is!", str(error))
    if context is None or not context.name:
        return _no_task(unknown[1], tasks) if unknown else str(error)
    if unknown:
        return _too_much(unknown[1], context)
    valueless = re.match(r"Flag <_?\w+: (\w+).*> needed value", str(error))
    if valueless:
        return f"--{valueless[1].replace('_', '-')} needs a value; homelab --help {context.name} shows which"
    missing = [arg.name for arg in context.missing_positional_args]
    return _too_little(str(missing[0]), str(context.name)) if missing else str(error)


def _no_task(word: str, tasks: Iterable[str]) -> str:
    if word.startswith("-"):
        return f"no flag {word}; homelab --help shows them"
    return f"no task {word!r}; {suggestion(word, sorted(tasks), 'task')}"


def _too_much(word: str, context: ParserContext) -> str:
    task = context.name
    given = [str(arg.value) for arg in context.positional_args]
    if word.startswith("-"):
        return f"no flag {word}; homelab --help {task} shows them"
    if given and "--names" in context.flags:
        return f"one word too many: {word}; names go together with commas: homelab {task} {given[0]},{word}"
    if "--names" in context.flags:
        return f"{task} takes names after a flag; homelab {task} --names {word}"
    return f"one word too many: {word}; homelab --help {task} shows what it takes"


def _too_little(missing: str, task: str) -> str:
    kind, example = _EXAMPLES.get(missing, ("service", "plex"))
    everything = f", or homelab {_ALL[task]}" if task in _ALL else ""
    return f"{task} of what? name a {kind}: homelab {task} {example}{everything}"
