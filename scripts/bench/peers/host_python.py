"""Python for the hosts, which have none: Ansible's modules run in it."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable
from pathlib import Path

from scripts.bench.ground import Ground
from tests.lab.base import SUITE, _mirror, cache, locked
from tests.lab.errors import run

_PROBE = ("python3", "-c", "import json, zipfile, subprocess, ssl")


def give(grounds: Iterable[Ground]) -> None:
    """Lay Debian's own Python over each host that has none."""
    bare = [ground.host for ground in grounds if ground.host.exec(*_PROBE).returncode]
    if not bare:
        return
    files = archive()
    for host in bare:
        host.check("tar", "--extract", "--directory=/", "--skip-old-files", "--no-same-owner", stdin=files)
        host.check(*_PROBE)


def archive() -> bytes:
    """The package and what it needs, as files: nothing is configured, and nothing of the host is replaced.

    Raises LabError where it cannot be had.
    """
    file = cache().parent / "peers" / f"python-{SUITE}.tar"
    file.parent.mkdir(exist_ok=True)
    with locked(file.with_suffix(".lock")):
        if not file.exists():
            _build(file)
    return file.read_bytes()


def _build(file: Path) -> None:
    unfinished = file.with_suffix(".new")
    with tempfile.TemporaryDirectory(dir=file.parent) as folder:
        extract = ("mmdebstrap", "--quiet", "--mode=root", "--format=directory", "--variant=extract")
        run(*extract, "--include=python3", SUITE, f"{folder}/root", _mirror())
        programs = [f"usr/bin/{path.name}" for path in Path(folder, "root/usr/bin").glob("python3*")]
        run("tar", "--create", f"--file={unfinished}", f"--directory={folder}/root", "usr/lib", *programs)
    unfinished.rename(file)
