"""The Docker Compose of this machine: where it is, and what `config` says. No daemon is asked."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

from msgspec import Struct

TIMEOUT = 30.0  # seconds; the usual call takes 0.06
_PLUGIN = "cli-plugins/docker-compose"
_FOLDERS = ("/usr/local/lib/docker", "/usr/local/libexec/docker", "/usr/lib/docker", "/usr/libexec/docker")
_NIXOS = "/run/current-system/sw/libexec/docker"


class Said(Struct, frozen=True):
    """How a call ended; `status` is None where it did not end in time or could not be made."""

    status: int | None
    errors: str


def candidates() -> Iterator[Path]:
    """Where Docker itself would find the plugin, and then the program of its own."""
    own = os.environ.get("DOCKER_CONFIG") or os.path.expanduser("~/.docker")  # noqa: PTH111 - may have no home
    for folder in (own, *_FOLDERS, _NIXOS):
        yield Path(folder, _PLUGIN)
    alone = shutil.which("docker-compose")
    if alone:
        yield Path(alone)


def plugin() -> Path | None:
    """The binary; called directly it answers 30 ms sooner than through `docker`."""
    return next((path for path in candidates() if os.access(path, os.X_OK) and path.is_file()), None)


def version(binary: Path) -> str:
    """`2.40.3`; "" where the binary does not say."""
    said = _call([str(binary), "version", "--short"], Path("/"), wants="stdout")
    return said.errors.strip().removeprefix("v") if said.status == 0 else ""


def config(binary: Path, words: list[str], folder: Path) -> Said:
    """`compose words... config --quiet` in `folder`, with nothing of this shell's environment but the paths."""
    return _call([str(binary), *words, "config", "--quiet"], folder)


def _call(argv: list[str], folder: Path, *, wants: str = "stderr") -> Said:
    environment = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment["GOGC"] = "400"  # a tenth sooner, as a process of 0.1 s need not tidy up
    try:
        done = subprocess.run(
            argv,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=TIMEOUT,
            check=False,
        )
    except subprocess.TimeoutExpired:
        return Said(None, f"no answer within {TIMEOUT:g} s")
    except OSError as error:
        return Said(None, f"{error.strerror or error}".lower())
    return Said(done.returncode, getattr(done, wants).decode("utf-8", "replace"))
