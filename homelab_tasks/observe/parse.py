"""The pure parser of what a host answered."""

from __future__ import annotations

import math
import re
from collections.abc import Mapping

from .. import record
from ..model import Host
from . import problems
from .ask import FIELDS
from .sections import checkout, clock, sections
from .seen import EnvFile, Health, Observation, SeenContainer


def parse(host: Host, output: str) -> Observation:
    """Read what `look` printed, whatever it is. An answer without its end is a problem; unknown sections are not."""
    parts = sections(output)
    git = parts.get("git", "")
    written = parts.get("state", "")
    records, strange = record.read_all(written)
    branch = _branch(git)
    made_of, pins = _pins(parts.get("pins", ""), branch.get("oid", ""))
    return Observation(
        host=host.name,
        checkout=checkout(git),
        commit=branch.get("oid", ""),
        made_of=made_of,
        pins=pins,
        branch=branch.get("head", ""),
        folder=parts.get("folder", "").strip(),
        dirty=_dirty(git),
        interrupted=parts.get("delivering", "").strip(),
        delivered=parts.get("delivered", "").strip(),
        records=records,
        record_lines=written.count("\n"),
        strange=strange,
        containers=_containers(parts.get("docker", "")),
        env=_env(parts.get("env", ""), parts.get("keys", ""), parts.get("home", "").strip()),
        compose=parts.get("compose", "").strip(),
        system=_store_paths(parts)[0],
        boot=_store_paths(parts)[1],
        armed="armed" in parts,
        systems=record.read_systems(parts.get("systems", "")),
        clock=clock(parts),
        turn=parts.get("turn", "").strip(),
        machine=parts.get("machine", "").strip(),
        holder=parts.get("holder", "").strip(),
        problems=(*problems.of_host(host, parts), *problems.of_docker(host, parts)),
        of_docker=problems.of_docker(host, parts),
    )


def _store_paths(parts: Mapping[str, str]) -> tuple[str, str]:
    """The running system and the one of the next boot."""
    running, _, boot = parts.get("system", "").strip().partition("\n")
    return running, boot


def _branch(git: str) -> Mapping[str, str]:
    headers = re.findall(r"(?:^|\0)# branch\.(oid|head) ([^\0]*)", git, re.MULTILINE)
    return {key: "" if value.startswith("(") else value for key, value in headers[:2]}


def _pins(text: str, commit: str) -> tuple[str, Mapping[str, str]]:
    """What a commit with pinned services is made of: `COMMIT BASE SERVICE=COMMIT ...`."""
    for line in text.splitlines():
        made, _, rest = line.partition(" ")
        base, *pins = rest.split(" ")
        if commit and made == commit and base:
            return base, {name: of for name, _, of in (pin.partition("=") for pin in pins) if name and of}
    return "", {}


def _dirty(git: str) -> tuple[str, ...]:
    """Paths of `git status --porcelain=v2 -z`; a rename (2 ...) is followed by its old path."""
    found: list[str] = []
    entries = iter(git.split("\0"))
    for entry in entries:
        kind, _, rest = entry.partition(" ")
        if kind == "1":
            found.append(rest.split(" ", 7)[-1])
        elif kind == "2":
            found.append(rest.split(" ", 8)[-1])
            next(entries, None)
        elif kind == "u":
            found.append(rest.split(" ", 9)[-1])
    return tuple(found)


def _containers(text: str) -> tuple[SeenContainer, ...]:
    rows = (line.split("\t") for line in text.split("\n"))
    return tuple(_container(row) for row in rows if len(row) == len(FIELDS) and row[8] != "True")


def _container(row: list[str]) -> SeenContainer:
    ident, name, state, status, image, project, key, directory, _ = row
    health = next((h for h in Health if f"({h.value})" in status or f"(health: {h.value})" in status), Health.NONE)
    ended = re.match(r"Exited \((\d+)\)", status)
    return SeenContainer(
        id=ident,
        name=next((n for n in name.split(",") if "/" not in n), name),  # the others are aliases that links made
        state=state,
        health=health,
        image=image,
        project=project,
        key=key,
        directory=directory,
        exit=int(ended[1]) if ended else None,
        up=seconds_up(status)[0],
    )


_UNITS = {"second": 1, "minute": 60, "hour": 3600, "day": 86400, "week": 604800, "month": 2592000, "year": 31536000}


def seconds_up(status: str) -> tuple[float, float]:
    """At least and at most, of `Up 5 minutes (healthy)`, `Up About a minute`, `Up Less than a second`."""
    if status.startswith("Up Less than a second"):
        return 0.0, 1.0
    said = re.match(r"Up (?:About )?(an?|\d+) (\w+?)s?\b", status)
    if not said or said[2] not in _UNITS:
        return 0.0, math.inf
    count, unit = 1 if said[1].startswith("a") else int(said[1]), float(_UNITS[said[2]])
    return count * unit, (count + 1) * unit


def _env(files: str, keys: str, home: str) -> Mapping[str, EnvFile]:
    named: dict[str, list[str]] = {}
    for line in keys.split("\n"):
        path, _, key = line.rpartition("\t")
        named.setdefault(path, []).append(key)
    found: dict[str, EnvFile] = {}
    for line in files.split("\n"):
        row = re.fullmatch(r"([0-9a-f]*) (([0-7]{1,4}) \d+ \d+ \S+ \S+ (.+))", line, re.ASCII)
        if row:
            hashed, stat, mode, path = row.groups()
            found[path] = EnvFile(int(mode, 8), hashed, tuple(named.get(path, ())), stat)
            if home and path.startswith(f"{home}/"):
                found[f"~{path.removeprefix(home)}"] = found[path]
    return found
