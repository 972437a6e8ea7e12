"""The env files of a stack: which there are, which of them are templates, and what they say."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from posixpath import basename, dirname, join

from ...dotenv import Parsed, offered, parse
from ...repo.discover import TEMPLATES, Folder, templates_of
from ...repo.interpolate import MOST_BYTES
from ..facts import Facts

_KINDS = ("example", "sample", "template", "dist")
_TARGET = re.compile(rf"(stack\.env).*|(?:{'|'.join(_KINDS)})\.(.+)|(.+?)[._-](?:{'|'.join(_KINDS)})")


@dataclass(frozen=True, slots=True)
class EnvText:
    """An env file as Compose reads it; `refusal` says why it was not read."""

    path: str
    text: str = field(default="", repr=False)
    parsed: Parsed = Parsed()
    refusal: str = ""
    optional: frozenset[str] = frozenset()  # `#KEY=`: keys that a comment offers

    @property
    def keys(self) -> frozenset[str]:
        """Every key that gets a value, an empty one too."""
        return frozenset(entry.key for entry in self.parsed.entries if not entry.inherited)

    @property
    def values(self) -> Mapping[str, str]:
        """Keys to values."""
        return self.parsed.values()


@dataclass(frozen=True, slots=True)
class EnvFiles:
    """All env files of the homelab; each is read once."""

    facts: Facts
    _known: dict[str, EnvText | None] = field(default_factory=dict, repr=False)

    def read(self, path: str) -> EnvText | None:
        """A file; None if there is none."""
        if path not in self._known:
            self._known[path] = self._read(path)
        return self._known[path]

    def templates(self, folder: Folder) -> list[EnvText]:
        """The templates in a service's folder, that which counts first."""
        found = [f"{folder.path}/{name}" for name in TEMPLATES if f"{folder.path}/{name}" in self.facts.source.files]
        return [text for path in found if (text := self.read(path))]

    def template_of(self, path: str) -> EnvText | None:
        """The template beside an env file, by its name."""
        found = [candidate for candidate in templates_of(path) if self._is_there(candidate)]
        return self.read(found[0]) if found else None

    def _is_there(self, path: str) -> bool:
        if path in self.facts.source.files:
            return True
        return path.count("/") != 2 and self.facts.is_file(path)  # what lies right in a service's folder is listed

    def _read(self, path: str) -> EnvText | None:
        try:
            content = self.facts.source.read(path)
        except OSError as error:
            there = path in self.facts.source.files and not isinstance(error, FileNotFoundError)
            return EnvText(path, refusal=f"cannot be read ({error.strerror})") if there else None
        if len(content) > MOST_BYTES:
            return EnvText(path, refusal=f"is {len(content) / 1048576:.1f} MB large, more than an env file should be")
        try:
            text = content.decode()
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            return EnvText(path, refusal=f"is not UTF-8 text (line {line})")
        return EnvText(path, text, parse(text), "", offered(text))


def target_of(template: str) -> str:
    """The env file that a template is for: services/a/stack.env.example is for services/a/stack.env."""
    match = _TARGET.fullmatch(basename(template))
    name = next((group for group in match.groups() if group), ".env") if match else ".env"
    return join(dirname(template), name if name.endswith(".env") else ".env")
