"""The pure reader of what `host/inspect.sh` prints."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from enum import Enum
from typing import TypeVar

from ..model import Host
from ..observe import parse as parse_look
from .seen import Disk, Engine, Folder, Inspection, Published, Socket, Sudo

Choice = TypeVar("Choice", bound=Enum)
_KIB = 1024


def parse(host: Host, output: str) -> Inspection:
    """Read the answer, whatever it is; what `seen` says of an answer without its end is a problem there."""
    sections = _sections(output)
    user, _, groups = sections.get("user", "").partition("\n")
    why, _, mount = sections.get("barred", "").partition("\n")
    age = sections.get("index-lock", "").strip()
    return Inspection(
        seen=parse_look(host, output),
        user=user.strip(),
        groups=frozenset(groups.split()),
        versions=dict(_versions(sections)),
        folder=_one_of(Folder, sections.get("folder-state", ""), Folder.WRITABLE),
        barred=why.strip(),
        mount=mount.strip(),
        scratch=sections.get("scratch", "").strip(),
        sudo=_one_of(Sudo, sections.get("sudo", ""), Sudo.ASKS),
        engine=_engine(sections.get("engine", "")),
        disks=tuple(_disks(sections.get("disks", ""))),
        logs_limited={"set": True, "none": False}.get(sections.get("log-limit", "").strip()),
        synced={"yes": True, "no": False}.get(sections.get("synced", "").strip()),
        listening=tuple(sorted(set(_sockets(sections.get("listening", ""))))),
        published=tuple(_published(sections.get("published", ""))),
        foreign=sections.get("foreign", "").strip(),
        index_lock=int(age) if re.fullmatch(r"\d{1,12}", age, re.ASCII) else None,
        nixos=sections.get("nixos", "").strip(),
    )


def version(text: str) -> tuple[int, ...]:
    """The numbers of the first version in a text: `git version 2.39.2` is (2, 39, 2)."""
    found = re.search(r"\d{1,9}(?:\.\d{1,9})+", text, re.ASCII)
    return tuple(int(part) for part in found.group().split(".")) if found else ()


def _sections(output: str) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for part in output.split("\036")[1:]:
        name, _, body = part.partition("\n")
        found.setdefault(name, body)
    return found


def _one_of(kind: type[Choice], text: str, default: Choice) -> Choice:
    return next((value for value in kind if value.value == text.strip()), default)


def _versions(sections: Mapping[str, str]) -> Iterator[tuple[str, str]]:
    lines = [*sections.get("versions", "").splitlines(), f"compose\t{sections.get('compose-version', '')}"]
    for line in lines:
        tool, _, said = line.partition("\t")
        numbers = version(said)
        if numbers:
            yield tool, ".".join(map(str, numbers))


def _engine(text: str) -> Engine | None:
    words = text.strip("\n").split("\t")
    if len(words) != 5 or not words[1]:
        return None
    root, number, cgroup, live_restore, logging = words
    return Engine(root, number, cgroup, live_restore == "true", logging)


def _disks(text: str) -> Iterator[Disk]:
    for line in text.splitlines():
        words = line.split("\t")
        if len(words) == 4 and all(re.fullmatch(r"\d{1,18}", word, re.ASCII) for word in words[1:3]):
            yield Disk(words[0], int(words[1]) * _KIB, int(words[2]) * _KIB, words[3])


def _sockets(text: str) -> Iterator[Socket]:
    """`ss -H -ltnu`: protocol, state, queues, local address:port, peer."""
    for line in text.splitlines():
        words = line.split()
        if len(words) < 5 or words[0] not in ("tcp", "udp"):
            continue
        address, _, port = words[4].rpartition(":")
        if re.fullmatch(r"\d{1,5}", port, re.ASCII):
            yield Socket(words[0], int(port), address.partition("%")[0].strip("[]"))


def _published(text: str) -> Iterator[Published]:
    for line in text.splitlines():
        words = line.split("\t")
        if len(words) == 4:
            project, name, networks, ports = words
            yield Published(project, name, "host" in networks.split(","), frozenset(_ports(ports)))


def _ports(text: str) -> Iterator[tuple[str, int]]:
    """`0.0.0.0:8000-8002->8000-8002/tcp, [::]:53->53/udp, 80/tcp`: the host's side."""
    for found in re.finditer(r":(\d{1,5})(?:-(\d{1,5}))?->[\d-]+/(\w+)", text, re.ASCII):
        first = int(found[1])
        for port in range(first, min(int(found[2] or first), 65535) + 1):
            yield found[3], port
