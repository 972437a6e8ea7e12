"""All families of rules, and what each of them finds. Each is imported when it is its turn: imports cost the most."""

from __future__ import annotations

from collections.abc import Iterator

from ..background import in_background
from ..problem import Problem, Rule
from .facts import Facts


def rules(*, remote: bool) -> tuple[Rule, ...]:
    """Every rule, by code; those of the hosts only where they are asked, as they bring all of SSH."""
    from . import compose, composed, env, nixos, repo

    families = [repo.RULES, compose.RULES, composed.RULES, env.RULES, nixos.RULES]
    if remote:
        from . import remote as on_hosts

        families.append(on_hosts.RULES)
    return tuple(sorted({rule for family in families for rule in family}, key=lambda rule: rule.code))


def found(facts: Facts, *, deep: bool) -> Iterator[Problem]:
    """Every problem of the repo as it lies there; `deep` takes its time. Compose works while the others are checked."""
    said = in_background(lambda: _composed(facts))
    facts.under_way.wait()
    from . import compose, env, nixos, repo

    yield from repo.check(facts)
    yield from compose.check(facts)
    yield from env.check(facts)
    yield from nixos.check(facts, deep=deep)
    yield from said.result()


def found_on_hosts(facts: Facts, *, deep: bool) -> Iterator[Problem]:
    """What is wrong on the hosts themselves."""
    from . import remote

    yield from remote.check(facts, facts.repo.hosts.values(), deep=deep)


def _composed(facts: Facts) -> list[Problem]:
    """On a thread, and alone until Compose works: two threads of Python would share one processor."""
    try:
        from . import composed

        return list(composed.check(facts))
    finally:
        facts.under_way.set()
