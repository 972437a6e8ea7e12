"""Scratch Git repos and a scripted `docker`, for the scripts that run on hosts."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

_IDENTITY = {
    "GIT_AUTHOR_NAME": "Ann",
    "GIT_AUTHOR_EMAIL": "ann@example.org",
    "GIT_COMMITTER_NAME": "Ann",
    "GIT_COMMITTER_EMAIL": "ann@example.org",
    "GIT_CONFIG_GLOBAL": os.devnull,
}


def git(path: Path, *words: str) -> str:
    """What `git words...` prints in `path`."""
    environment = {**os.environ, **_IDENTITY}
    done = subprocess.run(["git", *words], cwd=path, env=environment, stdout=subprocess.PIPE, check=True)
    return done.stdout.decode().strip()


def fake_docker(folder: Path, body: str) -> str:
    """A PATH whose first `docker` is a shell script of this body."""
    program = folder / "bin/docker"
    program.parent.mkdir(exist_ok=True)
    program.write_text(f"#!/bin/bash\n{body}\n")
    program.chmod(0o755)
    return f"{program.parent}:/usr/local/bin:/usr/bin:/bin"
