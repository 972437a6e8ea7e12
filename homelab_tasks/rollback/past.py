"""How the services of a rollback were on their hosts at the time that it goes back to."""

from __future__ import annotations

from msgspec.structs import replace

from .. import repo as repos
from ..command import command
from ..model import Host
from ..plan import key
from ..plan.past import Past
from ..plan.survey import units
from ..request import Request
from .aim import Aim
from .scene import Scene
from .then import Then, then


def pasts(scene: Scene, request: Request, aim: Aim) -> tuple[dict[str, Past], list[str]]:
    """By keys of steps, and what nobody remembers of that."""
    meant = [(service, host) for service, host, _ in units(aim.there, request) if host.name in scene.fleet.seen]
    times = {name: _time(scene, name, aim.target) for name in dict.fromkeys(host.name for _, host in meant)}
    past: dict[str, Past] = {}
    unknown: list[str] = []
    for service, host in meant:
        time = times[host.name]
        if service.name in time.known:
            known = time.known[service.name]
            unknown += known.staying(aim.there, service, scene.fleet.seen[host.name])
            was = known.at(aim.there, service)
            if time.digests[service.name] != aim.digests[service.name]:
                was = replace(was, images={})  # other files came up then, and the images were theirs
            past[key(service, host)] = _still_there(scene, host, was)
        elif service.name in time.touched and time.found:
            unknown.append(f"{service.name} was not deployed on {host.name} then; its .env and images stay as they are")
    for name, time in times.items():
        if not time.found and scene.fleet.seen[name].commit:
            what = f"{name} does not remember to have been at {aim.target[:7]}"
            unknown.append(f"{what}; .env files and images stay as they are")
    return past, unknown


def _time(scene: Scene, host: str, commit: str) -> Then:
    """A host that the deploy of the commit had nothing to do on stayed at an earlier one."""
    journal = scene.journals[host]
    found = then(journal, {commit})
    return found if found.found else then(journal, repos.leading_to(scene.root, commit))


def _still_there(scene: Scene, host: Host, past: Past) -> Past:
    """With --force without those env files of then that nobody has any more."""
    if not scene.asked.force:
        return past
    folder = f"{scene.fleet.seen[host.name].folder}/kept"
    kept = {*scene.fleet.runners[host.name].run(command("ls", folder)).text.split()}
    return replace(past, env={path: hashed for path, hashed in past.env.items() if hashed in kept})
