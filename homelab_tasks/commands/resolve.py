"""Ask Compose on a host what files that are not there yet would mean: read-only, in a folder that is removed again."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from msgspec import Struct

from ..command import Command, host_script
from ..model import Host, Repo, Service
from .compose import without_values
from .engine import Stock, questions, stock


class Resolved(Struct, frozen=True):
    """One service as Compose on its host reads it; `model` is None where Compose refuses, and `error` says why.

    `before` and `files_before` are what the last deploy recorded. Both models hold values of `.env` files: they stay
    in memory and in 0600 files on the host, and whatever is shown of them goes through `plan.changes`.
    """

    service: str
    model: Mapping[str, Any] | None
    error: str = ""
    blank: tuple[str, ...] = ()  # variables that are not set and have no default
    before: Mapping[str, Any] | None = None
    files_before: Mapping[str, str] | None = None
    unset: frozenset[str] = frozenset()  # variables that configs and secrets are made of, and that have no value


class Resolution(Struct, frozen=True):
    """What a host says about the services that changed: their models, and what Docker has there."""

    services: Mapping[str, Resolved]
    stock: Stock
    there: frozenset[str] = frozenset()  # of the places that were asked for, those that the host will have
    problem: str = ""  # why this is not all that was asked for


def resolve(  # noqa: PLR0917 - what is asked, of whom, with what
    host: Host,
    repo: Repo,
    services: Sequence[Service],
    compose: str,
    tree: bytes,
    kept: Collection[str] = (),
    then: Mapping[str, Mapping[str, str]] = MappingProxyType({}),
    places: Collection[str] = (),
) -> Command:
    """The command that resolves `services` on `host` from `tree`, a tar with paths from the Git repo's root.

    Of those in `kept` nothing changed that Compose reads: what the last deploy recorded is its answer, without 25 ms
    of processor time each. `then` has the env files (path -> hash) of services that are to be as they were once.
    `places` are looked for, from the checkout's root.
    """
    words: list[str] = []
    for service in services:
        lines = "\n".join(f"{hashed} {path}" for path, hashed in then.get(service.name, {}).items())
        words += [service.name, service.directory, service.project, "keep" if service.name in kept else "ask", lines]
    env = (f"{repo.prefix}{path}" for s in services for path in s.stack.env_files if path not in s.files)
    fixed = (host.path, repo.prefix, compose, questions(), "\n".join(places), "\n".join(dict.fromkeys(env)))
    return host_script("resolve", *fixed, *words, stdin=tree, timeout=120)


def parse(host: Host, output: str) -> Resolution:
    """Read what `resolve` printed, whatever it is; an answer without its end says so in `problem`."""
    parts = output.split("\036")
    if len(parts) < 4 or parts[-1] != "end\n" or any(entry.count("\037") != 5 for entry in parts[3:-1]):
        cut = f"the answer of {host.name} about compose was cut short; run the same again"
        return Resolution({}, Stock(), problem=cut)
    tree, engine, there, *entries, _ = parts
    found = stock(engine)
    if not found:
        silent = f"the Docker Engine of {host.name} does not answer; look there: docker info"
        return Resolution({}, Stock(), problem=silent)
    resolved = [_resolved(entry, tree, host.path.rstrip("/")) for entry in entries]
    return Resolution({r.service: r for r in resolved}, found, frozenset(there.splitlines()))


def _resolved(entry: str, tree: str, path: str) -> Resolved:
    name, status, model, errors, values, detail = entry.split("\037")
    recorded = _json(detail)
    before = _mapping(recorded.get("model")) if recorded else None
    kept = status == "kept"
    model = model.replace("$$", "$")  # Compose writes every dollar so; paths are compared with real ones
    hashes = dict(line.split(" ", 1) for line in values.splitlines() if " " in line)
    found = _json(model.replace(tree, json.dumps(path)[1:-1])) if status == "0" else None
    return Resolved(
        service=name,
        model=before or {} if kept else _with_hashes(found, hashes) if found else found,
        error="" if kept or status == "0" else _sentence(errors.replace(tree, path)),
        blank=tuple(dict.fromkeys(re.findall(r'The \\?"(\w+)\\?" variable is not set', errors))),
        before=before,
        files_before=_mapping(recorded.get("files")) if recorded else None,
        unset=frozenset(name for name, hashed in hashes.items() if hashed == "-"),
    )


def _with_hashes(model: dict[str, Any], hashes: Mapping[str, str]) -> dict[str, Any]:
    """The model in which each config and secret that is made of a variable has the keyed hash of its value."""
    for kind in ("configs", "secrets"):
        for body in (_mapping(model.get(kind)) or {}).values():
            if hashes.get(str((_mapping(body) or {}).get("environment")), "-") != "-":
                body["value_hash"] = hashes[body["environment"]]
    return model


def _json(text: str) -> dict[str, Any] | None:
    try:
        return _mapping(json.loads(text))
    except (ValueError, RecursionError):
        return None


def _mapping(value: Any) -> dict[str, Any] | None:
    return value if isinstance(value, dict) else None


def _sentence(errors: str) -> str:
    """Compose's own message without its log framing."""
    lines = [line.strip() for line in errors.splitlines() if line.strip() and "level=warning" not in line]
    return " ".join(without_values("\n".join(lines)).splitlines()) or "compose config failed without a message"
