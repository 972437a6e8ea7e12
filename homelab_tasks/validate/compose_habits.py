"""What Compose accepts and a homelab regrets: restarts, networks of others, rights, leftovers."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from ..problem import Problem, Rule, Severity
from ..repo.document import Map
from .compose_syntax import mount
from .compose_view import Entry, View

NO_RESTART = Rule("C020", "no-restart", Severity.WARNING, "a container that stays down after a reboot")
RESTART = Rule("C021", "restart-word", Severity.ERROR, "a restart policy that Docker does not know")
VERSION = Rule("C022", "leftover-version", Severity.NOTICE, "version: has no meaning any more")
LOST = Rule("C023", "keys-of-a-network", Severity.ERROR, "a container in another's network cannot have these keys")
IDLE = Rule("C024", "ports-on-the-host", Severity.NOTICE, "published ports mean nothing in the host's network")
PRIVILEGED = Rule("C025", "privileged", Severity.NOTICE, "a container with all rights on its host")
SOCKET = Rule("C026", "docker-socket", Severity.NOTICE, "a container that commands Docker")
UNUSED = Rule("C027", "unused-declaration", Severity.NOTICE, "a network or volume that no container uses")

_RESTART = re.compile(r"no|always|unless-stopped|on-failure(:\d+)?")
# Docker refuses to make a container with them in the network of another (moby, runconfig: validateNetMode)
_LOST = ("ports", "expose", "hostname", "dns", "extra_hosts", "links")


def check_habits(view: View) -> Iterator[Problem]:
    """The rules about one container each, and about the stack's leftovers."""
    once = _awaited_ends(view)
    for entry in view.entries.values():
        yield from _restart(entry, ends=entry.key in once or bool(entry.holder("profiles")))
        yield from _network(entry)
        yield from _rights(entry)
    yield from _unused(view)
    for document in view.documents:
        if "version" in document:
            what = "version: is left over from older Compose, which warns about it at every call"
            yield VERSION.at(document.key_place("version"), what, "remove the line")


def _restart(entry: Entry, *, ends: bool) -> Iterator[Problem]:
    written = entry.text("restart")
    if written and "$" not in written and not _RESTART.fullmatch(written):
        move = "write unless-stopped, always, on-failure[:TIMES] or no"
        yield RESTART.at(entry.place_of("restart"), f"service {entry.key!r}: no restart policy {written!r}", move)
    elif not written and not ends and not entry.under("deploy", "restart_policy"):
        what = f"service {entry.key!r} has no restart policy, so it stays down after a crash or a reboot"
        yield NO_RESTART.at(entry.place, what, 'add restart: unless-stopped, or restart: "no" where that is meant')


def _awaited_ends(view: View) -> set[str]:
    """Containers that others wait for to end: they are not meant to run on."""
    found = set()
    for entry in view.entries.values():
        for holder in entry.holders("depends_on"):
            waited = holder["depends_on"]
            for name, said in waited.items() if isinstance(waited, Map) else ():
                if isinstance(said, Map) and said.get("condition") == "service_completed_successfully":
                    found.add(name)
    return found


def _network(entry: Entry) -> Iterator[Problem]:
    mode = entry.text("network_mode")
    kind, _, owner = mode.partition(":")
    if kind in ("container", "service") and owner:
        for key in _LOST:
            if entry.holder(key):
                what = f"service {entry.key!r} is in the network of {owner}, and Docker then refuses {key}"
                yield LOST.at(entry.place_of(key), what, f"move {key} to {owner}")
    elif mode == "host" and entry.holder("ports"):
        what = f"service {entry.key!r} is in the host's network: its ports are open without being published"
        yield IDLE.at(entry.place_of("ports"), what, "remove ports, or network_mode")


def _rights(entry: Entry) -> Iterator[Problem]:
    if entry.text("privileged") == "true":
        what = f"service {entry.key!r} is privileged: whoever breaks into it owns the host"
        yield PRIVILEGED.at(entry.place_of("privileged"), what, "name the cap_add and devices that it needs")
    for item, place in entry.items("volumes"):
        if _source(item).rstrip("}").endswith("docker.sock"):
            what = f"service {entry.key!r} has Docker's socket, read-only or not: it may start anything on the host"
            yield SOCKET.at(place, what, "put a socket proxy between, if it only has to look")


def _source(item: Any) -> str:
    if isinstance(item, Map):
        return item.text("source") or ""
    return mount(item)[0] if isinstance(item, str) else ""


def _unused(view: View) -> Iterator[Problem]:
    used = {("networks", "default")}
    for entry in view.entries.values():
        used |= {("networks", name) for name, _ in entry.items("networks") if isinstance(name, str)}
        used |= {("volumes", _volume(item)) for item, _ in entry.items("volumes")}
    for (kind, name), said in view.declared.items():
        if kind in ("networks", "volumes") and (kind, name) not in used and view.entries and view.complete:
            yield UNUSED.at(said[0][1], f"{kind.removesuffix('s')} {name!r} is used by no container", "remove it")


def _volume(item: Any) -> str:
    return _source(item)
