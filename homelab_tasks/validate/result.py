"""What a validation found, as plain values: they are kept between runs, and printed."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from msgspec import Struct
from msgspec.structs import replace

from ..problem import Problem, Rule, Severity


class Known(Struct, frozen=True):
    """A service by name, with the files and folders that are its own or that it reads."""

    name: str
    app: str
    paths: tuple[str, ...]


class Result(Struct, frozen=True):
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


def together(results: Sequence[Result]) -> Result:
    """The results of several homelabs of one Git repo as one, in which places are relative to that repo."""
    if len(results) == 1:
        return results[0]
    return Result(
        problems=tuple(_from_top(problem, result.prefix) for result in results for problem in result.problems),
        unchecked=tuple(dict.fromkeys(text for result in results for text in result.unchecked)),
        services=tuple(service for result in results for service in result.services),
        rules=results[0].rules,
        ignored=sum(result.ignored for result in results),
    )


def _from_top(problem: Problem, prefix: str) -> Problem:
    first, *also = (replace(place, file=prefix + place.file) for place in (problem.place, *problem.also))
    return replace(problem, place=first, also=tuple(also))


def ordered(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """Each once, by file, line and column."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda p: (p.place, p.rule, p.what)))
