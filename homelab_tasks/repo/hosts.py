"""`hosts.yaml`: hosts with the defaults applied, groups, and the networks that are made before any service."""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from .. import model
from ..errors import suggestion
from ..problem import Place, Problem
from . import rules
from .document import Map, Seq
from .fields import Fields, Name, describe, each
from .source import EXAMPLE, FILE

HOST = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*")
_ADDRESS = re.compile(r"[A-Za-z0-9:\[][A-Za-z0-9._:%\[\]-]*")
_USER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.@$\\-]*")
NETWORK = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9_.-]*")
GROUP = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_FLAKE = re.compile(r"[^\s#-][^\s#]*(#[A-Za-z0-9._-]+)?|#[A-Za-z0-9._-]+")
CODE = re.compile(r"[A-Z][0-9]{3}")
_WORD = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]*")
_SHAPE = "letters, digits, '.', '_' and '-', a letter or digit first"


class Checkout(Struct, frozen=True):
    """The checkout on this machine, which local paths refer to: the homelab's folder and the top of its Git repo."""

    root: Path
    top: Path


class Inventory(Struct, frozen=True):
    """What `hosts.yaml` says; `health` holds the defaults of every service."""

    hosts: Mapping[str, model.Host] = field(default_factory=dict)
    groups: Mapping[str, model.Group] = field(default_factory=dict)
    networks: Mapping[str, model.Network] = field(default_factory=dict)
    health: model.Health = model.Health()
    on_failure: model.OnFailure = model.OnFailure.REVERT


def read_inventory(content: object, checkout: Checkout, problems: list[Problem]) -> Inventory:
    """The inventory of a parsed `hosts.yaml`; what is wrong with it is added to `problems`."""
    if not isinstance(content, Map):
        problems.append(
            rules.WRONG_VALUE.at(
                Place(FILE), f"expected a mapping with hosts, found {describe(content)}", f"write:\n{EXAMPLE}"
            )
        )
        return Inventory()
    top = Fields(content, problems)
    given = top.mapping_of("defaults", "a mapping of defaults")
    defaults = Defaults.read(Fields(given, problems), checkout) if given is not None else Defaults()
    hosts: dict[str, model.Host] = {}
    declared = top.mapping_of("hosts", "a mapping of hosts")
    each(declared, problems, "host", lambda name, f: _add(hosts, name, read_host(name, f, defaults, checkout)))
    if not content.get("hosts"):
        problems.append(rules.NO_HOST.at(Place(FILE), "no host yet", f"write:\n{EXAMPLE}"))
    groups = _groups(top.mapping_of("groups", "a mapping of groups"), problems)
    networks = _networks(top.any("networks"), top, problems)
    validating = top.mapping_of("validate", "a mapping such as {ignore: [C004]}")
    if validating is not None:
        read_validate(Fields(validating, problems))
    top.unknown(FILE)
    return Inventory(hosts, groups, networks, defaults.health, defaults.on_failure)


class Defaults(Struct, frozen=True):
    """What `defaults` says, for every host and for the health of every service."""

    host: model.Host = model.Host("", "")
    health: model.Health = model.Health()
    on_failure: model.OnFailure = model.OnFailure.REVERT

    @classmethod
    def read(cls, fields: Fields, checkout: Checkout) -> Defaults:
        """Of the fields of `defaults`."""
        host = _common(fields, model.Host("", ""), checkout)
        usual = model.Health()
        health = model.Health((), fields.duration("timeout", usual.timeout), fields.duration("settle", usual.settle))
        on_failure = fields.choice("on_failure", model.OnFailure.REVERT)
        fields.unknown("defaults")
        return cls(host, health, on_failure)


def _add(found: dict[str, model.Host], name: str, host: model.Host) -> None:
    found[name] = host


def _common(fields: Fields, default: model.Host, checkout: Checkout) -> model.Host:
    """The fields that `defaults` and a host share; the paths are still as they are written."""
    return model.Host(
        name=default.name,
        address=default.address,
        user=fields.text("user", default.user, pattern=_USER, shape="a login name"),
        port=fields.integer("port", default.port, lowest=1, highest=65535),
        path=fields.text("path", default.path),
        data=fields.text("data", default.data),
        parallel=fields.integer("parallel", default.parallel, lowest=1, highest=1000),
        system=fields.choice("system", default.system),
        environment=fields.choice("environment", default.environment),
        source=fields.choice("source", default.source),
        identity_file=_here(fields.text("identity_file"), checkout.root) or default.identity_file,
        known_hosts=_here(fields.text("known_hosts"), checkout.root) or default.known_hosts,
        connect_timeout=fields.duration("connect_timeout", default.connect_timeout),
        confirm_timeout=fields.duration("confirm_timeout", default.confirm_timeout),
    )


