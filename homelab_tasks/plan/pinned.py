"""Which services stay at another commit than the rest: those that were rolled back alone, until somebody frees them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from ..errors import Refused
from ..model import Pinned, Repo
from ..observe import Observation
from ..request import Request
from .survey import meant


def recorded(seen: Mapping[str, Observation]) -> Mapping[str, Pinned]:
    """Service -> its pin, as the hosts have written down. Of several the newest counts."""
    found: dict[str, Pinned] = {}
    for observation in seen.values():
        for name, record in observation.records.items():
            pin = record.pinned
            if pin and (name not in found or found[name].at < pin.at):
                found[name] = pin
    return found


def staying(repo: Repo, request: Request, seen: Mapping[str, Observation]) -> Mapping[str, Pinned]:
    """The pins that a deploy leaves: it frees what it names, and with `unpin` all that it means."""
    every = recorded(seen)
    meant_by_it = {*meant(repo, request), *(every.keys() - repo.services.keys() if request.everything else ())}
    freed = {*request.named, *(meant_by_it if request.unpin else ())}
    return {name: pin for name, pin in every.items() if name not in freed}


def refuse_half(repo: Repo, request: Request, seen: Mapping[str, Observation]) -> None:
    """Raises Refused where a pinned service would be freed on some of its hosts only."""
    freed = recorded(seen).keys() - staying(repo, request, seen).keys()
    for name in sorted(freed & repo.services.keys()) if request.hosts else ():
        others = [host.name for host in repo.services[name].hosts if host.name not in request.hosts]
        if others:
            what = f"{name} is pinned, and runs on {', '.join(others)} too"
            raise Refused(what, move=f"free it on all of its hosts: inv deploy {name}")


def told(repo: Repo, request: Request) -> Iterator[str]:
    """What a person has to know of the services of a deploy that stay as they are."""
    for name in meant(repo, request):
        pin = repo.pins.get(name)
        if pin:
            yield f"{name} stays pinned at {pin.commit[:7]} (by {pin.by}); inv deploy {name} frees it"


def of_then(seen: Observation) -> Mapping[str, Pinned]:
    """The pins that the commit of a host is made with."""
    known = {name: record.pinned for name, record in seen.records.items()}
    return {name: known.get(name) or Pinned(commit, "", "") for name, commit in seen.pins.items()}
