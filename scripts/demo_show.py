"""Commands shown as a person would type them, then run, with their own output beneath."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import time
from dataclasses import dataclass
from pathlib import Path


class DemoFailed(Exception):
    """The demo cannot go on: what, and the next move."""


@dataclass(frozen=True, slots=True)
class Show:
    """A terminal in `folder`, in which `inv` is this project's."""

    folder: Path
    inv_program: Path

    @property
    def inv_name(self) -> str:
        """How a person in that folder would call it."""
        return os.path.relpath(self.inv_program, self.folder)

    def title(self, text: str) -> None:
        print(f"\n{_bold(f'== {text}')}", flush=True)

    def inv(self, *words: str) -> float:
        """Run a task of the homelab. Gives its seconds; raises DemoFailed."""
        return self._run(["inv", *words], [str(self.inv_program), *words])

    def command(self, *words: str) -> float:
        """Run any command. Gives its seconds; raises DemoFailed."""
        return self._run(words, words)

    def _run(self, shown: list[str] | tuple[str, ...], argv: list[str] | tuple[str, ...]) -> float:
        line = shlex.join(shown)
        print(f"\n{_bold(f'$ {line}')}", flush=True)
        started = time.monotonic()
        status = _status(subprocess.Popen(argv, cwd=self.folder))
        if status:
            raise DemoFailed(
                f"'{line}' ended with exit status {status}; what it said is above, its folder: {self.folder}"
            )
        return time.monotonic() - started


def _status(process: subprocess.Popen[bytes]) -> int:
    """Ctrl-C reaches the process too: it then ends in order and says how, where `subprocess.run` would kill it."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def run(*argv: str, show: bool = False) -> str:
    """Run a program that the demo needs; gives its output, or lets it be seen. Raises DemoFailed."""
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    done = subprocess.run(argv, env=environment, capture_output=not show, text=True, check=False)
    if done.returncode:
        said = "; what it said is above" if show else f": {(done.stderr or done.stdout).strip()[-500:]}"
        raise DemoFailed(f"{shlex.join(argv[:3])} failed{said}")
    return done.stdout or ""


def _bold(text: str) -> str:
    plain = not sys.stdout.isatty() or "NO_COLOR" in os.environ or os.environ.get("TERM") == "dumb"
    return text if plain else f"\033[1m{text}\033[0m"
