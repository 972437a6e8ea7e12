"""What a host has to have, so that a deploy works there."""

from __future__ import annotations

from collections.abc import Iterator

from .parse import version
from .seen import Disk, Inspection

# The oldest that have all that is used: git fetch --no-write-fetch-head, wait -n, docker ps with {{.State}}, and
# `docker compose config --format json` with all that the plans read of it.
OLDEST = {"git": "2.29", "bash": "4.3", "docker": "20.10", "compose": "2.2"}
LEAST_SHARE, LEAST_BYTES = 0.10, 2 * 1024**3


def too_old(inspection: Inspection) -> Iterator[tuple[str, str, str]]:
    """Tools that are there and too old: the tool, the version there, the oldest that will do."""
    for tool, oldest in OLDEST.items():
        there = inspection.engine.version if tool == "docker" and inspection.engine else inspection.versions.get(tool)
        if there and version(there) and version(there) < version(oldest):
            yield tool, there, oldest


def nearly_full(inspection: Inspection) -> Iterator[Disk]:
    """File systems with less than 2 GB or a tenth free, each once."""
    by_mount = {disk.mount: disk for disk in reversed(inspection.disks)}
    for disk in reversed(list(by_mount.values())):
        if disk.size and (disk.free < LEAST_BYTES or disk.free < disk.size * LEAST_SHARE):
            yield disk
