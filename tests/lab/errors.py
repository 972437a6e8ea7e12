"""What can go wrong with a lab, and the one way in which it runs a program."""

from __future__ import annotations

import shlex
import subprocess
from collections.abc import Sequence


class LabError(Exception):
    """A lab did something else than it was told."""


class LabUnavailable(LabError):
    """This machine cannot have a lab: what is missing."""


def run(*argv: str, stdin: bytes = b"", env: dict[str, str] | None = None) -> str:
    """Run a program and give its output. Raises LabError with what it said when its status is not 0."""
    done = subprocess.run(argv, input=stdin, env=env, capture_output=True, check=False)
    if done.returncode:
        raise LabError(f"{shlex.join(argv)}: exit {done.returncode}: {_said(done)}")
    return done.stdout.decode("utf-8", "replace")


def try_each(*commands: Sequence[str]) -> None:
    """Run programs whose failure means that there was nothing to do."""
    for argv in commands:
        subprocess.run(argv, capture_output=True, check=False)


def _said(done: subprocess.CompletedProcess[bytes]) -> str:
    return (done.stderr or done.stdout).decode("utf-8", "replace").strip()[-2000:]
