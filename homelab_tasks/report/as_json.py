"""The same things for programs. Keys are only ever added; times are seconds, moments ISO 8601 in UTC.

    plan     title, commit, changes (true: there is something to do), steps, deliveries, unchanged, held, gone,
             notices, faults, asks
    step     key, service, host, verb, cause, changes, needs (keys), pulls, hooks, blocked; in a report also status
             (done, failed, skipped; null: not reached), seconds, why, log, kept (what a hook kept)
    run      plan's keys, with ok, interrupted, seconds, trouble, notes and undone; null where nothing was executed
    undone   how a failed deploy was put back: steps (key, status, seconds, why, log), left (what was not), seconds,
             sick (keys: sick before too, and only restarted)
    status   commit, ok, services: [service, host, state, commit, at, pinned, current, note],
             hosts: {name: why it did not answer}
    list     services: [name, app, instance, description, directory, hosts, groups, protect]
    show     those, with compose, project, containers, env_files, checks, needs, needed_by,
             deployed: [host, commit, at, by, pinned]
    hosts    hosts: [name, address, connection, system, tags, services, reachable (null: not looked at), why, commit,
             dirty, holder, problems]

No key ever holds the value of a secret: none of the types that these are made from does.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from ..model import Container, Edge, Host, Repo, Service
from ..observe import Observation
from ..outcome import Outcome, Report, Undone
from ..plan import Plan, Step, Unit
from ..plan.hooks import hooks_of
from .services import services_on
from .status import Row, State

Object = dict[str, Any]


def run(plan: Plan, report: Report | None = None) -> str:
    """A plan (`--dry-run`), or what became of it."""
    body = _plan(report.plan if report else plan)
    outcomes = {outcome.step.key: outcome for outcome in report.outcomes} if report else {}
    if report:
        body["steps"] = [step | _outcome(outcomes.get(step["key"])) for step in body["steps"]]
    body |= {"ok": report.ok if report else None, "interrupted": report.interrupted if report else None}
    body |= {"seconds": round(report.seconds, 3) if report else None, "trouble": list(report.trouble) if report else []}
    body |= {"notes": list(report.notes) if report else [], "undone": _undone(report.undone) if report else None}
    return _text(body)


def _undone(undone: Undone | None) -> Object | None:
    if undone is None:
        return None
    steps = [{"key": outcome.step.key} | _outcome(outcome) for outcome in undone.outcomes]
    sick = [step.key for step in undone.sick]
    return {"steps": steps, "left": list(undone.left), "seconds": round(undone.seconds, 3), "sick": sick}


def status(repo: Repo, rows: Sequence[Row], unfit: Mapping[str, str]) -> str:
    """What runs where."""
    services = [
        {
            "service": row.service,
            "host": row.host,
            "state": row.state.value,
            "commit": row.commit,
            "current": row.current,
            "note": row.note,
            "at": row.at,
            "pinned": row.pinned,
        }
        for row in rows
    ]
    ok = not unfit and all(row.state is State.HELD or (row.state.up and row.current) for row in rows)
    return _text({"commit": repo.commit, "ok": ok, "services": services, "hosts": dict(unfit)})


def services(repo: Repo) -> str:
    """The services of the repo."""
    return _text({"services": [_service(service) for _, service in sorted(repo.services.items())]})


def shown(repo: Repo, chosen: Iterable[Service], seen: Mapping[str, Observation]) -> str:
    """Everything about some services, and what is recorded of them on the hosts that were looked at."""
    return _text({"services": [_service(s) | _details(repo, s) | {"deployed": _deployed(s, seen)} for s in chosen]})


def hosts(repo: Repo, seen: Mapping[str, Observation], unfit: Mapping[str, str]) -> str:
    """The hosts, and what was found there."""
    found = [_host(repo, host, seen.get(name), unfit.get(name, "")) for name, host in sorted(repo.hosts.items())]
    return _text({"hosts": found})


def _plan(plan: Plan) -> Object:
    return {
        "title": plan.title,
        "commit": plan.commit,
        "changes": plan.changes,
        "steps": [_step(step) for step in plan.steps],
        "deliveries": [{"host": d.host.name, "from": d.base, "to": plan.commit} for d in plan.deliveries],
        "unchanged": [_unit(unit) for unit in plan.unchanged],
        "held": [_unit(unit) for unit in plan.held],
        "gone": [_unit(unit) for unit in plan.gone],
        "notices": list(plan.notices),
        "faults": list(plan.faults),
        "asks": list(plan.asks),
    }


def _step(step: Step) -> Object:
    return {
        "key": step.key,
        "service": step.subject,
        "host": step.host.name,
        "verb": step.verb.value,
        "cause": step.cause,
        "changes": [str(change) for change in step.changes],
        "needs": sorted(step.needs),
        "pulls": list(step.pulls),
        "hooks": {hook.moment.value: hook.run for hook in hooks_of(step)},
        "blocked": step.blocked,
    }


def _outcome(outcome: Outcome | None) -> Object:
    if outcome is None:
        return {"status": None, "seconds": 0, "why": "", "log": [], "kept": ""}
    ended = {"status": outcome.status.value, "seconds": round(outcome.seconds, 3), "why": outcome.why}
    return ended | {"log": list(outcome.log), "kept": outcome.kept}


def _unit(unit: Unit) -> Object:
    return {"service": unit.subject, "host": unit.host.name, "why": unit.why}


def _service(service: Service) -> Object:
    return {
        "name": service.name,
        "app": service.app,
        "instance": service.instance,
        "description": service.description,
        "directory": service.directory,
        "hosts": [host.name for host in service.hosts],
        "groups": list(service.groups),
        "protect": service.protect,
    }


def _details(repo: Repo, service: Service) -> Object:
    return {
        "compose": list(service.stack.files),
        "project": service.project,
        "containers": [_container(container) for container in service.stack.containers],
        "env_files": [*service.stack.env_files, *service.stack.host_env_files],
        "checks": [{"kind": check.kind.value, "target": check.target} for check in service.health.checks],
        "needs": [_edge(edge, edge.dependency) for edge in repo.edges if edge.dependent == service.name],
        "needed_by": [_edge(edge, edge.dependent) for edge in repo.edges if edge.dependency == service.name],
    }


def _deployed(service: Service, seen: Mapping[str, Observation]) -> list[Object]:
    recorded = [(h.name, seen[h.name].records.get(service.name)) for h in service.hosts if h.name in seen]
    return [
        {"host": host, "commit": r.commit, "at": r.at, "by": r.by, "pinned": r.pinned is not None}
        for host, r in recorded
        if r
    ]


def _container(container: Container) -> Object:
    return {"key": container.key, "image": container.image, "name": container.name, "builds": container.builds}


def _edge(edge: Edge, other: str) -> Object:
    return {"service": other, "reason": edge.reason.value, "detail": edge.detail, "place": str(edge.place)}


def _host(repo: Repo, host: Host, seen: Observation | None, why: str) -> Object:
    looked = seen is not None or bool(why)
    return {
        "name": host.name,
        "address": host.address,
        "connection": host.transport.value,
        "system": host.system.value,
        "tags": sorted(host.tags),
        "services": list(services_on(repo, host)),
        "reachable": not why if looked else None,
        "why": why,
        "commit": seen.base if seen else "",
        "dirty": list(seen.dirty) if seen else [],
        "holder": seen.holder if seen else "",
        "problems": list(seen.problems) if seen else [],
    }


def _text(body: Object) -> str:
    return json.dumps(body, indent=2, ensure_ascii=False)
