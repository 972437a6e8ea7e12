"""`service.yaml`: what a person says about a service, every field of it optional."""

from __future__ import annotations

import re
from collections.abc import Mapping
from itertools import chain

from msgspec import Struct

from .. import model
from ..errors import suggestion
from ..problem import Place, Problem
from . import rules
from .document import Map, Seq
from .fields import Fields, Name, describe
from .hooks import read_hooks
from .page import URL, is_good_address, read_page

FILE = "service.yaml"

_GROUP_KEYS = ("group", "groups")
SIGNAL = re.compile(r"(SIG)?[A-Z][A-Z0-9+-]*|[0-9]{1,2}")
_TCP = re.compile(r"(\[[0-9A-Fa-f:]+\]|[^\s:]+|\{host\}):[0-9]{1,5}")
SHAPES = {
    model.CheckKind.HTTP: (URL, "a URL such as http://{host}:8080/health"),
    model.CheckKind.TCP: (_TCP, "ADDRESS:PORT such as {host}:5432"),
    model.CheckKind.COMMAND: (re.compile(r"[^\0]*\S[^\0]*"), "a shell command"),
}


class Settings(Struct, frozen=True):
    """The fields as they are meant; hosts are resolved, names of groups and services are not yet."""

    hosts: tuple[model.Host, ...]
    description: str = ""
    groups: tuple[Name, ...] = ()
    depends_on: tuple[Name, ...] = ()
    page: str | None = None
    protect: bool = False
    health: model.Health = model.Health()
    on_config_change: model.Reaction = model.Reaction.RESTART
    signal: str = ""
    hooks: tuple[model.Hook, ...] = ()


def read_settings(
    content: object, folder: str, hosts: Mapping[str, model.Host], health: model.Health, problems: list[Problem]
) -> Settings:
    """The settings of a parsed `service.yaml`, or of None: a service without one goes to the only host."""
    if content is None:
        return Settings(_only_host(Place(folder), hosts, problems), health=health)
    if not isinstance(content, Map):
        problems.append(
            rules.WRONG_VALUE.at(
                Place(f"{folder}/{FILE}"), f"expected a mapping, found {describe(content)}", "remove or fix it"
            )
        )
        return Settings(())
    return read_fields(Fields(content, problems), hosts, health, problems)


def read_fields(
    fields: Fields, hosts: Mapping[str, model.Host], health: model.Health, problems: list[Problem]
) -> Settings:
    """The settings of the fields of a `service.yaml`."""
    reaction, signal = _reaction(fields)
    found = Settings(
        hosts=_hosts(fields, hosts, problems),
        description=fields.text("description"),
        groups=tuple(chain.from_iterable(fields.names(key) for key in _GROUP_KEYS)),
        depends_on=tuple(fields.names("depends_on")),
        page=read_page(fields),
        protect=fields.flag("protect"),
        health=_health(fields, health, problems),
        on_config_change=reaction,
        signal=signal,
        hooks=read_hooks(fields, problems),
    )
    fields.unknown(FILE)
    return found


def _only_host(place: Place, hosts: Mapping[str, model.Host], problems: list[Problem]) -> tuple[model.Host, ...]:
    if len(hosts) > 1:
        first, *_ = hosts
        what = f"no host is named, and there are {len(hosts)}: {_shown(hosts)}"
        problems.append(rules.NO_HOST.at(place, what, f"write e.g. host: {first} in its {FILE}"))
    return tuple(hosts.values())


def _hosts(fields: Fields, hosts: Mapping[str, model.Host], problems: list[Problem]) -> tuple[model.Host, ...]:
    one, many = fields.any("host"), fields.any("hosts")
    if not hosts:
        return ()  # hosts.yaml is at fault, and its problems are told there
    if one is not None and many is not None:
        fields.wrong("hosts", "both host and hosts are given", "keep one of them")
    if one is None and many is None:
        return _only_host(Place(fields.mapping.place.file), hosts, problems)
    if one is not None:
        return _one_host(fields, one, hosts, problems)
    if isinstance(many, Map):
        return _tagged(fields, "hosts", hosts, problems)
    if many == "all":
        return tuple(hosts.values())
    names = fields.names("hosts")
    if not names:
        fields.wrong("hosts", "hosts: names no host", "list names, or write hosts: all", rules.NO_HOST)
    return _named(names, hosts, problems)


