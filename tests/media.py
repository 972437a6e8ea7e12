"""The media services as shipped: who each runs as, and what it sees of the vault."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path, PurePosixPath
from typing import Any, NamedTuple

import yaml

from homelab_tasks.dotenv import parse

SERVICES = Path(__file__).resolve().parents[1] / "services"
VAULT = PurePosixPath("/mnt/vault")
DATA = PurePosixPath("/data")


class Mount(NamedTuple):
    """One line under `volumes:` with the values of the service's template."""

    source: PurePosixPath
    target: PurePosixPath
    mode: str

    def __str__(self) -> str:
        return f"{self.source}:{self.target}:{self.mode}"


def folders() -> Iterator[str]:
    """Folders of the services in the group media."""
    for settings in sorted(SERVICES.rglob("service.yaml")):
        if "media" in yaml.safe_load(settings.read_text())["groups"]:
            yield str(settings.parent.relative_to(SERVICES))


def values(folder: str) -> Mapping[str, str]:
    """What its template gives."""
    return parse((SERVICES / folder / ".env.example").read_text()).values()


def mounts(folder: str) -> list[Mount]:
    """What its container sees of the vault."""
    found = [_mount(line, values(folder)) for line in _container(folder)["volumes"]]
    return [mount for mount in found if mount.source.is_relative_to(VAULT)]


def shared(folder: str) -> list[Mount]:
    """What it sees of the vault together with others: tdarr's room for work is its own."""
    return [mount for mount in mounts(folder) if mount.source != VAULT / "temp/transcode"]


def umask(folder: str) -> str:
    return str(_container(folder)["environment"].get("UMASK", "022"))


def _container(folder: str) -> dict[str, Any]:
    [container] = yaml.safe_load((SERVICES / folder / "compose.yml").read_text())["services"].values()
    return dict(container)


def _mount(line: str, given: Mapping[str, str]) -> Mount:
    filled = re.sub(r"\$\{(\w+):\?\}", lambda found: given[found[1]], line)
    source, target, mode = (*filled.split(":"), "rw")[:3]
    return Mount(PurePosixPath(source), PurePosixPath(target), mode)
