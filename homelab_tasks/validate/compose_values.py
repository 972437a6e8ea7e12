"""Values that the schema lets pass and Compose cannot read: ports, durations, sizes, mounts, variables."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any

import yaml

from ..problem import Problem, Rule, Severity
from ..repo.document import Map, Seq, place_of
from . import compose_syntax as syntax
from .compose_faults import within
from .compose_schema import Steps

VALUE = Rule("C003", "unreadable-value", Severity.ERROR, "Compose cannot read this value")

_TESTS = ("CMD", "CMD-SHELL", "NONE")
_FORMS: tuple[tuple[str, Callable[[str], str]], ...] = (
    (r"services/[^/]+/healthcheck/(interval|timeout|start_period|start_interval)", syntax.duration),
    (r"services/[^/]+/(stop_grace_period|deploy/\w+/(delay|monitor|window))", syntax.duration),
    (r"services/[^/]+/(mem_limit|mem_reservation|memswap_limit|shm_size|build/shm_size)", syntax.size),
    (r"services/[^/]+/(deploy/resources/\w+/memory|volumes/\d+/tmpfs/size)", syntax.size),
    (r"services/[^/]+/(init|privileged|read_only|stdin_open|tty|oom_kill_disable)", syntax.boolean),
    (r"services/[^/]+/(healthcheck/disable|depends_on/[^/]+/(restart|required))", syntax.boolean),
    (r"services/[^/]+/volumes/\d+/(read_only|bind/create_host_path|volume/nocopy)", syntax.boolean),
    (r"networks/[^/]+/(external|internal|attachable|enable_ipv6)", syntax.boolean),
    (r"(volumes|secrets|configs)/[^/]+/external", syntax.boolean),
    (r"services/[^/]+/(scale|pids_limit|cpu_count|cpu_shares|deploy/replicas|ports/\d+/target)", syntax.integer),
    (r"services/[^/]+/(healthcheck/retries|ulimits/[^/]+(/hard|/soft)?)", syntax.integer),
    (r"services/[^/]+/(cpus|cpu_percent)", syntax.number),
    (r"services/[^/]+/ports/\d+", syntax.port),
    (r"services/[^/]+/volumes/\d+", syntax.volume),
)
_ENDS = frozenset(re.findall(r"[a-z_]{3,}", " ".join(path for path, _ in _FORMS)))
_WHOLE = re.compile("|".join(f"(?P<f{i}>{path})" for i, (path, _) in enumerate(_FORMS)))


def check_values(document: Map) -> Iterator[Problem]:
    """Everything in one document that Compose would fail to read."""
    for steps, value, node in _scalars(document, (), document.node):
        what = _unreadable(steps, value)
        if what:
            what, _, move = what.partition(": ")
            yield VALUE.at(place_of(node), f"{within(steps)}: {what}", move)
    services = document.get("services")
    for key, service in services.items() if isinstance(services, Map) else ():
        if isinstance(service, Map):
            yield from _check_service(key, service)


def _scalars(value: Any, steps: Steps, node: yaml.Node) -> Iterator[tuple[Steps, Any, yaml.Node]]:
    if isinstance(value, Map):
        for key, item in value.items():
            if value.tag(key) != "!reset":
                yield from _scalars(item, (*steps, key), value.nodes[key][1])
    elif isinstance(value, Seq):
        for i, item in enumerate(value):
            yield from _scalars(item, (*steps, str(i)), value.node.value[i])
    elif isinstance(value, (str, int, float)) and not isinstance(value, bool):
        yield steps, value, node


def _unreadable(steps: Steps, value: str | float) -> str:
    if isinstance(value, str) and "$" in value:
        return syntax.variables(value)
    # two of three values end here: the pattern takes 5 us
    named = next((step for step in reversed(steps) if not step.isdigit()), "")
    found = _WHOLE.fullmatch("/".join(steps)) if named in _ENDS or "ulimits" in steps else None
    if not found:
        return ""
    form = next(form for i, (_, form) in enumerate(_FORMS) if found.group(f"f{i}") is not None)
    match value:
        case str():
            return form(value)
        case int():
            return form(str(value)) if form is syntax.port else ""
        case _:
            return f"{value:g} is no port: put it in quotes" if form is syntax.port else ""


def _check_service(key: str, service: Map) -> Iterator[Problem]:
    where = f"service {key!r}"
    yield from _targets(service, "ports", f"a port of {where}", "target: the port inside the container")
    yield from _targets(service, "volumes", f"a volume of {where}", "target: the path inside the container")
    health = service.get("healthcheck")
    test = health.get("test") if isinstance(health, Map) else None
    if isinstance(test, Seq) and test and isinstance(test[0], str) and "$" not in test[0] and test[0] not in _TESTS:
        what = f"healthcheck of {where}: a list of words must begin with CMD, CMD-SHELL or NONE"
        yield VALUE.at(test.item_place(0), what, "add CMD as its first word, or write the command as one text")
    hosts = service.get("extra_hosts")
    for text, place in hosts.texts() if isinstance(hosts, Seq) else ():
        if not re.search(r"[:=$]", text):
            yield VALUE.at(place, f"extra_hosts of {where}: {text!r} lacks an address", f"write {text}:ADDRESS")


def _targets(service: Map, key: str, what: str, missing: str) -> Iterator[Problem]:
    items = service.get(key)
    if not isinstance(items, Seq):
        return
    for i, item in enumerate(items):
        if isinstance(item, Map) and not item.get("target"):
            yield VALUE.at(items.item_place(i), f"{what} has no target", f"add {missing}")
