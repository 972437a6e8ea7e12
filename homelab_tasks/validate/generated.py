"""Files that `inv generate` made: they say what the services say."""

from __future__ import annotations

from collections.abc import Iterator

from ..errors import RepoInvalid
from ..problem import Place, Problem, Rule, Severity
from .facts import Facts

STALE = Rule("R053", "stale-file", Severity.WARNING, "a generated file says something else than the services")
RULES = (STALE,)


def check(facts: Facts) -> Iterator[Problem]:
    """Nothing where the repo is wrong: a service that cannot be read would be missing in every file."""
    if facts.examined.problems:
        return
    from ..generate import State, generated

    try:
        stale = [file for file in generated(facts.repo, facts.source) if file.state is State.STALE]
    except RepoInvalid as error:
        yield from error.problems
        return
    for file in stale:
        yield STALE.at(Place(file.path, file.differs_at), "is not what the services say now", "inv generate")
