"""The fixture that most tests of deploys begin with."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.hosts.homelab import Homelab
from tests.lab import Lab, LabHost


@pytest.fixture
def home(tmp_path: Path, lab: Lab, hosts: tuple[LabHost, ...]) -> Homelab:
    """An empty homelab for the lab's hosts h1, h2, h3, which are as they were at first."""
    return Homelab.make(tmp_path / "homelab", lab, hosts)
