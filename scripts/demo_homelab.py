"""The example as a Git repo of its own, with values for its `.env` files and hosts of the demo."""

from __future__ import annotations

import re
import secrets
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import yaml

# No identity, signing key or hook of the person who runs the demo has a say here.
GIT = (
    *("git", "-c", "user.name=demo", "-c", "user.email=demo@localhost"),
    *("-c", "commit.gpgsign=false", "-c", "core.hooksPath=/dev/null", "-c", "init.defaultBranch=main"),
)


class Place(Protocol):
    """Where the homelab's services are to run."""

    def hosts(self) -> Mapping[str, Any] | None:
        """`defaults` and `hosts` of hosts.yaml; None for what the example says."""

    def put(self, path: str, text: str, homelab: Path) -> None:
        """Place a file that Git does not know where the services read it."""


@dataclass(frozen=True, slots=True)
class Homelab:
    """A scratch copy of the example. `changed` is the container of the service that `change` changes."""

    root: Path
    size: int
    changed: str = "demo-library"

    @classmethod
    def make(cls, example: Path, folder: Path, place: Place) -> Homelab:
        """Copy the example, commit it, and give its `.env` files values."""
        root = folder / "homelab"
        folder.mkdir()
        (folder / ".gitignore").write_text("*\n")
        shutil.copytree(example, root, ignore=shutil.ignore_patterns(".env", "__pycache__"))
        _write_hosts(root / "hosts.yaml", place.hosts())
        for template in sorted(root.glob("services/**/.env.example")):
            values = re.sub("change-me", lambda _: secrets.token_hex(16), template.read_text())
            place.put(str(template.with_name(".env").relative_to(root)), values, root)
        for words in (("init", "--quiet"), ("add", "--all"), ("commit", "--quiet", "-m", "The demo homelab")):
            subprocess.run([*GIT, *words], cwd=root, check=True)
        return cls(root, len(list(root.glob("services/**/compose.yml"))))

    def change(self) -> tuple[str, ...]:
        """Give the library a newer image; what to run so that it is committed."""
        compose = self.root / "services/library/compose.yml"
        compose.write_text(compose.read_text().replace("homelab/demo:1", "homelab/demo:2"))
        for words in (("add", "--update"), ("commit", "--quiet", "-m", "library: newer image")):
            subprocess.run([*GIT, *words], cwd=self.root, check=True)
        return ("git", "log", "--oneline", "--max-count=2")


def _write_hosts(file: Path, hosts: Mapping[str, Any] | None) -> None:
    if hosts:
        content = yaml.safe_load(file.read_text()) | hosts
        file.write_text("# Written by the demo\n" + yaml.safe_dump(content, sort_keys=False))