def _one_host(
    fields: Fields, value: object, hosts: Mapping[str, model.Host], problems: list[Problem]
) -> tuple[model.Host, ...]:
    if isinstance(value, Map):
        found = _tagged(fields, "host", hosts, problems)
        if len(found) > 1:
            what = f"host: {len(found)} hosts have these tags: {', '.join(map(str, found))}"
            fields.wrong("host", what, "add a tag that only one has, or write hosts: to mean them all", rules.NO_HOST)
        return found
    if isinstance(value, str):
        return _named([(value, fields.place("host"))], hosts, problems)
    move = "write hosts: to mean several" if isinstance(value, Seq) else ""
    fields.wrong("host", f"host: expected a name or {{tags: [...]}}, found {describe(value)}", move)
    return ()


def _named(names: list[Name], hosts: Mapping[str, model.Host], problems: list[Problem]) -> tuple[model.Host, ...]:
    for name, place in names:
        if name not in hosts:
            problems.append(rules.UNKNOWN_HOST.at(place, f"no host {name!r}", suggestion(name, sorted(hosts), "host")))
    return tuple(hosts[name] for name in dict.fromkeys(name for name, _ in names) if name in hosts)


def _tagged(
    fields: Fields, key: str, hosts: Mapping[str, model.Host], problems: list[Problem]
) -> tuple[model.Host, ...]:
    selector = Fields(fields.mapping[key], problems)
    tags = selector.names("tags")
    selector.unknown(key)
    if not tags:
        fields.wrong(key, f"{key}: no tags are given", f"write {key}: {{tags: [NAME]}}", rules.NO_HOST)
        return ()
    wanted = frozenset(tag for tag, _ in tags)
    known = sorted(set().union(*(host.tags for host in hosts.values())))
    for tag, place in tags:
        if tag not in known:
            problems.append(rules.UNKNOWN_TAG.at(place, f"no host has the tag {tag!r}", suggestion(tag, known, "tag")))
    found = tuple(host for host in hosts.values() if wanted <= host.tags)
    if not found and wanted <= set(known):
        what = f"{key}: no host has all of the tags {', '.join(sorted(wanted))}"
        fields.wrong(key, what, "drop one, or tag a host so", rules.UNKNOWN_TAG)
    return found


def _shown(hosts: Mapping[str, model.Host]) -> str:
    return ", ".join([*list(hosts)[:8], *(["..."] if len(hosts) > 8 else [])])


def _health(fields: Fields, default: model.Health, problems: list[Problem]) -> model.Health:
    value = fields.any("health")
    checks: list[model.Check] = []
    if isinstance(value, Seq):
        for i, item in enumerate(value):
            checks.extend(_checks(item, value.item_place(i), problems))
    elif isinstance(value, Map):
        checks.extend(_checks(value, value.place, problems))
    elif value is not None:
        fields.wrong("health", f"health: expected a list of checks, found {describe(value)}", _CHECK_MOVE)
    return model.Health(
        tuple(checks), fields.duration("timeout", default.timeout), fields.duration("settle", default.settle)
    )


_CHECK_MOVE = "write e.g. - http: http://{host}:8080/health"


def _checks(item: object, place: Place, problems: list[Problem]) -> list[model.Check]:
    if not isinstance(item, Map) or len(item) != 1:
        problems.append(rules.WRONG_VALUE.at(place, "a check must be one of http, tcp and command", _CHECK_MOVE))
        return []
    fields = Fields(item, problems)
    found = []
    for kind, (pattern, shape) in SHAPES.items():
        target = fields.text(kind.value, pattern=pattern, shape=shape)
        if target and (kind is model.CheckKind.COMMAND or is_good_address(fields, kind.value, target)):
            found.append(model.Check(kind, target))
    fields.unknown("health")
    return found


def _reaction(fields: Fields) -> tuple[model.Reaction, str]:
    text = fields.text("on_config_change", model.Reaction.RESTART.value)
    word, colon, signal = text.partition(":")
    if word == model.Reaction.SIGNAL.value and SIGNAL.fullmatch(signal):
        return model.Reaction.SIGNAL, signal
    known = [reaction.value for reaction in model.Reaction if reaction is not model.Reaction.SIGNAL]
    if not colon and word in known:
        return model.Reaction(word), ""
    fields.wrong(
        "on_config_change", f"on_config_change: {text!r} is not known", "write restart, recreate, none or signal:HUP"
    )
    return model.Reaction.RESTART, ""
