"""What Compose would refuse: all that the files show, and where Compose is at hand, its own answer, which wins."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

from ..problem import Problem, Rule, Severity
from . import compose_conflicts, compose_faults, compose_refs, compose_values
from .compose_asking import ask
from .compose_copy import Copy, copy_of
from .compose_kept import Answers
from .compose_plugin import candidates, plugin
from .compose_plugin import version as version_of
from .compose_schema import faults
from .compose_view import View, views
from .compose_words import sentence
from .facts import Facts

REFUSED = Rule("C009", "refused-by-compose", Severity.ERROR, "Docker Compose refuses the file")
RULES = (REFUSED,)

_MOST_DOUBTS = 16  # services that are asked about because only a newer Compose may know what the schema does not
_READING = ("R001", "R002", "R003", "R004", "R013", "R042", "R043", "R044")  # Compose would only say them again


def version() -> str:
    """The version of this machine's Compose; "" where there is none."""
    binary = plugin()
    return version_of(binary) if binary else ""


def check(facts: Facts, find: Callable[[], Path | None] = plugin) -> Iterator[Problem]:
    """Every fault for which Compose would refuse a service; `find` finds Compose."""
    found = {view.service.name: (view, tuple(dict.fromkeys(refused(view)))) for view in views(facts)}
    said = {problem.place for problem in facts.examined.problems}
    unread = {problem.place.file for problem in facts.examined.problems if problem.rule in _READING}
    alone = {name for name, (_, own) in found.items() if own}
    newer = [name for name, (_, own) in found.items() if own and all(p.rule == compose_faults.SCHEMA.code for p in own)]
    doubtful = set(newer[:_MOST_DOUBTS])
    asked = [
        view
        for name, (view, own) in found.items()
        if view.entries and unread.isdisjoint(view.files) and (not own or name in doubtful)
    ]
    answers = _ask(facts, find(), asked, alone) if asked else {}
    for name, (view, own) in found.items():
        answer = answers.get(name)
        if answer and not own:
            yield from sentence(REFUSED, view, answer)
        elif answer != "":  # "": Compose takes what the schema does not know yet
            yield from (problem for problem in own if problem.place not in said)


def refused(view: View) -> Iterator[Problem]:
    """What Compose would refuse: all of it, where Compose says the first only."""
    places = set()
    for document in view.documents:
        for problem in map(compose_faults.problem, faults(document)):
            places.add(problem.place)
            yield problem
        yield from (p for p in compose_values.check_values(document) if p.place not in places)
    for problem in (*compose_refs.check_references(view), *compose_conflicts.check_conflicts(view)):
        if problem.place not in places:
            yield problem


def _ask(facts: Facts, binary: Path | None, asked: list[View], alone: set[str]) -> Mapping[str, str]:
    """Compose's message for each service, "" for those that it takes; none for those that it could not judge."""
    if facts.quick:
        return {}
    for path in candidates():
        facts.watch(path)
    if binary is None:
        facts.left_out("what Docker Compose itself says", "it is not on this machine")
        return {}
    copies = []
    for view in asked:
        try:
            copies.append(copy_of(view, facts))
        except (OSError, ValueError):
            continue  # gone, or no name for a file: the loader says so
    kept = Answers.of(facts.source.root, binary)
    new = [copy for copy in copies if kept.get(copy.key) is None]
    try:
        if new:
            ask(binary, new, alone=alone, kept=kept, facts=facts)
    except OSError as error:
        facts.left_out(
            "what Docker Compose itself says", f"no place for a copy of the files ({error.strerror})", fleeting=True
        )
    kept.save(copy.key for copy in copies)
    answers = {copy: kept.get(copy.key) for copy in copies}
    return {c.view.service.name: said for c, said in answers.items() if said is not None and not _of_values(c, said)}


def _of_values(copy: Copy, said: str) -> bool:
    """Compose speaks of something that a variable holds: it may hold another thing on the host, and is not shown."""
    return any(re.search(rf"(?<!\w){re.escape(value)}(?!\w)", said) for value in copy.values.values())
