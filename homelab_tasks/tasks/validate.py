"""The task validate: everything that is wrong with the repo, at once."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

from invoke.context import Context

from ..errors import Refused
from .door import FAILED, here, homelab_task
from .flags import Flags, flag

if TYPE_CHECKING:
    from ..report.problems import Asked
    from ..validate.result import Result

FORMATS = ("text", "json", "github", "sarif")


class Validating(Flags):
    """What validate understands."""

    names: str | None = flag(None, "only these: services, or files, with commas")
    select: str | None = flag(None, "only these rules: C, C004, untagged-image")
    ignore: str | None = flag(None, "without these rules")
    strict: bool = flag(False, "warnings fail too")
    quick: bool = flag(False, "do not ask Docker Compose and Nix")
    deep: bool = flag(False, "also what takes long: evaluate the NixOS hosts")
    remote: bool = flag(False, "also ask the hosts")
    format: str = flag("text", "text, json, github or sarif")

    def check(self) -> None:
        """Raises Refused for a word that a flag does not take."""
        if self.format not in FORMATS:
            raise Refused(f"no format {self.format!r}", move=f"use {', '.join(FORMATS[:-1])} or {FORMATS[-1]}")


@homelab_task(Validating)
def validate(_: Context, asked: Validating) -> None:
    """Check the repo: every problem at once, with its line.

    Needs no host, no Docker and no .env; says what it could not check.
    Exit status 1 if there is an error.
    """
    from ..report import problems, problems_for_programs

    result = _found(asked)
    match asked.format:
        case "text":
            problems.print_problems(result, _asked(asked), sys.stdout)
        case "json":
            print(problems_for_programs.as_json(result, strict=asked.strict))
        case "github":
            print(problems_for_programs.github(result), end="")
        case _:
            print(problems_for_programs.sarif(result))
    if result.fails(strict=asked.strict):
        sys.exit(FAILED)


def _found(asked: Validating) -> Result:
    from ..repo.source import homelab_root
    from ..validate.run import validate as run
    from ..validate.select import of_rules, of_words
    from .console import passing

    names = _names(asked.names)
    start = _start(names)
    with passing() as stage:
        if asked.deep or asked.remote:
            stage("asking the hosts" if asked.remote else "evaluating the hosts' systems")
        result = run(start, deep=asked.deep, remote=asked.remote, quick=asked.quick)
    result = of_rules(result, _words(asked.select), _words(asked.ignore))
    root = homelab_root(start)
    return of_words(result, names, lambda word: _inside(word, root))


def _start(names: Iterable[str]) -> Path:
    """Here; where no homelab is around it, as in a Git hook of a larger repo, the folder of the first file in one."""
    from ..repo.source import FILE

    folders = (here(), *((here() / name).parent for name in names))
    return next((folder for folder in folders if _around(folder, FILE)), here())


def _around(folder: Path, file: str) -> bool:
    return any((place / file).is_file() for place in (folder, *folder.parents))


def _asked(asked: Validating) -> Asked:
    from ..report.problems import Asked

    return Asked(strict=asked.strict, selected=bool(asked.select), named=asked.names is not None)


def _words(text: str | None) -> list[str]:
    if text is None:
        return []
    found = [word.strip() for word in text.split(",") if word.strip()]
    if not found:
        raise Refused("no rule is named", move="name some as C, C004 or untagged-image; docs/rules.md has them all")
    return found


def _names(text: str | None) -> list[str]:
    """Lines are taken as they are, so that a file may have a comma in its name."""
    if text is None:
        return []
    lines = [line for line in text.split("\n") if line.strip()]
    found = [word.strip() for line in lines for word in ([line] if Path(line).exists() else line.split(","))]
    if not any(found):
        raise Refused("no service is named", move="inv list")
    return [word for word in found if word]


def _inside(word: str, root: Path) -> str | None:
    """A file as a path of the homelab; None for a word that is none, which names services."""
    if not (os.sep in word or Path(word).is_file()):
        return None
    full = os.path.abspath(here() / word)  # noqa: PTH100 - not `resolve`: a link is the file that is meant
    if not os.path.isdir(os.path.dirname(full)):  # noqa: PTH112, PTH120 - a file that was removed means its service
        raise Refused(f"no file {word}", move="name files as they are seen from here")
    return Path(full).relative_to(root).as_posix() if Path(full).is_relative_to(root) else word
