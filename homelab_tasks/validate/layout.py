"""How `services/` lies there: folders where files are meant, names that miss by a letter, folders nobody can read."""

from __future__ import annotations

import os
import shlex
from collections.abc import Iterator
from difflib import get_close_matches
from pathlib import Path
from posixpath import dirname

from ..problem import Place, Problem, Rule, Severity
from ..repo.discover import COMPOSE_FILES, OVERRIDE_FILES, TEMPLATES
from ..repo.settings import FILE as SETTINGS
from ..repo.source import SERVICES
from .facts import Facts

A_FOLDER = Rule("R016", "folder-for-a-file", Severity.ERROR, "a folder has the name of a file that is read")
NO_ACCESS = Rule("R017", "no-access", Severity.WARNING, "a folder of services/ cannot be read")
NOT_OURS = Rule("R018", "other-repo", Severity.WARNING, "a folder of services/ that is no part of this Git repo")
MISSPELLED = Rule("R019", "misspelled-file", Severity.WARNING, "a file whose name misses a known one by a letter")
OUT_OF_REACH = Rule("R052", "out-of-reach", Severity.WARNING, "a compose file where no service is looked for")
POINTER = Rule("R054", "lfs-pointer", Severity.WARNING, "a file of a service whose content is in Git LFS")
RULES = (A_FOLDER, NO_ACCESS, NOT_OURS, MISSPELLED, OUT_OF_REACH, POINTER)

_KNOWN = frozenset({*COMPOSE_FILES, *OVERRIDE_FILES, *TEMPLATES, SETTINGS, ".env"})
_DEEPEST = 2  # below services/: an app, and its instances


def check(facts: Facts) -> Iterator[Problem]:
    """Walks as deep as services lie; links are not followed, so no loop can catch us."""
    read = {path for service in facts.repo.services.values() for path in service.stack.reads}
    for problem in _folder(facts.full(SERVICES), SERVICES, 0, within=False):
        if problem.rule != OUT_OF_REACH.code or problem.place.file not in read:
            yield problem


def _folder(folder: Path, path: str, depth: int, *, within: bool) -> Iterator[Problem]:
    """`within` a service: what lies below it is its own."""
    try:
        entries = sorted(os.scandir(folder), key=lambda entry: entry.name)
    except PermissionError:
        yield NO_ACCESS.at(Place(shown(path)), "cannot be read, so no service is seen in it", "chmod u+rx it")
        return
    except OSError:
        return  # no services yet
    names = {entry.name for entry in entries}
    if depth and ".git" in names:
        what = "is a Git repo of its own (a submodule?): its files are in no commit of this one, so not deployed"
        yield NOT_OURS.at(Place(shown(path)), what, "commit the files themselves, and remove its .git")
    within = within or (depth > 0 and not names.isdisjoint(COMPOSE_FILES))
    for entry in entries:
        yield from _entry(entry, f"{path}/{entry.name}", depth, names, within=within)


def _entry(entry: os.DirEntry[str], path: str, depth: int, names: set[str], *, within: bool) -> Iterator[Problem]:
    if entry.name == ".git":
        return
    if entry.is_dir(follow_symlinks=False):
        if entry.name in _KNOWN:
            what = "is a folder, not a file (Docker makes one where a file to mount is missing)"
            yield A_FOLDER.at(Place(shown(path)), what, f"rmdir it, and write the file {entry.name}")
        elif depth < _DEEPEST:
            yield from _folder(Path(entry.path), path, depth + 1, within=within)
        elif not within:
            yield from _too_deep(entry, path)
    elif not depth and entry.is_symlink() and Path(entry.path).is_dir():
        yield NOT_OURS.at(Place(shown(path)), "is a link to a folder, which is not followed", "make it a real folder")
    elif depth and entry.name.endswith((".yml", ".yaml")):
        yield from _near(entry.name, path, names)
    elif not depth and entry.name in COMPOSE_FILES:
        what = f"lies in {SERVICES}/ itself, where no service is looked for"
        yield OUT_OF_REACH.at(Place(path), what, f"git mv {path} {SERVICES}/NAME/{entry.name}")


def _too_deep(entry: os.DirEntry[str], path: str) -> Iterator[Problem]:
    found = next((name for name in COMPOSE_FILES if Path(entry.path, name).is_file()), "")
    if found:
        what = f"lies too deep: no service is looked for below {SERVICES}/APP/INSTANCE"
        move = f"git mv {shlex.quote(shown(path))} {SERVICES}/{shlex.quote(shown(entry.name))}"
        yield OUT_OF_REACH.at(Place(f"{shown(path)}/{found}"), what, move)


def _near(name: str, path: str, names: set[str]) -> Iterator[Problem]:
    meant = _meant(name, names)
    if meant:
        full, right = shown(path), f"{dirname(shown(path))}/{meant}"
        move = f"did you mean {meant}? git mv {shlex.quote(full)} {shlex.quote(right)}"
        yield MISSPELLED.at(Place(full), "nobody reads a file of this name", move)


def _meant(name: str, names: set[str]) -> str:
    """Other YAML beside a compose file is configuration of the app, and may have any name but this one."""
    if not names.isdisjoint(COMPOSE_FILES):
        return SETTINGS if name == "service.yml" else ""
    near = "" if name in OVERRIDE_FILES else next(iter(get_close_matches(name, COMPOSE_FILES, n=1, cutoff=0.88)), "")
    return "" if name == near else near


def shown(path: str) -> str:
    """A name that is not UTF-8 as a terminal can show it."""
    return path.encode("utf-8", "backslashreplace").decode()
