"""What a validation found, as plain values: they are kept between runs, and printed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from ..problem import Problem, Rule, Severity


@dataclass(frozen=True, slots=True)
class Known:
    """A service by name, with the files and folders that are its own or that it reads."""

    name: str
    app: str
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Result:
    """All problems of a repo, by file and line; `unchecked` says what could not be looked at, and why."""

    problems: tuple[Problem, ...]
    unchecked: tuple[str, ...]
    services: tuple[Known, ...]
    rules: tuple[Rule, ...]
    prefix: str = ""  # the homelab's folder inside its Git repo, with a trailing slash
    ignored: int = 0  # problems that a comment or hosts.yaml takes back

    def of(self, severity: Severity) -> int:
        """How many problems of a severity."""
        return sum(problem.severity is severity for problem in self.problems)

    def fails(self, *, strict: bool) -> bool:
        """There is an error, or with `strict` a warning."""
        return bool(self.of(Severity.ERROR) or (strict and self.of(Severity.WARNING)))

    def name_of(self, code: str) -> str:
        """`untagged-image`."""
        return next((rule.name for rule in self.rules if rule.code == code), "")


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each once, by file, line and column."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.place, p.rule, p.what)))
