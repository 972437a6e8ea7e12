"""N007 to N009, N011: a flake has the systems that hosts name, and all that it is made of is there and committed."""

from __future__ import annotations

import json
import os
import subprocess
from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from stat import S_ISDIR

from ...errors import suggestion
from ...model import Host
from ...problem import Place, Problem
from ...repo.source import git_top
from ..env.tracking import environment
from ..facts import Facts
from ..places import place_of
from . import rules
from .folder import Flake, NixFile, reference
from .tree import DYNAMIC, Attrs, files_of

_SYSTEMS = "nixosConfigurations"


def check(facts: Facts, flakes: tuple[Flake, ...]) -> Iterator[Problem]:
    """The systems of all hosts, then each flake's lock and files."""
    by_folder = {flake.folder: flake for flake in flakes}
    for host in facts.repo.hosts.values():
        found = reference(host)
        if found:
            yield from _system(facts, host, by_folder.get(found[0]), found)
    tracked = tracked_files(facts, flakes)
    for flake in flakes:
        if flake.root and not flake.root.fault:
            yield from _lock(facts, flake, flake.root, tracked)
        if tracked is not None:
            for file in flake.files:
                if file.path not in tracked:
                    what = "is not known to Git, so no flake sees it"
                    yield rules.UNTRACKED.at(Place(file.path), what, f"git add {file.path}")
        for file in flake.files:
            yield from _imports(facts, file)


def _imports(facts: Facts, file: NixFile) -> Iterator[Problem]:
    lists = (binding.value for binding in file.bindings if binding.path == ("imports",))
    for one in chain.from_iterable(map(files_of, lists)):
        path = os.path.normpath(f"{os.path.dirname(file.path)}/{one.value}")  # noqa: PTH120 - of the repo, and `..` in it
        if not one.value.startswith(".") or path.startswith(".."):
            continue
        about = facts.about(path)
        needed = f"{path}/default.nix" if about and S_ISDIR(about.st_mode) else path
        if not about or (needed != path and not facts.is_file(needed)):
            yield rules.NO_IMPORT.at(file.place(one.offset), f"{needed} is not there", "make it, or delete this line")


def _system(facts: Facts, host: Host, flake: Flake | None, wanted: tuple[str, str]) -> Iterator[Problem]:
    folder, name = wanted
    place = place_of(facts, host, "flake")
    if flake is None or flake.root is None:
        file = f"{folder}/flake.nix" if folder else "flake.nix"
        move = f"make it, or set flake: of {host.name} to FOLDER#NAME"
        yield rules.NO_SYSTEM.at(place, f"{file} is not there", move)
        return
    systems = _systems(flake.root)
    if systems is None:
        if any(name in file.text for file in flake.files) or not facts.about(flake.path("hosts")):
            return
        if not facts.about(flake.path(f"hosts/{name}")):
            what = f"{flake.path('hosts')} has no {name}, and no Nix file names it"
            yield rules.NO_SYSTEM.at(place, what, f"set flake: of {host.name} to {folder or '.'}#NAME")
    elif name not in systems:
        move = suggestion(name, sorted(systems), "system")
        yield rules.NO_SYSTEM.at(place, f"{flake.root.path} has no {_SYSTEMS}.{name}", move)


def _systems(root: NixFile) -> frozenset[str] | None:
    """The systems that flake.nix writes out; None where finding them takes an evaluation."""
    found = set()
    for binding in root.bindings:
        if _SYSTEMS not in binding.path:
            continue
        at = binding.path.index(_SYSTEMS)
        if len(binding.path) == at + 1 and not isinstance(binding.value, Attrs):
            return None
        if len(binding.path) > at + 1:
            found.add(binding.path[at + 1])
    return None if not found or DYNAMIC in found else frozenset(found)


def _lock(facts: Facts, flake: Flake, root: NixFile, tracked: frozenset[str] | None) -> Iterator[Problem]:
    inputs = {b.path[1]: b.offset for b in root.bindings if b.path[0] == "inputs" and len(b.path) > 1}
    if not inputs:
        return
    path = flake.path("flake.lock")
    again = f"nix flake lock {flake.folder or '.'} && git add {path}"
    if not facts.is_file(path):
        what = f"{path} is not there: each host would take other inputs, and write one into its checkout"
        yield rules.NO_LOCK.at(Place(root.path), what, again)
        return
    if tracked is not None and path not in tracked:
        yield rules.NO_LOCK.at(Place(path), "is not committed: each host would write its own", f"git add {path}")
    locked = _locked(facts, path)
    if locked is None:
        yield rules.NO_LOCK.at(Place(path), "is not a lock file that Nix could read", again)
        return
    for name, offset in inputs.items():
        if name != DYNAMIC and name not in locked:
            yield rules.NO_LOCK.at(root.place(offset), f"{path} lacks the input {name}", again)


def _locked(facts: Facts, path: str) -> frozenset[str] | None:
    """The inputs that flake.lock pins for the flake itself."""
    try:
        lock = json.loads(facts.source.read(path))
        return frozenset(lock["nodes"][lock["root"]].get("inputs", {}).keys())
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError):
        return None


def tracked_files(facts: Facts, flakes: Sequence[Flake]) -> frozenset[str] | None:
    """Which files of the flakes Git knows; None outside of a Git repo. Submodules are Git's own matter."""
    root = facts.source.root
    top = git_top(root)
    if top is None or not flakes:
        return None
    facts.watch(_index(top))
    words = ["git", "--literal-pathspecs", "-c", "core.fsmonitor=false", "ls-files", "-z", "--full-name", "--"]
    words += [str(facts.full(flake.folder)) for flake in flakes]
    try:
        done = subprocess.run(words, cwd=top, capture_output=True, env=environment(), timeout=60, check=False)
    except (OSError, subprocess.TimeoutExpired) as error:
        facts.left_out("whether the flakes are committed", str(error), fleeting=True)
        return None
    if done.returncode:
        facts.left_out("whether the flakes are committed", done.stderr.decode("utf-8", "replace").strip())
        return None
    prefix = facts.source.prefix
    return frozenset(name.removeprefix(prefix) for name in os.fsdecode(done.stdout).split("\0"))


def _index(top: Path) -> Path:
    return Path(os.environ.get("GIT_INDEX_FILE") or top / ".git/index")
