"""The JSON schemas for editors: they are those of the loader, and judge as it does."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from jsonschema import Draft7Validator

from homelab_tasks.model import Health, Host
from homelab_tasks.problem import Problem
from homelab_tasks.repo.document import document
from homelab_tasks.repo.hosts import Checkout, read_inventory
from homelab_tasks.repo.schema import hosts_schema, service_schema
from homelab_tasks.repo.settings import read_settings
from scripts.schemas import schemas

from .test_docs import Asked, asked_by_hosts_yaml

TOP = Path(__file__).resolve().parents[2]
HOSTS = {"nas": Host("nas", "nas.lan", tags=frozenset({"lan"}))}
HOSTS_SCHEMA, SERVICE_SCHEMA = Draft7Validator(hosts_schema()), Draft7Validator(service_schema())


@pytest.mark.parametrize("path", schemas())
def test_the_schemas_are_current(path: str) -> None:
    assert (TOP / path).read_text() == schemas()[path], "python -m scripts.schemas"


@pytest.mark.parametrize("schema", [hosts_schema(), service_schema()])
def test_the_schemas_are_schemas(schema: dict[str, Any]) -> None:
    Draft7Validator.check_schema(schema)


@pytest.mark.parametrize("file", [TOP / "hosts.yaml", TOP / "examples/demo/hosts.yaml"])
def test_the_inventories_of_this_repo_are_right_by_the_schema(file: Path) -> None:
    assert list(HOSTS_SCHEMA.iter_errors(document(str(file), file.read_bytes()))) == []


@pytest.mark.parametrize("file", sorted(TOP.glob("**/services/**/service.yaml")))
def test_the_services_of_this_repo_are_right_by_the_schema(file: Path) -> None:
    assert list(SERVICE_SCHEMA.iter_errors(document(str(file), file.read_bytes()))) == []


def test_the_keys_of_the_schemas_are_those_that_the_loader_asks_for() -> None:
    hosts, service = (schema["properties"] for schema in (hosts_schema(), service_schema()))
    asked = asked_by_hosts_yaml()
    common = asked["In `defaults` and in a host"]
    assert set(hosts) == asked["Top level"]
    assert set(hosts["defaults"]["properties"]) == common | asked["In `defaults` only"]
    assert set(hosts["hosts"]["additionalProperties"]["properties"]) == common | asked["In a host only"]
    assert set(hosts["groups"]["additionalProperties"]["properties"]) == asked["In a group"]
    assert set(hosts["networks"]["anyOf"][1]["additionalProperties"]["properties"]) == asked["In a network"]
    settings = Asked()
    read_settings(settings, "services/plex", HOSTS, Health(), [])
    assert set(service) == set(settings.keys_asked)


# One verdict

RIGHT_HOST = [
    "",
    "{}",
    "{user: admin, port: 22, path: /srv, data: /data, parallel: 1, system: nixos, source: origin}",
    "{address: '10.0.0.5', connection: ssh, flake: 'nixos#nas', tags: [disk, lan], identity_file: ~/.ssh/id}",
    "{connection: local, path: here}",
    "{connect_timeout: 1m30s, known_hosts: keys, x-mine: [1, 2]}",
    "{connect_timeout: 0.5, tags: lan, port: null, system: , user: }",
    "{connect_timeout: '90'}",
]
WRONG_HOST = [
    "nas.lan",
    "[a]",
    "{adress: nas.lan}",
    "{address: -oProxy}",
    "{address: 7}",
    "{user: a b}",
    "{port: 0}",
    "{port: 65536}",
    "{port: '22'}",
    "{port: true}",
    "{parallel: 1001}",
    "{system: nix}",
    "{system: [none]}",
    "{source: true}",
    "{connection: SSH}",
    "{flake: a b}",
    "{tags: 1}",
    "{tags: [1]}",
    "{tags: [a, '']}",
    "{tags: {a: b}}",
    "{connect_timeout: soon}",
    "{connect_timeout: -1}",
    "{connect_timeout: true}",
    "{connect_timeout: 1x}",
    "{path: [a]}",
    "{timeout: 1}",
]


@pytest.mark.parametrize(
    ("text", "right"), [*((text, True) for text in RIGHT_HOST), *((text, False) for text in WRONG_HOST)]
)
def test_schema_and_loader_agree_about_a_host(text: str, *, right: bool) -> None:
    assert hosts_verdicts(f"hosts: {{nas: {text}}}") == (right, right)


@pytest.mark.parametrize(
    ("text", "right"),
    [
        ("hosts: {nas: }", True),
        ("hosts: {nas: }\nx-mine: 1", True),
        ("hosts: {nas: }\ndefaults: {timeout: 5m, settle: 0, user: me}", True),
        ("hosts: {nas: }\ngroups: {a: , b: {after: [a], description: x}, c: {after: a}}", True),
        ("hosts: {nas: }\nnetworks: [media, cameras]", True),
        ("hosts: {nas: }\nnetworks: {media: , b: {driver: macvlan, internal: yes, subnet: 10.0.0.0/8}}", True),
        ("hosts: {nas: }\nnetworks: {media: {options: {a: 1, b: text, c: true}}}", True),
        ("hosts: {nas: }\nvalidate: {ignore: [C004, E001], x-why: because}", True),
        ("hosts: {nas: }\nvalidate: {ignore: C004}", True),
        ("hosts: {nas: }\nvalidate: {ignore: [C4]}", False),
        ("hosts: {nas: }\nvalidate: [C004]", False),
        ("", False),
        ("[]", False),
        ("hosts:", False),
        ("hosts: {}", False),
        ("hosts: [nas]", False),
        ("hosts: {n s: }", False),
        ("hosts: {nas: }\nhost: 1", False),
        ("hosts: {nas: }\ndefaults: []", False),
        ("hosts: {nas: }\ndefaults: {address: x}", False),
        ("hosts: {nas: }\ngroups: [media]", False),
        ("hosts: {nas: }\ngroups: {-a: }", False),
        ("hosts: {nas: }\ngroups: {a: {after: 1}}", False),
        ("hosts: {nas: }\nnetworks: 3", False),
        ("hosts: {nas: }\nnetworks: ['a b']", False),
        ("hosts: {nas: }\nnetworks: {media: {internal: maybe}}", False),
        ("hosts: {nas: }\nnetworks: {media: {driver: a b}}", False),
        ("hosts: {nas: }\nnetworks: {media: {options: 1}}", False),
    ],
)
def test_schema_and_loader_agree_about_hosts_yaml(text: str, *, right: bool) -> None:
    assert hosts_verdicts(text) == (right, right)


RIGHT_SERVICE = [
    "",
    "{}",
    "{description: x, host: nas, groups: [media], depends_on: [vpn], protect: true, timeout: 5m, settle: 1}",
    "{host: {tags: [lan]}}",
    "{host: {tags: lan, x-why: y}}",
    "{hosts: all}",
    "{hosts: [nas]}",
    "{hosts: {tags: lan}}",
    "{group: media, groups: , x-mine: {}}",
    "{depends_on: vpn, protect: 'Yes'}",
    "{health: [{http: 'http://{host}:80/x'}, {tcp: '{host}:5432'}, {command: test -e x}]}",
    "{health: {http: https://nas.lan/}}",
    "{health: []}",
    "{on_config_change: recreate}",
    "{on_config_change: signal:HUP}",
    "{on_config_change: signal:9}",
    "{page: 8112}",
    "{page: false}",
    "{page: }",
    "{page: 'http://{host}:32400/web'}",
    "{page: 'https://plex.{{HOMEPAGE_VAR_DOMAIN}}'}",
]
WRONG_SERVICE = [
    "text",
    "[a]",
    "{hosst: nas}",
    "{host: ''}",
    "{host: [nas]}",
    "{host: {}}",
    "{host: {tags: []}}",
    "{host: {tags: }}",
    "{host: {tag: lan}}",
    "{hosts: 3}",
    "{hosts: []}",
    "{hosts: [1]}",
    "{description: 3}",
    "{protect: maybe}",
    "{protect: 1}",
    "{timeout: 1x}",
    "{timeout: [1]}",
    "{health: up}",
    "{health: [up]}",
    "{health: [{}]}",
    "{health: [{http: 'http://a/', tcp: 'a:1'}]}",
    "{health: [{ping: x}]}",
    "{health: [{http: 'ftp://a/'}]}",
    "{health: [{tcp: '5432'}]}",
    "{health: [{command: ' '}]}",
    "{on_config_change: reload}",
    "{on_config_change: signal}",
    "{on_config_change: signal:hup}",
    "{on_config_change: false}",
    "{page: 0}",
    "{page: 65536}",
    "{page: 80.5}",
    "{page: true}",
    "{page: '8112'}",
    "{page: no}",
    "{page: /web}",
    "{page: [8112]}",
    "{depends_on: {vpn: x}}",
    "{groups: [media, [b]]}",
]


@pytest.mark.parametrize(
    ("text", "right"), [*((text, True) for text in RIGHT_SERVICE), *((text, False) for text in WRONG_SERVICE)]
)
def test_schema_and_loader_agree_about_service_yaml(text: str, *, right: bool) -> None:
    assert service_verdicts(text) == (right, right)


@pytest.mark.parametrize(
    "text",
    [
        "{host: nsa}",
        "{host: {tags: [dsk]}}",
        "{host: nas, hosts: all}",
        "{health: {tcp: 'a:99999'}}",
        "{page: 'http://{host}:99999/'}",
        "{page: 'http://{hots}:80/'}",
    ],
)
def test_what_needs_a_second_look_only_the_loader_tells(text: str) -> None:
    assert service_verdicts(text) == (True, False)


SCALARS = st.sampled_from(["1", "0", "-1", "1.5", "true", "no", "~", "''", "a", "a b", "5m", "9s9", "'10'", "[]", "{}"])
KEYS = st.sampled_from(sorted({*service_schema()["properties"], "x-a", "bogus"} - {"host", "hosts"}))


@example({"depends_on": "''"})
@given(st.dictionaries(KEYS, SCALARS | st.lists(SCALARS, max_size=2).map(lambda each: f"[{', '.join(each)}]")))
def test_schema_and_loader_agree_about_what_nobody_thought_of(keys: dict[str, str]) -> None:
    by_schema, by_loader = service_verdicts("{" + ", ".join(f"{key}: {value}" for key, value in keys.items()) + "}")
    assert by_schema == by_loader


def hosts_verdicts(text: str) -> tuple[bool, bool]:
    """What the schema says, and what the loader says."""
    content, problems = document("hosts.yaml", text.encode()), list[Problem]()
    read_inventory(content, Checkout(TOP, TOP), problems)
    return HOSTS_SCHEMA.is_valid(content), not problems


def service_verdicts(text: str) -> tuple[bool, bool]:
    content, problems = document("service.yaml", text.encode()), list[Problem]()
    read_settings(content, "services/plex", HOSTS, Health(), problems)
    return SERVICE_SCHEMA.is_valid(content), not problems
