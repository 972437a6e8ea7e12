"""What the body of a recipe does, as far as it is of interest: other recipes that it calls, and stacks that it starts.

Nothing is run. What only running it would tell stands as `UNKNOWN` in a word.
"""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from .header import value_of
from .parse import MAX_VALUE
from .recipe import Recipe
from .tokens import Unreadable, tokens

UNKNOWN = "\1"

_FILLED = re.compile(r"\{\{\{\{|\{\{(.*?)\}\}")
_SHELLS = re.compile(r"#!.*\b(?:ba|z|da|k|a)?sh\b")
_BEFORE = {"sudo", "exec", "time", "nohup", "command", "env", "if", "then", "else", "do", "!", "{", "while"}
_ASSIGNED = re.compile(r"[A-Za-z_]\w*=.*", re.DOTALL)
_VALUED = {"-f", "--file", "-p", "--project-name", "--project-directory", "--env-file", "--profile", "--parallel"}
_VALUED |= {"--ansi", "--progress"}
_COMPOSE = (("docker", "compose"), ("docker-compose",), ("podman", "compose"), ("podman-compose",))


class Calls(Struct, frozen=True):
    """`just WORDS`."""

    words: tuple[str, ...]


class Starts(Struct, frozen=True):
    """`docker compose up` in this folder."""

    folder: str


def unknown(word: str) -> bool:
    """Only running it would tell what this says."""
    return UNKNOWN in word or "$" in word or "`" in word or len(word) > MAX_VALUE


def is_shell(recipe: Recipe) -> bool:
    """A shell runs its body."""
    return not recipe.shebang or bool(_SHELLS.match(recipe.shebang))


def acts(recipe: Recipe, values: Mapping[str, str], folder: str = "") -> Iterator[Calls | Starts]:
    """What its body does, in order. `values` are the variables and arguments that are known; `folder` is where."""
    if not is_shell(recipe):
        return
    start = at = posixpath.join(folder, recipe.folder)
    for line in recipe.body:
        at = at if recipe.shebang else start  # each line is a shell of its own, unless all are a script
        for command in _commands(filled(line.text, values)):
            match command:
                case ["cd" | "pushd", target, *_]:
                    at = posixpath.normpath(posixpath.join(at, target))
                case ["just", *words]:
                    yield from _called(words)
                case _:
                    yield from (Starts(place) for place in _started(command, at))


def filled(text: str, values: Mapping[str, str]) -> str:
    """The text with its `{{...}}`, as far as they are known."""

    def fill(found: re.Match[str]) -> str:
        if found[1] is None:
            return "{{"
        value = _value(found[1], values)
        return UNKNOWN if value is None or len(value) > MAX_VALUE else value

    return _FILLED.sub(fill, text)


def _value(text: str, values: Mapping[str, str]) -> str | None:
    if text.strip() == "just_executable()":
        return "just"
    try:
        return value_of(tuple(tokens(text.strip(), 0)[0]), values)
    except Unreadable:
        return None


def _commands(text: str) -> Iterator[list[str]]:
    """The simple commands of a line of shell; none where its quotes do not close."""
    lexer = shlex.shlex(text, posix=True, punctuation_chars="();<>|&")
    lexer.whitespace_split, lexer.commenters = True, ""
    command: list[str] = []
    try:
        for word in lexer:
            if word.startswith("#"):
                break
            if set(word) <= set("();|&"):
                yield _bare(command)
                command = []
            else:
                command.append(word)
    except ValueError:
        return
    yield _bare(command)


def _bare(command: Sequence[str]) -> list[str]:
    words = list(command)
    while words and (words[0] in _BEFORE or _ASSIGNED.fullmatch(words[0])):
        words = words[1:]
    if words:
        words[0] = words[0].lstrip("@") if words[0].lstrip("@") == "just" else words[0]
    return words


def _called(words: Sequence[str]) -> Iterator[Calls]:
    """None where another Justfile is meant, or only something shown."""
    rest = [word for word in words if not _ASSIGNED.fullmatch(word)]
    while rest and rest[0] in ("-q", "--quiet", "--unstable", "--yes", "-v", "--verbose", "--one"):
        rest = rest[1:]
    if rest and not rest[0].startswith("-"):
        yield Calls(tuple(rest))


def _started(command: Sequence[str], at: str) -> Iterator[str]:
    """The folder in which this command starts a stack."""
    for name in _COMPOSE:
        if tuple(command[: len(name)]) == name:
            found = _up_of(command[len(name) :], at)
            if found is not None:
                yield posixpath.normpath(found or ".")


def _up_of(options: Sequence[str], at: str) -> str | None:
    folder, waiting = at, list(options)
    while waiting and waiting[0].startswith("-"):
        option, equals, value = waiting.pop(0).partition("=")
        if option in _VALUED and not equals:
            value = waiting.pop(0) if waiting else ""
        if option in ("-f", "--file"):
            folder = posixpath.join(at, posixpath.dirname(value))
        elif option == "--project-directory":
            folder = posixpath.join(at, value)
    return folder if waiting and waiting[0] == "up" else None
