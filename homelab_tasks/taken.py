"""A port that a container wanted and somebody else has: who that is, where Docker's own sentence does not say it."""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Mapping
from typing import Any

from .health import PROJECT
from .runner import Runner

_ALLOCATED, _IN_USE = "port is already allocated", "address already in use"
# Engines before 28 name the port after `Bind for` or `listen tcp4`, later ones after `host port`
_WANTED = re.compile(r"(?:Bind for|listen \w+|host port(?: for)?) (?:\[[^\]]*\]|[\d.]+|::):(\d+)")


def explained(runner: Runner, said: str) -> str:
    """Why `docker compose up` failed; if a port is why, who has it and the next move."""
    if _ALLOCATED not in said and _IN_USE not in said:
        return said
    return with_holder(said, runner.host.name, _running(runner))


def with_holder(said: str, host: str, containers: Iterable[Mapping[str, Any]]) -> str:
    """The same of containers as Docker lists them. What is none of them is looked for among the host's programs where
    Docker has tried to listen.
    """
    wanted = _WANTED.search(said)
    if not wanted:
        return said
    port = int(wanted[1])
    protocols = re.findall(r"\b(tcp|udp)", said[wanted.start() :]) or ("tcp", "udp")
    if who := _holder(containers, port, protocols):
        name = who.partition(" ")[0]
        return f"port {port} is taken by container {who}; on {host}: docker stop {name}, or publish another port"
    look = f"docker ps --filter publish={port}" if _ALLOCATED in said else f"sudo ss -lntup 'sport = :{port}'"
    return f"{said}; on {host}: {look}"


def _holder(containers: Iterable[Mapping[str, Any]], port: int, protocols: Container[str]) -> str:
    for container in containers:
        if any(one.get("PublicPort") == port and one["Type"] in protocols for one in container["Ports"] or ()):
            project = container["Labels"].get(PROJECT)
            name = container["Names"][0].removeprefix("/")
            return f"{name} of compose project {project}" if project else name
    return ""


def _running(runner: Runner) -> list[Mapping[str, Any]]:
    from docker.errors import APIError
    from requests.exceptions import RequestException

    try:
        found: list[Mapping[str, Any]] = runner.docker().containers()
    except (ConnectionError, RequestException, APIError):
        return []
    return found
