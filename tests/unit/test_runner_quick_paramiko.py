"""Paramiko, imported the quick way, is the same paramiko."""

from __future__ import annotations

import subprocess
import sys

SAME = """
from homelab_tasks.runner.quick_paramiko import preload
preload()
import paramiko, sys
assert "email.parser" not in sys.modules, "the quick way was not taken"
from importlib import metadata
assert paramiko.__version__ == metadata.version("paramiko"), paramiko.__version__
assert metadata.metadata("paramiko")["Name"] == "paramiko"
"""


def test_paramiko_knows_its_version_and_so_does_everybody_else() -> None:
    done = subprocess.run([sys.executable, "-c", SAME], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
