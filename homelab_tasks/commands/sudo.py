"""Commands as root: as root itself, or through sudo, whose password goes through its input and nowhere else."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from enum import Enum

from msgspec.structs import replace

from ..command import Command

_BACKSTOP = 30.0  # seconds; the time limit is kept inside of sudo, as nobody else may end what root runs


class Rights(Enum):
    """How the user of a host becomes root there."""

    ROOT = "root"  # is root
    FREE = "free"  # sudo, without a password
    ASKS = "asks"  # sudo, with a password
    NONE = "none"  # no sudo there


@dataclass(frozen=True, slots=True)
class Root:
    """How commands get root's rights on one host. Nothing shows the password."""

    rights: Rights
    password: str = field(default="", repr=False)

    def command(self, command: Command) -> Command:
        """The command as root. Where sudo asks, it always does: else the command itself would read the password."""
        if self.rights is Rights.ROOT:
            return command
        limit = ("timeout", "--kill-after=10", f"{command.timeout:g}") if command.timeout else ()
        argv = (*self._sudo, "--", *limit, *command.argv)
        answer = f"{self.password}\n".encode() if self.rights is Rights.ASKS else b""
        return replace(command, argv=argv, stdin=answer + command.stdin, timeout=command.timeout + _BACKSTOP)

    @property
    def _sudo(self) -> tuple[str, ...]:
        return ("sudo", "-k", "-S", "-p", "") if self.rights is Rights.ASKS else ("sudo", "-n")


def shown(command: Command, rights: Rights, *, root: bool) -> str:
    """The command as a person would type it on the host."""
    return ("sudo " if root and rights is not Rights.ROOT else "") + shlex.join(command.argv)
