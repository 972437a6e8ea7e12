"""A Justfile as data: recipes with what they need and what their bodies say, and what could not be read."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ..problem import Place
from .tokens import Token

Expression = tuple[Token, ...]


class Need(Struct, frozen=True):
    """A dependency of a recipe: `build`, or `(build "web")` with its arguments."""

    name: str
    arguments: tuple[Expression, ...] = ()


class Parameter(Struct, frozen=True):
    """One parameter: its default, whether it may be left out, and whether it takes any number of words."""

    name: str
    default: Expression = ()
    optional: bool = False
    variadic: bool = False


class Line(Struct, frozen=True):
    """A line of a body with its continuations, without indentation and prefixes."""

    number: int
    text: str


class Recipe(Struct, frozen=True):
    """One recipe. `before` runs before its body, `after` (behind `&&`) when that is done."""

    name: str
    place: Place
    parameters: tuple[Parameter, ...] = ()
    before: tuple[Need, ...] = ()
    after: tuple[Need, ...] = ()
    body: tuple[Line, ...] = ()
    folder: str = ""  # [working-directory('...')]

    @property
    def shebang(self) -> str:
        """What runs the body where it is a script of its own: `#!/usr/bin/env bash`; else nothing."""
        return self.body[0].text if self.body and self.body[0].text.startswith("#!") else ""


class Odd(Struct, frozen=True):
    """Something that was not understood, or not followed, and why."""

    place: Place
    what: str


class Import(Struct, frozen=True):
    """Another file whose recipes belong to this one."""

    path: str
    place: Place
    optional: bool = False


class Justfile(Struct, frozen=True):
    """What one file says; what it imports is not taken in yet."""

    recipes: Mapping[str, Recipe] = field(default_factory=dict)
    aliases: Mapping[str, str] = field(default_factory=dict)
    values: Mapping[str, str] = field(default_factory=dict)  # variables that are plain text
    imports: tuple[Import, ...] = ()
    odd: tuple[Odd, ...] = ()
    unread: int = 0  # lines, of those in `odd`, that are nothing a Justfile has
    folder: str = ""  # set working-directory := '...'
