"""How a host takes in commits that were sent to it, and checks one out."""

from __future__ import annotations

from ..command import Command, host_script
from ..model import Host, Repo


def receive(host: Host, bundled: bytes) -> Command:
    """Run on the host: take in the commits of `bundled`; no file of the checkout changes."""
    return host_script("receive", host.path, stdin=bundled, timeout=600)


def take(host: Host, repo: Repo) -> Command:
    """Run on the host: check the repo's commit out, as its branch; where the source is the origin, fetch it there."""
    pins = (f"{name}={pin.commit}" for name, pin in sorted(repo.pins.items()))
    made = " ".join([repo.made_of, *pins]) if repo.made_of else ""
    arguments = (host.path, repo.commit, repo.branch or "main", host.source.value, made)
    return host_script("take", *arguments, timeout=600)
