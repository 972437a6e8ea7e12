"""H rules: the hosts against the repo, in one round trip each; only with `--remote`. No value leaves a host."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Iterator, Sequence

from ..dotenv import parse
from ..engine import missing_in
from ..inspection import Inspection, inspect, nearly_full, too_old
from ..model import Host, Service
from ..observe import EnvFile
from ..problem import Place, Problem, Rule, Severity
from ..repo.discover import Folder
from ..repo.interpolate import template_values
from ..repo.variables import variables
from ..runner import Unreachable
from . import remote_nixos
from .facts import Facts
from .places import place_of
from .ports import taken
from .remote_nixos import DRY_BUILD

_ERROR, _WARNING = Severity.ERROR, Severity.WARNING

UNREACHABLE = Rule("H001", "unreachable", _ERROR, "a host could not be looked at")
UNFIT = Rule("H002", "unfit-host", _ERROR, "a host lacks what a deploy needs, or has it too old")
NO_FILE = Rule("H003", "no-env-there", _ERROR, "a service with a template has no .env on its host")
NO_KEY = Rule("H004", "missing-key-there", _ERROR, "a .env on a host lacks a key of its template")
MODE = Rule("H005", "open-env-file", _ERROR, "others than its owner may read a .env on a host")
DISK = Rule("H006", "full-disk", _WARNING, "a host has little room for images, data or the checkout")
PORT = Rule("H007", "taken-port", _ERROR, "something else listens on a port that a service publishes")
RULES = (UNREACHABLE, UNFIT, NO_FILE, NO_KEY, MODE, DISK, PORT, DRY_BUILD)


def check(facts: Facts, hosts: Iterable[Host], *, deep: bool = False) -> Iterator[Problem]:
    """What is wrong on these hosts; `deep` has NixOS hosts build the plan of their system too."""
    answers = inspect(facts.repo, hosts)
    fit = []
    for name, answer in answers.items():
        host = facts.repo.hosts[name]
        if isinstance(answer, Unreachable):
            yield UNREACHABLE.at(place_of(facts, host, "address"), f"cannot reach {name} ({answer.why})", answer.move)
        else:
            fit.append(host)
            yield from judge(facts, host, answer)
    if deep:
        yield from remote_nixos.check(facts, fit)


def judge(facts: Facts, host: Host, found: Inspection) -> Iterator[Problem]:
    """What is wrong with one host that has answered; pure."""
    yield from _fitness(facts, host, found)
    services = [service for _, service in sorted(facts.repo.services.items()) if host in service.hosts]
    folders = {folder.path: folder for folder in facts.folders}
    for service in services:
        lacking = missing_in(found.engine.version if found.engine else "", service, host)
        if lacking:
            yield UNFIT.at(lacking.place, lacking.what, lacking.move)
        yield from _env(facts, host, service, folders[service.directory], found)
        yield from _ports(host, service, found)


def _fitness(facts: Facts, host: Host, found: Inspection) -> Iterator[Problem]:
    place = place_of(facts, host)
    for said in found.seen.problems:
        what, _, move = said.partition("; ")
        yield UNFIT.at(place, what, move)
    for tool, there, oldest in too_old(found):
        yield UNFIT.at(place, f"{tool} {there} on {host} is too old", f"install {oldest} or later there")
    for disk in nearly_full(found):
        what = f"{disk.free / 1e9:.1f} of {disk.size / 1e9:.0f} GB are free on {host} for {disk.path}"
        yield DISK.at(place, what, f"inv cleanup --host {host}")


def _env(facts: Facts, host: Host, service: Service, folder: Folder, found: Inspection) -> Iterator[Problem]:
    prefix = facts.repo.prefix
    for path in service.stack.env_files:
        there = found.seen.env.get(f"{prefix}{path}")
        if there and there.mode & 0o077:
            full = shlex.quote(f"{host.path.rstrip('/')}/{prefix}{path}")
            what = f"{path} on {host} may be read by others (mode {there.mode:o})"
            yield MODE.at(Place(folder.template or service.stack.files[0]), what, f"on {host}: chmod 600 {full}")
    yield from _keys(facts, host, folder, found.seen.env.get(f"{prefix}{folder.path}/.env"))


def _keys(facts: Facts, host: Host, folder: Folder, there: EnvFile | None) -> Iterator[Problem]:
    """Of the template's keys those that something goes wrong without."""
    template = facts.documents.text(folder.template) if folder.template else ""
    lines = {entry.key: entry.line for entry in reversed(parse(template).entries)}
    used = variables(folder, facts.documents, template_values(template))
    whole = used.hands_on(f"{folder.path}/.env")
    lacking = used.missing(there.keys if there else ())
    wanted = [key for key in lines if key in lacking or (whole and not (there and key in there.keys))]
    if there is None:
        if wanted:
            what = f"{folder.name} has no .env on {host}, and needs {_listed(sorted(wanted))}"
            move = f"inv env.init --names {folder.name} && inv env.push {folder.name}"
            yield NO_FILE.at(Place(folder.template), what, move)
        return
    for key in sorted(wanted, key=lines.__getitem__):
        what = f"{key} is missing in the .env of {folder.name} on {host}"
        yield NO_KEY.at(Place(folder.template, lines[key]), what, f"inv env.edit {folder.name} --host {host}")


def _listed(names: Sequence[str]) -> str:
    return ", ".join(names[:5]) + (", ..." if len(names) > 5 else "")


def _ports(host: Host, service: Service, found: Inspection) -> Iterator[Problem]:
    on_host = {p.project for p in found.published if p.on_host}
    own = {port for p in found.published if p.project == service.project for port in p.ports}
    if service.project in on_host:
        return  # which of the host's sockets are its own, nobody can tell
    for wanted in taken(service):
        protocol, address = wanted.port.protocol, "" if wanted.shared else wanted.port.address
        for number in range(wanted.first, wanted.last + 1):
            if (protocol, number) in own or not _listens(found, protocol, number, address):
                continue
            who = next((p.name for p in found.published if (protocol, number) in p.ports), "")
            by = f"container {who}" if who else "something else"
            shown = str(number) if protocol == "tcp" else f"{number}/{protocol}"
            move = f"on {host}: sudo ss -lntup 'sport = :{number}' names it; stop it, or publish another port"
            yield PORT.at(wanted.port.place, f"port {shown} of {host} is taken by {by}", move)


_ALL = ("", "*", "0.0.0.0", "::")  # noqa: S104 - what others listen on


def _listens(found: Inspection, protocol: str, port: int, address: str) -> bool:
    """A listener in the way of `address` ("": every one)."""
    there = (s.address for s in found.listening if s.protocol == protocol and s.port == port)
    return any(address in _ALL or other in _ALL or other == address for other in there)
