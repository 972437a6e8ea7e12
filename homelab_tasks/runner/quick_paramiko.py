"""Import paramiko without `importlib.metadata`, which it only asks for its own version: 10 of the 240 ms of a no-op."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path
from types import ModuleType


def preload() -> None:
    """Import paramiko. Its version is read off the name of its own `dist-info` folder, or asked as ever."""
    if "importlib.metadata" in sys.modules or "paramiko" in sys.modules:
        return
    version = _version()
    if not version:
        return
    standing_in = ModuleType("importlib.metadata")
    standing_in.version = lambda _: version  # type: ignore[attr-defined]
    sys.modules["importlib.metadata"] = standing_in
    try:
        importlib.import_module("paramiko")
    finally:
        del sys.modules["importlib.metadata"]
        if importlib.__dict__.get("metadata") is standing_in:
            del importlib.__dict__["metadata"]


def _version() -> str:
    """`5.1.0` of `paramiko-5.1.0.dist-info`, beside the package; "" where it was installed another way."""
    for folder in sys.path:
        if (Path(folder) / "paramiko" / "__init__.py").is_file():
            found = [entry.name for entry in Path(folder).glob("paramiko-*.dist-info")]
            return found[0].split("-")[1].removesuffix(".dist") if len(found) == 1 else ""
    return ""
