"""The peers' programs: each in an environment of its own in the cache folder, never in that of this project."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.peers import host_python
from tests.lab import LabError
from tests.lab.base import cache, locked


@dataclass(frozen=True, slots=True)
class Tool:
    """A peer, the one package that brings it, and the program to start."""

    name: str
    package: str
    version: str
    program: str

    @property
    def folder(self) -> Path:
        """Its environment."""
        python = f"py{sys.version_info.major}.{sys.version_info.minor}"
        return cache().parent / "peers" / f"{self.package}-{self.version}-{python}"

    @property
    def path(self) -> Path:
        """Its program."""
        return self.folder / "bin" / self.program


JUST = Tool("just", "rust-just", "1.59.0", "just")
COMPOSE_FARM = Tool("compose-farm", "compose-farm", "1.27.3", "cf")
PYINFRA = Tool("pyinfra", "pyinfra", "3.10.0", "pyinfra")
ANSIBLE = Tool("ansible", "ansible", "12.3.0", "ansible-playbook")
TOOLS = (JUST, COMPOSE_FARM, PYINFRA, ANSIBLE)


@dataclass(frozen=True, slots=True)
class Installed:
    """The tools that are there, and why each of the others is not."""

    tools: tuple[Tool, ...]
    missing: Mapping[str, str]

    @property
    def versions(self) -> Mapping[str, str]:
        """Name -> version, and for those that are not there the reason."""
        return {tool.name: _version(tool) for tool in self.tools} | {
            name: f"left out, not installed: {why}" for name, why in self.missing.items()
        }


def install() -> Installed:
    """All that can be installed; the first time takes a minute or two."""
    failures = {tool.name: _install(tool) for tool in TOOLS}
    failures[ANSIBLE.name] = failures[ANSIBLE.name] or _python_for_hosts()
    return Installed(
        tuple(tool for tool in TOOLS if not failures[tool.name]), {name: why for name, why in failures.items() if why}
    )


def _install(tool: Tool) -> str:
    """Why it cannot be installed; nothing when it is there."""
    done = tool.folder / "installed"
    tool.folder.parent.mkdir(exist_ok=True)
    with locked(tool.folder.parent / "lock"):
        if done.exists():
            return ""
        shutil.rmtree(tool.folder, ignore_errors=True)
        pip = (str(tool.folder / "bin/pip"), "install", "--quiet", "--disable-pip-version-check")
        for words in ((sys.executable, "-m", "venv", str(tool.folder)), (*pip, f"{tool.package}=={tool.version}")):
            ran = subprocess.run(words, capture_output=True, text=True, check=False)
            if ran.returncode:
                return (ran.stderr or ran.stdout).strip().splitlines()[-1]
        done.touch()
    return ""


def _python_for_hosts() -> str:
    """Why there is none; nothing when there is."""
    try:
        host_python.archive()
    except LabError as error:
        return f"no Python for the hosts: {error}"
    return ""


def _version(tool: Tool) -> str:
    """Of ansible also what it is made of, as that does the work."""
    if tool is not ANSIBLE:
        return tool.version
    (libraries,) = tool.folder.glob("lib/python*/site-packages")
    manifest = json.loads((libraries / "ansible_collections/community/docker/MANIFEST.json").read_text())
    (core,) = libraries.glob("ansible_core-*.dist-info")
    number = core.name.removeprefix("ansible_core-").removesuffix(".dist-info")
    return f"{tool.version} (core {number}, community.docker {manifest['collection_info']['version']})"
