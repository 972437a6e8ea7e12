"""The plan of a setup, as data: steps with their reasons and commands, and what only a person can mend."""

from __future__ import annotations

from msgspec import Struct

from ..command import Command
from ..commands.sudo import Rights, shown
from ..model import Host
from .seen import Seen


class Act(Struct, frozen=True):
    """One command of a step; `root` if it needs root's rights. `words` stand for it where it is a script."""

    command: Command
    root: bool = True
    words: str = ""

    def typed(self, rights: Rights) -> str:
        """As a person would type it on the host."""
        return self.words or shown(self.command, rights, root=self.root)


class Step(Struct, frozen=True):
    """One thing to do: `what`, the reason, and how."""

    what: str
    why: str
    acts: tuple[Act, ...]


class Plan(Struct, frozen=True):
    """All that a host lacks. Nothing is done where `blocked` says why nothing can be."""

    host: Host
    seen: Seen
    steps: tuple[Step, ...] = ()
    faults: tuple[str, ...] = ()  # what a person has to mend: `what; the next move`
    notes: tuple[str, ...] = ()
    blocked: str = ""

    @property
    def needs_root(self) -> bool:
        """Somebody has to become root for it."""
        return any(act.root for step in self.steps for act in step.acts)
