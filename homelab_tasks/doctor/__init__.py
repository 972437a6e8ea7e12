"""`inv doctor`: what this machine and the hosts lack, and the command that mends it."""

from __future__ import annotations

from collections.abc import Sequence

from ..inspection import inspect
from ..model import Host
from ..repo.loader import Examined
from . import away, here
from .finding import HERE, Finding, State

__all__ = ["HERE", "Finding", "State", "examine"]


def examine(examined: Examined, hosts: Sequence[Host]) -> tuple[Finding, ...]:
    """Everything that was looked at: this machine first, then each of `hosts`, asked all at once."""
    repo = examined.repo
    own = here.look(examined, hosts)
    answers = inspect(repo, hosts)
    found = (finding for host in hosts for finding in away.judge(repo, host, answers[host.name]))
    return (*own, *found, *away.same_machines(answers))