def read_host(name: str, fields: Fields, defaults: Defaults, checkout: Checkout) -> model.Host:
    """A host of its fields."""
    _check_name(name, HOST, fields, "host")
    common = _common(fields, defaults.host, checkout)
    transport = fields.choice("connection", model.Transport.SSH)
    local = transport is model.Transport.LOCAL
    found = model.Host(
        name=name,
        address=fields.text(
            "address", "localhost" if local else name, pattern=_ADDRESS, shape="a host name or an IP address"
        ),
        user=common.user,
        port=common.port,
        transport=transport,
        # the defaults' path is where *other* machines keep their checkout; this one has it here
        path=_path(
            "path",
            fields,
            common.path if "path" in fields or not local else str(checkout.top),
            checkout if local else None,
        ),
        data=_path("data", fields, common.data, checkout if local else None),
        parallel=common.parallel,
        system=common.system,
        environment=common.environment,
        flake=fields.text(
            "flake", f"nixos#{name}" if common.system is model.System.NIXOS else "", pattern=_FLAKE, shape="FOLDER#NAME"
        ),
        tags=frozenset(tag for tag, _ in fields.names("tags")),
        source=common.source,
        identity_file=common.identity_file,
        known_hosts=common.known_hosts,
        connect_timeout=common.connect_timeout,
        confirm_timeout=common.confirm_timeout,
    )
    fields.unknown(f"host {name!r}")
    return found


def _here(path: str, root: Path) -> str:
    return str(root / os.path.expanduser(path)) if path else ""  # noqa: PTH111 - Path.expanduser raises without a home


def _path(key: str, fields: Fields, path: str, here: Checkout | None) -> str:
    """An absolute path on the host. Only of this machine do we know the home, and what a relative path starts from."""
    if here:
        return os.path.normpath(_here(path, here.root) or here.root)
    if not path.startswith("/") or not path.isprintable():
        fields.wrong(key, f"{key}: {path!r} is not an absolute path", "a path on another machine must start with /")
    return os.path.normpath(path)


def _check_name(name: str, pattern: re.Pattern[str], fields: Fields, kind: str) -> None:
    if not pattern.fullmatch(name):
        fields.wrong("", f"{name!r} is no {kind} name", f"use {_SHAPE}")


def _groups(mapping: Map | None, problems: list[Problem]) -> dict[str, model.Group]:
    found: dict[str, model.Group] = {}
    after: dict[str, list[Name]] = {}

    def read(name: str, fields: Fields) -> None:
        assert mapping is not None  # noqa: S101 - called for its entries only
        after[name] = read_group(name, fields)
        found[name] = model.Group(name, place=mapping.key_place(name))

    each(mapping, problems, "group", read)
    for names in after.values():
        problems.extend(
            rules.UNKNOWN_GROUP.at(place, f"no group {name!r}", suggestion(name, sorted(found), "group"))
            for name, place in names
            if name not in found
        )
    return {
        name: replace(group, after=tuple(dict.fromkeys(other for other, _ in after[name] if other in found)))
        for name, group in found.items()
    }


def read_group(name: str, fields: Fields) -> list[Name]:
    """The groups that a group comes after, of its fields."""
    _check_name(name, GROUP, fields, "group")
    after = fields.names("after")
    fields.text("description")  # for the reader of the file
    fields.unknown(f"group {name!r}")
    return after


def read_validate(fields: Fields) -> None:
    """Check the form of `validate`: nothing but `inv validate` asks what it says."""
    for code, place in fields.names("ignore"):
        if not CODE.fullmatch(code):
            fields.wrong_at(place, f"ignore: {code!r} is no code of a rule", "write e.g. C004")
    fields.unknown("validate")


def _networks(value: object, top: Fields, problems: list[Problem]) -> dict[str, model.Network]:
    if isinstance(value, Seq):
        found = {name: model.Network(name) for name, _ in top.names("networks")}
    else:
        found = {}
        each(
            top.mapping_of("networks", "a list of names, or a mapping"),
            problems,
            "network",
            lambda name, fields: found.__setitem__(name, read_network(name, fields)),
        )
    for name in found:
        _check_name(name, NETWORK, top, "network")
    return found


def read_network(name: str, fields: Fields) -> model.Network:
    """A network of its fields."""
    options = fields.mapping_of("options", "a mapping of driver options")
    subnet = fields.text("subnet")
    if subnet and not _is_subnet(subnet):
        fields.wrong("subnet", f"subnet: {subnet!r} is not a subnet", "write it as 172.30.0.0/16")
    found = model.Network(
        name,
        fields.text("driver", "bridge", pattern=_WORD, shape=_SHAPE),
        internal=fields.flag("internal"),
        subnet=subnet,
        options={key: text for key in options if (text := options.text(key)) is not None} if options else {},
    )
    fields.unknown(f"network {name!r}")
    return found


def _is_subnet(text: str) -> bool:
    import ipaddress

    try:
        ipaddress.ip_network(text)
    except ValueError:
        return False
    return "/" in text
