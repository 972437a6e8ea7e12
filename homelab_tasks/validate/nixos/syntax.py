"""N001: whether Nix can read the files. Nix itself is asked where it is installed, in one call for all of them."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator, Mapping
from pathlib import Path

from ...problem import Place, Problem
from ..facts import Facts
from . import rules
from .folder import NixFile

_MOST_FAULTS = 20  # Nix stops at the first: each costs one more call
_TIMEOUT = 60  # seconds
_SAID = re.compile(r"error: (?P<what>[^\n]+)\n\s*(?:at )?(?P<file>/[^\n]+?):(?P<line>\d+):(?P<column>\d+)")
_COLOURS = re.compile(r"\x1b\[[0-9;]*m")


def check(facts: Facts, files: tuple[NixFile, ...]) -> Iterator[Problem]:
    """A problem for each file that Nix would not read; where Nix is not here, our own reader of its grammar judges."""
    for file in files:
        if file.unread:
            yield rules.SYNTAX.at(
                Place(file.path), f"cannot be read ({file.unread})", "is it a file, and yours to read?"
            )
    found = _asked(facts, files)
    for file in files:
        problem = found.get(file.path) if found is not None else _own(file)
        if problem:
            yield problem


def _own(file: NixFile) -> Problem | None:
    return (
        rules.SYNTAX.at(file.place(file.fault.offset), file.fault.what, _move(file.fault.what)) if file.fault else None
    )


def _asked(facts: Facts, files: tuple[NixFile, ...]) -> Mapping[str, Problem] | None:
    """What Nix says of each file that it does not take; None where it could not be asked."""
    if facts.quick:
        return None
    program = None if facts.quick else shutil.which("nix-instantiate")
    if not program:
        if files and not facts.quick:
            facts.left_out("names in Nix files that nothing defines", "nix-instantiate is not installed here")
        return None
    facts.watch(Path(program))
    # Those that our own reader takes come first: in the usual case one call is all.
    left = sorted((file for file in files if file.text), key=lambda file: file.fault is not None)
    found: dict[str, Problem] = {}
    for _ in range(_MOST_FAULTS):
        if not left:
            return found
        said = _parse(program, [str(facts.full(file.path)) for file in left])
        if not said:
            return found
        at = next((n for n, file in enumerate(left) if _names(said, facts, file)), None)
        if at is None:
            why = (said.strip().splitlines() or ["it said nothing"])[-1]
            facts.left_out("what nix-instantiate says of the Nix files", why)
            return None
        found[left[at].path] = _problem(facts, left[at], said)
        left = left[at + 1 :]
    return found | {file.path: problem for file in left if (problem := _own(file))}


def _parse(program: str, paths: list[str]) -> str:
    """What is wrong with the first of these that Nix does not take; "" if it takes them all."""
    # Parsing needs no store, and /nix may belong to somebody else; Nix before 2.4 knows no store of that name.
    environment = {**os.environ, "LC_ALL": "C", "NO_COLOR": "1", "NIX_REMOTE": "dummy://"}
    for _ in range(2):
        try:
            done = subprocess.run(
                [program, "--parse", *paths], env=environment, capture_output=True, timeout=_TIMEOUT, check=False
            )
        except (OSError, subprocess.TimeoutExpired) as error:
            return str(error)
        said = _COLOURS.sub("", done.stderr.decode("utf-8", "replace"))
        if done.returncode == 0 or "dummy://" not in said:
            break
        del environment["NIX_REMOTE"]
    return said or "it said nothing" if done.returncode else ""


def _names(said: str, facts: Facts, file: NixFile) -> bool:
    found = _SAID.search(said)
    return found is not None and found["file"] == str(facts.full(file.path))


def _problem(facts: Facts, file: NixFile, said: str) -> Problem:
    found = _SAID.search(said)
    assert found  # noqa: S101 - _names has found it
    what = found["what"].replace(f"{facts.source.root}/", "").removeprefix("syntax error, ")
    return rules.SYNTAX.at(Place(file.path, int(found["line"]), int(found["column"])), what, _move(what))


def _move(what: str) -> str:
    if re.search(r"\bexpect(ing|ed) ';'", what):
        return "end the line before with a ;"
    if "undefined variable" in what:
        return "take it as an argument of the module, or write it in quotes"
    if "already defined" in what:
        return "keep one of them"
    if "end of file" in what:
        return "close what was opened: a bracket, a string or a comment"
    return "mend it; inv validate tells when Nix can read it"
