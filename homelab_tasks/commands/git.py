"""How a host takes in commits that were sent to it, checks one out, and gives back what only it has."""

from __future__ import annotations

from collections.abc import Iterable

from ..command import Command, host_script, script
from ..model import Host, Repo


def receive(host: Host, bundled: bytes) -> Command:
    """Run on the host: take in the commits of `bundled`; no file of the checkout changes."""
    return host_script("receive", host.path, stdin=bundled, timeout=600)


def take(host: Host, repo: Repo, env: Iterable[str]) -> Command:
    """Run on the host: check the repo's commit out, as its branch; where the source is the origin, fetch it there.

    `env` are the env files of its services, from the checkout's root.
    """
    pins = (f"{name}={pin.commit}" for name, pin in sorted(repo.pins.items()))
    made = " ".join([repo.made_of, *pins]) if repo.made_of else ""
    arguments = (host.path, repo.commit, repo.branch or "main", host.source.value, made, *env)
    return host_script("take", *arguments, timeout=600)


def give(host: Host, commit: str, have: str) -> Command:
    """Run on the host: print as a pack what its repo has of `commit` and `have`, which is known here, lacks; "" is
    nothing. Exit status 1 where that commit is not there either. Nothing is written there.
    """
    return script(_GIVE, host.path, commit, have, timeout=600)


_GIVE = """
export LC_ALL=C; cd "$1" && commit=$(git rev-parse --quiet --verify "$2^{commit}") || exit 1
printf '%s\\n' "$commit" ${3:+"^$3"} | git pack-objects --quiet --revs --stdout
""".strip()
