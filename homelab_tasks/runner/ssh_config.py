"""The user's and the system's ssh_config, with `Include`, as paramiko and Fabric take it (ssh_config(5))."""

from __future__ import annotations

import re
from collections.abc import Iterator
from io import StringIO
from pathlib import Path

from paramiko import SSHConfig

SYSTEM = Path("/etc/ssh")
_DEEPEST_INCLUDE = 16
_TOKENS = ["~", "%d", "%h", "%u", "%r"]
_WORD = re.compile(r'"([^"]*)"|(\S+)')


def load(home: Path, system: Path = SYSTEM) -> SSHConfig:
    """Both files as one; the user's comes first, and the first value counts. Raises paramiko.ConfigParseError."""
    text = "\n".join([*_lines(home / ".ssh/config", home / ".ssh"), "Host *", *_lines(system / "ssh_config", system)])
    config = SSHConfig()
    config.TOKENS_BY_CONFIG_KEY = {
        **SSHConfig.TOKENS_BY_CONFIG_KEY,
        # paramiko asks DNS for this machine's full name at each look-up, for a %l that hardly any file has.
        "identityfile": [*_TOKENS, "%l"] if "%l" in text else _TOKENS,
        "userknownhostsfile": _TOKENS,
    }
    config.parse(StringIO(text))
    return config


def words(value: str) -> tuple[str, ...]:
    """The words of a setting that takes several, as file names; quotes keep spaces."""
    return tuple(quoted or plain for quoted, plain in _WORD.findall(value))


def _lines(file: Path, folder: Path, scope: str = "Host *", depth: int = 0) -> Iterator[str]:
    """The lines of a file with what it includes in place; after an include the `Host` or `Match` around it goes on."""
    for line in _text(file).splitlines():
        setting, _, value = line.strip().replace("=", " ", 1).partition(" ")
        match setting.lower():
            case "include" if depth < _DEEPEST_INCLUDE:
                for included in _included(value, folder):
                    yield from _lines(included, folder, scope, depth + 1)
                yield scope
            case "include":
                continue
            case "host" | "match":
                scope = line
                yield line
            case _:
                yield line


def _included(value: str, folder: Path) -> Iterator[Path]:
    for word in words(value):
        pattern = Path(word).expanduser()
        root = Path(pattern.anchor) if pattern.is_absolute() else folder
        yield from sorted(root.glob(str(pattern.relative_to(pattern.anchor))))


def _text(file: Path) -> str:
    try:
        return file.read_text("utf-8", "replace")
    except OSError:
        return ""
