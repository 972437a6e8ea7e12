"""What a changed compose file asks of Docker, and Docker does not do: `what; the next move`."""

from __future__ import annotations

import shlex
from collections.abc import Iterator

from ..commands.resolve import Resolved
from .facts import Facts
from .redefined import changed_volumes, made, redefined
from .survey import Finding


def other_volumes(facts: Facts, finding: Finding, found: Resolved) -> Iterator[str]:
    """Named volumes that are there, and are to be of another make."""
    service, host, model = finding.service, finding.host.name, found.model or {}
    stock = facts.resolved[host].stock
    for key, name, words in changed_volumes(found.before or {}, model):
        if name not in stock.volumes or stock.makes.get(name) == made(model["volumes"][key] or {}):
            continue
        what = f"{service.name}: volume {key} is to be another one on {host} ({words}), and Docker changes none"
        fresh = f"give it another name: in {service.stack.files[0]} to begin with a new one, and {name} stays"
        ended = f"docker compose --project-name {shlex.quote(service.project)} down"
        yield f"{what}; {fresh}, or to lose what is in it, on {host}: {ended} && docker volume rm {shlex.quote(name)}"


def shared_networks(facts: Facts, finding: Finding, found: Resolved) -> Iterator[str]:
    """Networks that have to be made anew, while containers of others are on them, also such as do not run."""
    service, host, model = finding.service, finding.host.name, found.model or {}
    doubted = facts.doubted(finding)
    for network in redefined(found.before or {}, model, doubted.networks if doubted else ()).networks:
        for project in sorted({project for project, _ in facts.resolved[host].stock.joined.get(network, ())}):
            if project != service.project:
                what = f"{service.name}: network {network} has to be made anew on {host}, and {project} is on it"
                move = f"docker compose --project-name {shlex.quote(project)} down (volumes stay)"
                yield f"{what}; on {host}: {move}, then deploy both again"
