"""Compose's answers of the last run: a service whose files are the same is not asked about again."""

from __future__ import annotations

import json
import os
from collections.abc import Iterable
from pathlib import Path

from msgspec import Struct, field

from .cache import git_folder

FILE = "compose-answers.json"


class Answers(Struct):
    """Messages by what was asked; "" where Compose had nothing to say. Without a Git folder they last for one run."""

    file: Path | None
    binary: str
    known: dict[str, str] = field(default_factory=dict)
    fresh: bool = False

    @classmethod
    def of(cls, root: Path, binary: Path) -> Answers:
        """What the same binary said before."""
        folder = git_folder(root)
        about = binary.stat()
        made = cls(
            folder / "homelab" / "cache" / FILE if folder else None,
            f"{binary} {about.st_size} {about.st_mtime_ns}",
        )
        made.known = made._read()
        return made

    def get(self, key: str) -> str | None:
        """The message; None if it was not asked."""
        return self.known.get(key)

    def put(self, key: str, said: str) -> None:
        """Write an answer down."""
        self.known[key] = said
        self.fresh = True

    def save(self, keys: Iterable[str]) -> None:
        """Keep the answers to these; no place to write is no error."""
        if self.file is None or not self.fresh:
            return
        wanted = set(keys)
        answers = {key: said for key, said in self.known.items() if key in wanted}
        try:
            for folder in (self.file.parent.parent, self.file.parent):
                folder.mkdir(mode=0o700, exist_ok=True)
            unfinished = self.file.with_suffix(f".{os.getpid()}")
            unfinished.touch(mode=0o600)
            unfinished.write_text(json.dumps({"binary": self.binary, "answers": answers}))
            unfinished.replace(self.file)
        except OSError:
            return

    def _read(self) -> dict[str, str]:
        try:
            said = json.loads(self.file.read_text()) if self.file else {}
        except (OSError, ValueError):
            return {}
        if not isinstance(said, dict) or said.get("binary") != self.binary or not isinstance(said.get("answers"), dict):
            return {}
        return {key: text for key, text in said["answers"].items() if isinstance(text, str)}
