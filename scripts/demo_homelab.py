"""The example as a Git repo of its own, with values for its `.env` files and hosts of the demo."""

from __future__ import annotations

import secrets
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

from scripts.demo_show import run

# Of the scratch repo alone: no identity, key or hook of the person who runs the demo has a say in it.
CONFIG = {"user.name": "demo", "user.email": "demo@localhost", "commit.gpgsign": "false", "core.hooksPath": "/dev/null"}


class Place(Protocol):
    """Where the homelab's services are to run."""

    def hosts(self) -> Mapping[str, Any] | None:
        """`defaults` and `hosts` of hosts.yaml; None for what the example says."""

    def put(self, path: str, text: str, homelab: Path) -> None:
        """Place a file that Git does not know where the services read it."""


@dataclass(frozen=True, slots=True)
class Homelab:
    """A scratch copy of the example with `size` services."""

    root: Path
    size: int

    @classmethod
    def make(cls, example: Path, root: Path, place: Place) -> Homelab:
        """Copy the example, commit it, and give its `.env` files values."""
        shutil.copytree(example, root, ignore=shutil.ignore_patterns(".env", "__pycache__"))
        (root.parent / ".gitignore").write_text("*\n")
        _write_hosts(root / "hosts.yaml", place.hosts())
        _commit(root)
        for template in sorted(root.glob("services/**/.env.example")):
            values = template.read_text().replace("change-me", secrets.token_hex(16))
            place.put(str(template.with_name(".env").relative_to(root)), values, root)
        return cls(root, len(list(root.glob("services/**/compose.yml"))))


def _write_hosts(file: Path, hosts: Mapping[str, Any] | None) -> None:
    if hosts:
        content = yaml.safe_load(file.read_text()) | hosts
        file.write_text("# Written by the demo\n" + yaml.safe_dump(content, sort_keys=False))


def _commit(root: Path) -> None:
    git = ("git", "-C", str(root))
    run(*git, "-c", "init.defaultBranch=main", "init", "--quiet")
    for key, value in CONFIG.items():
        run(*git, "config", key, value)
    run(*git, "add", "--all")
    run(*git, "commit", "--quiet", "--message", "The demo homelab")
