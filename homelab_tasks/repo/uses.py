"""How a stack uses variables and env files."""

from __future__ import annotations

from collections.abc import Collection
from enum import Enum

from msgspec import Struct, field

from ..problem import Place

# What a login on a Linux host has, so also a command over SSH.
OF_THE_HOST = frozenset({"HOME", "LOGNAME", "PATH", "PWD", "SHELL", "USER"})
_OF_COMPOSE = ("COMPOSE_", "DOCKER_", "BUILDKIT_", "BUILDX_")


class How(Enum):
    """What a variable is used for."""

    TEXT = "in a text"
    PASSED = "passed on to a container"  # `environment: [X]`, build args alike
    FILE = "as a secret or config"  # `secrets: {x: {environment: X}}`


class Use(Struct, frozen=True):
    """One use of a variable. `within` are the variables in whose argument it stands, with their operators."""

    name: str
    place: Place
    operator: str = ""  # "", ":-", "-", ":+", "+", ":?", "?"
    how: How = How.TEXT
    within: tuple[tuple[str, str], ...] = ()
    env_files: tuple[str, ...] = ()  # of the `include` that reads the file: they give values too

    @property
    def required(self) -> bool:
        """Compose stops without a value, also where the text around it is not used."""
        return self.operator.endswith("?") or self.how is How.FILE

    def lacks(self, given: Collection[str]) -> bool:
        """Something is missing, or blank unasked, where these variables are given and no others."""
        if self.name in given:
            return False
        if self.required:
            return True
        asked = all((name in given) is operator.endswith("+") for name, operator in self.within if operator[-1:] != "?")
        return not self.operator and asked and not any(operator[-1:] == "?" for _, operator in self.within)


class EnvFile(Struct, frozen=True):
    """An `env_file:` entry: all of its keys reach a container. `path` is one of the homelab."""

    path: str
    place: Place
    required: bool = True
    raw: bool = False  # format: raw, which is read without quotes and variables


class Variables(Struct):
    """All uses of a stack."""

    uses: dict[Use, None] = field(default_factory=dict)
    env_files: dict[EnvFile, None] = field(default_factory=dict)

    @property
    def names(self) -> frozenset[str]:
        """Every variable that is used in any way."""
        return frozenset(use.name for use in self.uses)

    @property
    def required(self) -> frozenset[str]:
        """Compose stops where one of these has no value."""
        return frozenset(use.name for use in self.uses if use.required)

    def missing(self, given: Collection[str]) -> frozenset[str]:
        """What is used without a default, and neither given nor a host's own."""
        given = {*given, *OF_THE_HOST}
        return frozenset(use.name for use in self.uses if use.how is not How.PASSED and use.lacks(given))

    def hands_on(self, path: str) -> bool:
        """A container is given this file as a whole."""
        return any(file.path == path for file in self.env_files)


def is_of_compose(name: str) -> bool:
    """A variable that Compose or Docker themselves read, such as COMPOSE_PROFILES."""
    return name.startswith(_OF_COMPOSE)
