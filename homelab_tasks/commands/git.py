"""How a host takes in a commit that was sent to it."""

from __future__ import annotations

from ..command import Command, host_script
from ..model import Host, Repo


def take(host: Host, repo: Repo, bundled: bytes) -> Command:
    """Run on the host: take in `bundled` (or fetch from its origin) and check the repo's commit out, as its branch."""
    arguments = (host.path, repo.commit, repo.branch or "main", host.source.value)
    return host_script("take", *arguments, stdin=bundled, timeout=600)
