"""A homelab in a Git repo of its own, whatever is set up on this machine."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest


@pytest.fixture
def checkout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """One commit with the service plex on the host nas."""
    for name in [name for name in os.environ if name.startswith("GIT_")]:
        monkeypatch.delenv(name)
    for name in ("AUTHOR", "COMMITTER"):
        monkeypatch.setenv(f"GIT_{name}_NAME", "me")
        monkeypatch.setenv(f"GIT_{name}_EMAIL", "me@lan")
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
    (tmp_path / "services/plex").mkdir(parents=True)
    (tmp_path / "services/plex/compose.yml").write_text("services: {web: {image: web}}\n")
    (tmp_path / "hosts.yaml").write_text("hosts: {nas: }\n")
    for words in (["init", "--initial-branch=main"], ["add", "--all"], ["commit", "--message=x"]):
        subprocess.run(["git", *words], cwd=tmp_path, check=True, capture_output=True)
    return tmp_path
