"""Where hosts.yaml speaks of a host."""

from __future__ import annotations

from ..model import Host
from ..problem import Place
from ..repo.document import Map
from ..repo.source import FILE
from .facts import Facts


def place_of(facts: Facts, host: Host, key: str = "") -> Place:
    """The value of a key of a host, or the host's name where hosts.yaml does not give that key."""
    for content in facts.documents.read(FILE):
        hosts = content.get("hosts") if isinstance(content, Map) else None
        if isinstance(hosts, Map) and host.name in hosts.nodes:
            entry = hosts.get(host.name)
            if isinstance(entry, Map) and key in entry.nodes:
                return entry.value_place(key)
            return hosts.key_place(host.name)
    return Place(FILE)
