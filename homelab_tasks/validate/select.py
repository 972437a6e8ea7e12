"""Which problems are meant: those of some services or files, and those of some rules."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable
from fnmatch import fnmatchcase

from msgspec.structs import replace

from ..errors import Refused, UnknownName, suggestion
from ..problem import Problem, Rule
from ..repo.source import SERVICES
from .result import Known, Result

Meant = Callable[[Problem], bool]


def of_rules(result: Result, select: Collection[str], ignore: Collection[str]) -> Result:
    """The problems of the rules that `select` names (all where it is empty), without those of `ignore`.

    A rule is named by its code, by its name, or by the beginning of codes: `C`, `C00`. Raises Refused.
    """
    on = _codes(select, result.rules) if select else {rule.code for rule in result.rules}
    off = _codes(ignore, result.rules)
    kept = tuple(p for p in result.problems if p.rule in on and p.rule not in off)
    return replace(result, problems=kept)


def _codes(words: Iterable[str], rules: Collection[Rule]) -> set[str]:
    found: set[str] = set()
    for word in words:
        codes = {rule.code for rule in rules if rule.name == word.lower() or rule.code.startswith(word.upper())}
        if not codes:
            if word.upper().rstrip("0123456789") == "H":
                raise Refused(f"rules {word!r} are about the hosts", move="add --remote to ask them")
            names = [name for rule in rules for name in (rule.code, rule.name)]
            raise Refused(f"no rule {word!r}", move=suggestion(word, names, "rule"))
        found |= codes
    return found


def of_words(result: Result, words: Collection[str], inside: Callable[[str], str | None]) -> Result:
    """The problems of the services and files that are named; all where none is.

    `inside` gives a word that is a file as a path of the homelab (as it is if the homelab does not hold it), and None
    for other words, which name services: a name, an app with all its instances, a glob. A file means the services
    that own or read it. Raises UnknownName.
    """
    if not words:
        return result
    paths: set[str] = set()
    for word in words:
        file = inside(word)
        owned = _of_file(result.services, file) if file is not None else _of_name(result.services, word)
        if owned is None:
            return result  # hosts.yaml, or a file that any service may read
        paths |= owned
    kept = tuple(p for p in result.problems if _touches(p, paths))
    return replace(result, problems=kept)


def _of_name(services: Iterable[Known], word: str) -> set[str]:
    services = tuple(services)
    found = [s for s in services if word in (s.name, s.app)] or [s for s in services if fnmatchcase(s.name, word)]
    if not found:
        raise UnknownName("service", word, {name for s in services for name in (s.name, s.app)})
    return {path for service in found for path in service.paths}


def _of_file(services: Iterable[Known], file: str) -> set[str] | None:
    """What belongs together with a file; None where that is everything."""
    readers = [s for s in services if any(file == path or file.startswith(f"{path}/") for path in s.paths)]
    found = {path for service in readers for path in service.paths}
    top, *folders = file.split("/")[:2]
    if not found and (top != SERVICES or file.count("/") < 2):
        return None
    return {file, *(found or {"/".join([top, *folders])})}


def _touches(problem: Problem, paths: Collection[str]) -> bool:
    files = [problem.place.file, *(place.file for place in problem.also)]
    return any(file == path or file.startswith(f"{path}/") for file in files for path in paths)
