"""What was asked for on the command line; by itself, as a run knows it before it has to know anything else."""

from __future__ import annotations

from msgspec import Struct


class Request(Struct, frozen=True):
    """What was asked for on the command line."""

    title: str
    names: frozenset[str]  # services meant by the request
    named: frozenset[str] = frozenset()  # those of them that were named one by one: a deploy by name releases a stop
    hosts: frozenset[str] = frozenset()  # only these hosts; empty: all
    dependencies: bool = True
    force: bool = False
    prune: bool = False
    everything: bool = False  # the whole repo is meant, so what is gone from it is looked for
    back: bool = False  # a rollback: the commit may be older than what is there
    unpin: bool = False  # what was rolled back alone goes on with the rest
    files: bool = True  # bring files and settings to the commit; False only starts what does not run
    system: bool = False  # the NixOS systems of the hosts that are meant come first; without names: of all hosts
    reboot: bool = False  # a host may restart where its new system asks for it
    on_failure: str = ""  # revert, keep or stop; "": what hosts.yaml says
    timeout: float = 0  # seconds until healthy, 0: what the service says
