"""CPU seconds of planning alone: python -m scripts.bench.planning 1000 changed."""

from __future__ import annotations

import gc
import sys
import time
from collections.abc import Iterator
from typing import Any

from msgspec.structs import replace

from homelab_tasks.commands.engine import Stock
from homelab_tasks.commands.resolve import Resolution, Resolved
from homelab_tasks.model import Container, Edge, Host, Reason, Repo, Service, Stack
from homelab_tasks.observe import Checkout, Health, Observation, SeenContainer
from homelab_tasks.plan import Plan
from homelab_tasks.plan.deploy import plan_deploy
from homelab_tasks.plan.facts import Facts
from homelab_tasks.plan.survey import survey
from homelab_tasks.problem import Place
from homelab_tasks.record import Record, RecordedContainer
from homelab_tasks.request import Request

SERVICES_A_HOST = 20
BACK = (1, 7, 40)  # each service needs those that are so many places before it
KNOT = 50  # services that are connected with one another


def main() -> None:
    """Print the CPU seconds of one plan."""
    number, kind = int(sys.argv[1]), sys.argv[2]
    repo = a_repo(number)
    seen = {host.name: a_look(repo, host) for host in repo.hosts.values()}
    resolved = {host.name: an_answer(repo, host) for host in repo.hosts.values()} if kind == "changed" else {}
    if kind == "changed":
        repo = changed(repo)
    request = Request("deploy-all", frozenset(repo.services), everything=True)
    gc.collect()
    gc.freeze()
    begin = time.process_time()
    plan = make(repo, request, seen, resolved)
    seconds = time.process_time() - begin
    if len(plan.steps) != (number if kind == "changed" else 0):
        raise SystemExit(f"{len(plan.steps)} steps were planned for {number} {kind} services")
    print(seconds)


def make(repo: Repo, request: Request, seen: dict[str, Observation], resolved: dict[str, Resolution]) -> Plan:
    """What a run does between its look and its first change."""
    found = survey(repo, request, seen, {})
    if not found.findings:
        return found.nothing_to_do(repo.commit)
    return plan_deploy(found, Facts(repo, seen, resolved))


def a_repo(number: int) -> Repo:
    """`number` services, `SERVICES_A_HOST` of them on each host."""
    hosts = {f"h{n}": Host(f"h{n}", f"10.0.{n // 250}.{n % 250}") for n in range(-(-number // SERVICES_A_HOST))}
    services = {name: _service(name, hosts[f"h{n % len(hosts)}"]) for n in range(number) for name in [f"s{n:05}"]}
    return Repo("/home/me/homelab", hosts, services, edges=tuple(_edges(number)), commit="a" * 40, branch="main")


def changed(repo: Repo) -> Repo:
    """The same services with other files."""
    services = {name: replace(service, digest="new") for name, service in repo.services.items()}
    return replace(repo, services=services, commit="b" * 40)


def a_look(repo: Repo, host: Host) -> Observation:
    """Everything runs and is recorded as it is."""
    mine = [service for service in repo.services.values() if host in service.hosts]
    return Observation(
        host.name,
        Checkout.GIT,
        commit="a" * 40,
        folder=f"{host.path}/.git/homelab",
        records={s.name: _record(s) for s in mine},
        containers=tuple(_container(s) for s in mine),
        clock=1.0,
    )


def an_answer(repo: Repo, host: Host) -> Resolution:
    """Each service gets another image and one more variable."""
    mine = [service for service in repo.services.values() if host in service.hosts]
    services = {s.name: Resolved(s.name, _model(s.name, "2"), before=_model(s.name, "1")) for s in mine}
    images = {"demo:1": "sha256:1", "demo:2": "sha256:2"}
    return Resolution(services, Stock(images))


def _service(name: str, host: Host) -> Service:
    directory = f"services/{name}"
    stack = Stack((f"{directory}/compose.yml",), name, (Container(name, "demo:1"),), env_files=(f"{directory}/.env",))
    files = {f"{directory}/compose.yml": name}
    return Service(name, name, directory, stack, (host,), files=files, digest=name)


def _edges(number: int) -> Iterator[Edge]:
    for n in range(number):
        for back in BACK:
            if n % KNOT >= back:
                place = Place(f"services/s{n:05}/service.yaml", 1)
                yield Edge(f"s{n:05}", f"s{n - back:05}", Reason.DECLARED, "depends on it", place)


def _record(service: Service) -> Record:
    containers = (RecordedContainer(f"id-{service.name}", service.name, service.name, "sha256:1"),)
    name = service.name
    return Record(name, name, service.directory, "a" * 40, service.digest, containers=containers)


def _container(service: Service) -> SeenContainer:
    name = service.name
    return SeenContainer(
        f"id-{name}", name, "running", Health.NONE, "demo:1", name, name, f"/opt/homelab/services/{name}"
    )


def _model(name: str, tag: str) -> dict[str, Any]:
    environment = {"TZ": "UTC", **({"NEW": "1"} if tag == "2" else {})}
    mounts = [{"type": "bind", "source": f"/srv/{name}", "target": "/data"}]
    container = {"image": f"demo:{tag}", "environment": environment, "volumes": mounts, "networks": {"default": None}}
    return {"name": name, "services": {name: container}, "networks": {"default": {"name": f"{name}_default"}}}


if __name__ == "__main__":
    main()
