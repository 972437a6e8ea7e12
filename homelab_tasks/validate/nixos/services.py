"""N005 and N006: a service on a NixOS host has a user there, and a folder for its data."""

from __future__ import annotations

import re
from collections.abc import Iterator

from ...model import Host, Service
from ...problem import Place, Problem
from ..facts import Facts
from . import rules
from .folder import Flake, reference

_MODULES = "modules/services"
_ANY_OF_THEM = "$"  # `"d ${data}/${name} ..."`: a rule for whatever service


def check(facts: Facts, flake: Flake) -> Iterator[Problem]:
    """Only where the flake keeps modules of services at all."""
    if not facts.about(flake.path(_MODULES)):
        return
    made: dict[str, frozenset[str]] = {}
    for name, service in sorted(facts.repo.services.items()):
        host = next((h for h in service.hosts if (found := reference(h)) and found[0] == flake.folder), None)
        if host is None:
            continue
        yield from _user(flake, name, service)
        if host.data not in made:
            made[host.data] = _made(flake, host.data)
        yield from _folder(facts, flake, service, host, made[host.data])


def _user(flake: Flake, name: str, service: Service) -> Iterator[Problem]:
    places = {f"{_MODULES}/{folder}" for folder in (name, service.app)}
    if any(True for place in places for _ in flake.below(place)):
        return
    files = {flake.path(f"{place}.nix") for place in places}
    if any(file.path in files for file in flake.files):
        return
    wanted = flake.path(f"{_MODULES}/{name}/user.nix")
    yield rules.NO_USER.at(
        service.place, f"service {name} has no user on its host: {wanted} is not there", f"make {wanted}"
    )


def _folder(facts: Facts, flake: Flake, service: Service, host: Host, made: frozenset[str]) -> Iterator[Problem]:
    if _ANY_OF_THEM in made:
        return
    for file in service.stack.files:
        text = facts.documents.text(file)
        seen = set()
        for found in re.finditer(rf"(?<![\w.$}}-]){re.escape(host.data)}/([\w.-]+)", text):
            folder = found[1]
            if folder in made or folder in seen or _is_comment(text, found.start()):
                continue
            seen.add(folder)
            line_start = text.rfind("\n", 0, found.start()) + 1
            place = Place(file, text.count("\n", 0, found.start()) + 1, found.start() - line_start + 1)
            module = flake.path(f"{_MODULES}/{service.name}/user.nix")
            what = f"mounts {host.data}/{folder}, which no module makes; Docker would make it as root"
            rule = f'systemd.tmpfiles.rules = [ "d {host.data}/{folder} 0750 {service.name} GROUP -" ];'
            yield rules.NO_FOLDER.at(place, what, f"add to {module}: {rule}")


def _is_comment(text: str, offset: int) -> bool:
    return "#" in text[text.rfind("\n", 0, offset) + 1 : offset]


def _made(flake: Flake, data: str) -> frozenset[str]:
    """The folders below `data` that the files name, whichever way they make them."""
    named = re.compile(rf"(?:{re.escape(data)}|\}})/([\w.-]+|\$(?=\{{))")
    return frozenset(name for file in flake.files for name in named.findall(file.text))
