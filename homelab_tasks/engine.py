"""What compose files ask of a host's Docker Engine that not every engine has: it is told before anything changes."""

from __future__ import annotations

import re

from .model import Host, Service
from .problem import Problem

# healthcheck.start_interval needs API 1.44; with an older one `compose up` stops, and Compose says nothing before that
_OF_START_INTERVAL = 25


def asks_of_engine(service: Service) -> bool:
    """Whether it matters which engine a host of the service has."""
    return any(container.start_interval for container in service.stack.containers if container.active)


def missing_in(engine: str, service: Service, host: Host) -> Problem | None:
    """What an engine of this version (`20.10.24+dfsg1`; "": not known) cannot do of what the service asks for."""
    major = re.match(r"\d+", engine, re.ASCII)
    if not major or int(major[0]) >= _OF_START_INTERVAL:
        return None
    containers = (c for c in service.stack.containers if c.active)
    place = next((container.start_interval for container in containers if container.start_interval), None)
    if place is None:
        return None
    what = f"start_interval of {service.name} needs Docker Engine {_OF_START_INTERVAL}, and {host} has {engine}"
    return Problem(place, what, f"update Docker on {host}, or remove the line")
