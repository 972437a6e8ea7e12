"""Flags that tasks share, with their help texts."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from ..errors import Refused


# eq and repr are left out of the classes of flags: nobody uses them, and they are half of what making a class costs,
# which `inv --list` pays as well.
def flag(default: Any, text: str) -> Any:
    """A field that becomes a command line flag."""
    return field(default=default, metadata={"help": text})


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Output:
    """How the answer is written."""

    format: str = flag("text", "text, or json with nothing else on stdout")

    def __post_init__(self) -> None:
        if self.format not in ("text", "json"):
            raise Refused(f"no format {self.format!r}", move="use text or json")

    @property
    def json(self) -> bool:
        """JSON was asked for."""
        return self.format == "json"


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Changing:
    """What every task that changes hosts understands."""

    dry_run: bool = flag(False, "show the plan and change nothing")
    exit_code: bool = flag(False, "with --dry-run: exit status 2 if there is something to do")
    host: str = flag("", "only these hosts: names with commas")
    yes: bool = flag(False, "do not ask before something is removed")
    timeout: int = flag(0, "seconds a service may take until it is healthy, instead of its own")
    verbose: bool = flag(False, "name what is unchanged too")


@dataclass(frozen=True, slots=True, eq=False, repr=False)
class Deploying:
    """What the deploys understand besides."""

    no_deps: bool = flag(False, "only the services named, without what they need")
    force: bool = flag(False, "also what is unchanged, and over a commit that this checkout does not know")
    prune: bool = flag(False, "remove what is on a host and no longer in the repo")
    allow_dirty: bool = flag(False, "deploy the last commit although there are uncommitted changes")
