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
    from ..validate.result import together
    from .console import passing

    homelabs = _homelabs(_names(asked.names))
    with passing() as stage:
        if asked.deep or asked.remote:
            stage("asking the hosts" if asked.remote else "evaluating the hosts' systems")
        return together([_of_homelab(start, words, asked) for start, words in homelabs.items()])


def _of_homelab(start: Path, words: list[str], asked: Validating) -> Result:
    from ..repo.source import homelab_root
    from ..validate.run import validate as run
    from ..validate.select import of_rules, of_words

    root = homelab_root(start)
    result = run(start, deep=asked.deep, remote=asked.remote, quick=asked.quick)
    result = of_rules(result, _words(asked.select), _words(asked.ignore))
    return of_words(result, words, lambda word: _inside(word, root))


def _homelabs(names: Iterable[str]) -> dict[Path, list[str]]:
    """Where to begin, with the names that are meant there: a Git hook gives files of several homelabs of one repo. What
    is in none of them belongs to the one around this folder, else to the first.
    """
    from ..repo.source import FILE

    own = next((folder for folder in (here(), *here().parents) if (folder / FILE).is_file()), None)
    found: dict[Path, list[str]] = {}
    others = []
    for name in names:
        root = _homelab_of(Path(os.path.abspath(here() / name)), own or here()) if _is_file(name) else None  # noqa: PTH100
        if root:
            found.setdefault(root, []).append(name)
        else:
            others.append(name)
    if others or not found:
        found.setdefault(own or next(iter(found), here()), []).extend(others)
    return found


def _homelab_of(file: Path, top: Path) -> Path | None:
    """Below `top` it is the one that has the file among its services, whatever is called hosts.yaml there."""
    from ..repo.source import FILE, SERVICES

    around = [folder for folder in file.parents if (folder / FILE).is_file() and (folder / SERVICES).is_dir()]
    having = [f for f in around if f.is_relative_to(top) and file.relative_to(f).parts[0] == SERVICES]
    return next(iter([*reversed(having), *around]), None)


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


def _is_file(word: str) -> bool:
    return os.sep in word or Path(word).is_file()


def _inside(word: str, root: Path) -> str | None:
    """A file as a path of the homelab; None for a word that is none, which names services."""
    if not _is_file(word):
        return None
    full = os.path.abspath(here() / word)  # noqa: PTH100 - not `resolve`: a link is the file that is meant
    if not os.path.isdir(os.path.dirname(full)):  # noqa: PTH112, PTH120 - a file that was removed means its service
        raise Refused(f"no file {word}", move="name files as they are seen from here")
    return Path(full).relative_to(root).as_posix() if Path(full).is_relative_to(root) else word
