"""What Git does with env files, asked once for all of them."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterable, Mapping
from pathlib import Path, PurePosixPath

from msgspec import Struct, field

from ...repo.git import outside_of_hooks
from ...repo.source import git_top
from ..facts import Facts


class Tracking(Struct, frozen=True):
    """Files and what Git said of each: `H` tracked, `?` neither tracked nor ignored; nothing: ignored, or not there.

    `S` is in a submodule, or in another repo inside this one: a matter of that one.
    """

    asked: bool
    facts: Facts
    said: Mapping[str, str] = field(default_factory=dict)

    def tracks(self, path: str) -> bool:
        """Git tracks the file."""
        return self.said.get(path) == "H"

    def sees(self, path: str) -> bool:
        """The file is neither tracked nor ignored."""
        return self.said.get(path) == "?"

    def ignores(self, path: str) -> bool:
        """The file is there, and Git ignores it."""
        return self.asked and path not in self.said and self.facts.is_file(path)

    def has(self, path: str) -> bool:
        """The file comes with the repo; without Git, that it is there is all that can be known."""
        if path in self.facts.source.files and self.facts.source.commit:
            return True
        return path in self.said if self.asked else self.facts.is_file(path)


def tracking(facts: Facts, paths: Iterable[str]) -> Tracking:
    """What Git does with these files; nothing is known of a commit's files, which are all tracked, or without Git."""
    wanted = sorted(set(paths))
    if facts.source.commit or not wanted:
        return Tracking(asked=False, facts=facts)
    if git_top(facts.source.root) is None:
        facts.left_out("whether Git leaves .env files alone", "this is no Git repo")
        return Tracking(asked=False, facts=facts)
    for file in (".gitconfig", ".config/git/ignore", ".config/git/config"):
        facts.watch(Path.home() / file)
    output = _listed(facts, wanted)
    if output is None:
        facts.left_out("whether Git leaves .env files alone", "git is not installed, or does not trust this folder")
        return Tracking(asked=False, facts=facts)
    lines = (line.split(" ", 1) for line in output.split("\0") if line)
    said = {path: "?" if tag == "?" else "H" for tag, path in lines}
    return Tracking(
        True, facts, said | {path: "S" for path in wanted if path not in said and _is_elsewhere(facts, path)}
    )


def ignores(facts: Facts, path: str) -> bool:
    """Git would ignore the file, if it were there."""
    words = ["git", "-c", "core.fsmonitor=false", "check-ignore", "--quiet", "--", path]
    try:
        done = subprocess.run(words, cwd=facts.source.root, capture_output=True, env=environment(), check=False)
    except OSError:
        return False
    return done.returncode == 0


def _is_elsewhere(facts: Facts, path: str) -> bool:
    return any(facts.about(f"{folder}/.git") for folder in PurePosixPath(path).parents if folder.name)


def _listed(facts: Facts, paths: list[str]) -> str | None:
    words = ["git", "--literal-pathspecs", "-c", "core.fsmonitor=false", "ls-files", "-z", "-t"]
    words += ["--cached", "--others", "--exclude-standard", "--", *paths]
    try:
        done = subprocess.run(words, cwd=facts.source.root, capture_output=True, env=environment(), check=False)
    except OSError:
        return None
    return os.fsdecode(done.stdout) if done.returncode == 0 else None


def environment() -> dict[str, str]:
    """For Git: its words in English, and no lock for a look. In a hook the index is that of the commit to be."""
    index = {name: os.environ[name] for name in ("GIT_INDEX_FILE",) if name in os.environ}
    return {**outside_of_hooks(), **index, "LC_ALL": "C", "GIT_OPTIONAL_LOCKS": "0"}
