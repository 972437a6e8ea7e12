"""How the services of a rollback were on their hosts at the time that it goes back to."""

from __future__ import annotations

from dataclasses import replace

from ..command import command
from ..model import Host
from ..plan import key
from ..plan.past import Past
from ..plan.survey import units
from ..request import Request
from .asked import Scene
from .then import Then, then


def pasts(scene: Scene, request: Request, target: str) -> tuple[dict[str, Past], list[str]]:
    """By keys of steps, and what nobody remembers of that."""
    fleet = scene.fleet
    times = {name: then(journal, target) for name, journal in scene.journals.items() if name in fleet.seen}
    past: dict[str, Past] = {}
    unknown: list[str] = []
    for service, host, _ in units(fleet.repo, request):
        time = times.get(host.name, Then())
        if service.name in time.known:
            past[key(service, host)] = _still_there(scene, host, time.known[service.name])
        elif service.name in time.touched and time.found:
            unknown.append(f"{service.name} was not deployed on {host.name} then; its .env and images stay as they are")
    for name, time in times.items():
        if not time.found and fleet.seen[name].commit:
            what = f"{name} does not remember to have been at {target[:7]}"
            unknown.append(f"{what}; .env files and images stay as they are")
    return past, unknown


def _still_there(scene: Scene, host: Host, past: Past) -> Past:
    """With --force without those env files of then that nobody has any more."""
    if not scene.asked.force:
        return past
    folder = f"{scene.fleet.seen[host.name].folder}/kept"
    kept = {*scene.fleet.runners[host.name].run(command("ls", folder)).text.split()}
    return replace(past, env={path: hashed for path, hashed in past.env.items() if hashed in kept})
