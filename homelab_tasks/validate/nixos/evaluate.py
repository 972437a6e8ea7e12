"""N010: what NixOS says of a host's whole system, its modules and assertions; asked for with `--deep` only."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

from msgspec import Struct

from ...model import Host
from ...problem import Place, Problem, Rule
from ...repo.source import git_top
from ..facts import Facts
from ..places import place_of
from . import rules
from .folder import Flake, reference

_TIMEOUT = 900  # seconds: the first evaluation fetches nixpkgs
# What is wrong with this machine, and not with the flake
_NOT_HERE = (
    "unable to download",
    "resolve host",
    "cannot connect to socket",
    "experimental Nix feature",
    "opening lock file",
    "creating directory",
    "getting status of '/nix",
    "Permission denied",
    "requires lock file changes",
    "cannot write modified lock file",
    "lacks a signature",
    "not owned by current user",
    "dubious ownership",
)
_WHERE = re.compile(r"at \S*?/nix/store/[^/\s]+-source/(?P<inside>[^\s:]+):(?P<line>\d+)(?::(?P<column>\d+))?")


def check(facts: Facts, flakes: tuple[Flake, ...]) -> Iterator[Problem]:
    """Evaluate each host; says what could not be, and why."""
    by_folder = {flake.folder: flake for flake in flakes}
    for host in facts.repo.hosts.values():
        found = reference(host)
        flake = by_folder.get(found[0]) if found else None
        if not found or not flake or not flake.root:
            continue
        why = _cannot(facts, flake)
        if why:
            facts.left_out(f"the system of {host.name}", why)
            continue
        yield from _evaluated(facts, host, flake, found[1])


def _cannot(facts: Facts, flake: Flake) -> str:
    if git_top(facts.source.root) is None:
        return "Nix is given only what Git tracks, and this is no Git repo"
    if not shutil.which("nix"):
        return "nix is not installed here"
    if any(file.fault for file in flake.files):
        return "a Nix file cannot be read"
    if not facts.is_file(flake.path("flake.lock")):
        return f"no {flake.path('flake.lock')}: what nixpkgs?"
    return ""


def _reference(top: Path, folder: str) -> str:
    """The flake as a host will see it. Not `path:`: that would copy what Git ignores, a `.env` too, into the store of
    this machine, where everybody may read it.
    """
    inside = folder.strip("/")
    return f"git+file://{quote(str(top))}" + (f"?dir={quote(inside)}" if inside else "")


def _evaluated(facts: Facts, host: Host, flake: Flake, name: str) -> Iterator[Problem]:
    top = git_top(facts.source.root)
    assert top  # noqa: S101 - _cannot has looked
    attribute = f'nixosConfigurations."{name}".config.system.build.toplevel.drvPath'
    words = ["nix", "--extra-experimental-features", "nix-command flakes", "eval", "--raw", "--no-write-lock-file"]
    environment = {**os.environ, "LC_ALL": "C", "NO_COLOR": "1"}
    words.append(f"{_reference(top, facts.source.prefix + flake.folder)}#{attribute}")
    try:
        done = subprocess.run(words, env=environment, capture_output=True, timeout=_TIMEOUT, check=False)
    except (OSError, subprocess.TimeoutExpired):
        facts.left_out(f"the system of {host.name}", f"nix did not end within {_TIMEOUT} s")
        return
    if done.returncode == 0:
        return
    said = re.sub(r"\x1b\[[0-9;]*m", "", done.stderr.decode("utf-8", "replace"))
    trouble = next((line.strip() for line in said.splitlines() if any(sign in line for sign in _NOT_HERE)), "")
    if trouble and "does not provide attribute" not in said:
        facts.left_out(f"the system of {host.name}", re.sub(r"^(?:warning: |error: )+", "", trouble))
        return
    yield from findings(Said(said, host, flake, place_of(facts, host, "flake")), rules.EVALUATION)


class Said(Struct, frozen=True):
    """What Nix wrote when it could not evaluate a host; `otherwise` is the place where it names none."""

    text: str
    host: Host
    flake: Flake
    otherwise: Place


def findings(said: Said, rule: Rule) -> Iterator[Problem]:
    """The same as problems: one for each failed assertion, else Nix's last error."""
    failed = re.search(r"Failed assertions:\n((?:\s*- [^\n]+\n?)+)", said.text)
    if failed:
        for line in failed[1].strip().splitlines():
            what = line.strip().removeprefix("- ")
            yield rule.at(said.otherwise, f"{said.host}: {what}", "NixOS asserts it; mend the module that sets it")
    elif "does not provide attribute" in said.text:
        what = f"{said.flake.path('flake.nix')} has no system for {said.host}"
        yield rule.at(said.otherwise, what, f"set flake: of {said.host} to FOLDER#NAME")
    else:
        lines = [line.strip() for line in said.text.splitlines() if line.strip()]
        errors = [line for line in lines if line.startswith("error: ") and len(line) > 8]
        what = (errors or lines or ["it said nothing"])[-1].removeprefix("error: ")
        what = re.sub(r"(?:path:)?(?:\S*?/nix/store/[^/\s]+-source|/\S*/homelab\.\w{8})/?", "", what)
        yield rule.at(
            _place(said) or said.otherwise, f"{said.host}: {what}", "nix eval --show-trace shows the way there"
        )


def _place(said: Said) -> Place | None:
    """The last of the repo's own places that Nix names."""
    known = {file.path for file in said.flake.files}
    for found in reversed(list(_WHERE.finditer(said.text))):
        inside = found["inside"]  # from the flake, or from the top of the Git repo that it lies in
        path = next((p for p in known if f"/{inside}".endswith(f"/{p}") or p == said.flake.path(inside)), "")
        if path:
            return Place(path, int(found["line"]), int(found["column"] or 0))
    return None
