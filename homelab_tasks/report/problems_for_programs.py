"""What a validation found, for other programs: JSON, GitHub's annotations, SARIF 2.1.0."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

from ..problem import Place, Problem, Severity
from ..validate.result import Result

_LEVELS = {Severity.ERROR: "error", Severity.WARNING: "warning", Severity.NOTICE: "note"}
_SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def as_json(result: Result, *, strict: bool) -> str:
    """One object; `ok` is what the exit status says."""
    body = {
        "ok": not result.fails(strict=strict),
        **{f"{severity.value}s": result.of(severity) for severity in Severity},
        "problems": [_problem(result, problem) for problem in result.problems],
        "unchecked": list(result.unchecked),
        "ignored": result.ignored,
    }
    return json.dumps(body, indent=2)


def _problem(result: Result, problem: Problem) -> dict[str, Any]:
    return {
        "rule": problem.rule,
        "name": result.name_of(problem.rule),
        "severity": problem.severity.value,
        **_place(problem.place),
        "what": problem.what,
        "move": problem.move,
        "also": [_place(place) for place in problem.also],
    }


def _place(place: Place) -> dict[str, Any]:
    return {"file": place.file, "line": place.line, "column": place.column}


def github(result: Result) -> str:
    """Workflow commands: GitHub shows each at its line of the pull request."""
    return "".join(f"{line}\n" for line in _annotations(result))


def _annotations(result: Result) -> Iterator[str]:
    for problem in result.problems:
        place = problem.place
        where = {"file": result.prefix + place.file, "line": place.line or 1, "col": place.column or 1}
        fields = {**where, "title": f"{problem.rule} {result.name_of(problem.rule)}"}
        about = ",".join(f"{key}={_escaped(str(value), ':,')}" for key, value in fields.items())
        yield f"::{problem.severity.value} {about}::{_escaped(_sentence(problem))}"
    for text in result.unchecked:
        yield f"::notice title=not checked::{_escaped(text)}"


def _escaped(text: str, also: str = "") -> str:
    """As the runner's own toolkit does: percent, line ends, and in properties colon and comma."""
    return (
        "".join(f"%{ord(letter):02X}" if letter in f"%\r\n{also}" else letter for letter in text)
        .encode("utf-8", "backslashreplace")
        .decode()
    )


def sarif(result: Result) -> str:
    """A log with one run; places are relative to the Git repo's root."""
    used = {problem.rule for problem in result.problems}
    rules = [rule for rule in result.rules if rule.code in used]
    described = [{"id": rule.code, "name": rule.name, "shortDescription": {"text": rule.summary}} for rule in rules]
    results = [_result(result, problem, [rule.code for rule in rules]) for problem in result.problems]
    tool = {"driver": {"name": "homelab-tasks", "rules": described}}
    run = {"tool": tool, "columnKind": "unicodeCodePoints", "results": results}
    return json.dumps({"$schema": _SARIF, "version": "2.1.0", "runs": [run]}, indent=2)


def _result(result: Result, problem: Problem, codes: list[str]) -> dict[str, Any]:
    found = {
        "ruleId": problem.rule,
        "ruleIndex": codes.index(problem.rule),
        "level": _LEVELS[problem.severity],
        "message": {"text": _sentence(problem)},
        "locations": [_location(result, problem.place)],
    }
    if problem.also:
        found["relatedLocations"] = [_location(result, place) for place in problem.also]
    return found


def _location(result: Result, place: Place) -> dict[str, Any]:
    uri = quote((result.prefix + place.file).encode("utf-8", "surrogateescape"))
    location: dict[str, Any] = {"artifactLocation": {"uri": uri}}
    if place.line:
        column = {"startColumn": place.column} if place.column else {}
        location["region"] = {"startLine": place.line, **column}
    return {"physicalLocation": location}


def _sentence(problem: Problem) -> str:
    return f"{problem.what}; {problem.move}" if problem.move else problem.what
