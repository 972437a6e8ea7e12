"""What the figures were taken on: processors, kernel, Docker, SSH client, Python and its libraries."""

from __future__ import annotations

import os
import platform
import re
import subprocess
from collections.abc import Mapping
from importlib.metadata import version
from pathlib import Path

from scripts.bench.ground import Ground

LIBRARIES = ("fabric", "invoke", "paramiko", "docker")


def machine(ground: Ground) -> Mapping[str, str]:
    """What the numbers were taken on."""
    engine = ground.host.docker("version", "--format", "{{.Server.Version}}")
    compose = ground.host.docker("compose", "version", "--short")
    said = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return {
        "processors": f"{os.cpu_count()} x {_processor()}",
        "kernel": platform.release(),
        "Docker Engine and Compose": f"{engine}, {compose}",
        "SSH client": said.strip().split(",")[0],
        "Python": f"{platform.python_version()}; {libraries}",
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()
