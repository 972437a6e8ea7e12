"""Faults of compose files: all of them, each with its place and the next move, without Compose."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from homelab_tasks.problem import Problem
from homelab_tasks.repo.loader import examine
from homelab_tasks.validate import compose, composed
from homelab_tasks.validate.compose_view import views
from homelab_tasks.validate.facts import Facts
from tests.unit.builders import Files
from tests.unit.compose_faults import FAULTS, TAKEN

FILE = "services/x/compose.yml"


def facts(text: str, **more: str) -> Facts:
    return Facts(examine(Files({"hosts.yaml": "hosts: {nas: {}}", FILE: text, **more})))


def refused(found: Facts) -> Iterator[Problem]:
    """What the loader and the files alone say, each place once."""
    said = {problem.place for problem in found.examined.problems}
    yield from found.examined.problems
    for view in views(found):
        yield from (p for p in dict.fromkeys(composed.refused(view)) if p.place not in said)


def short(problems: Iterator[Problem]) -> list[str]:
    return [f"{p.rule} {str(p).removeprefix(f'{FILE}:')}" for p in problems]


@pytest.mark.parametrize(("text", "said"), FAULTS)
def test_what_compose_refuses_is_said_with_place_and_move(text: str, said: list[str]) -> None:
    assert short(refused(facts(text))) == said


@pytest.mark.parametrize("text", TAKEN)
def test_what_compose_takes_is_no_fault(text: str) -> None:
    assert short(refused(facts(text))) == []


def web(rest: str, more: str = "") -> str:
    return f"services: {{web: {{image: 'web:1', restart: always, {rest}}}}}{more}"


HABITS = [
    ("services: {web: {image: web, restart: always}}", ["C004 1:25: service 'web': image web has no tag, so each pull may be another version; add one"]),
    ("services: {web: {image: 'r.lan:5000/web', restart: always}}", ["C004 1:25: service 'web': image r.lan:5000/web has no tag, so each pull may be another version; add one"]),
    ("services: {web: {image: 'web:latest', restart: always}}", ["C005 1:25: service 'web': latest is another version at each pull; name the version that you run"]),
    ("services: {web: {image: 'web:${TAG:-latest}', restart: always}}", ["C005 1:25: service 'web': latest is another version at each pull; name the version that you run"]),
    ("services: {web: {image: '${IMAGE:-web}:${TAG}', restart: always}}", []),
    ("services: {web: {image: '${IMAGE}', restart: always}}", []),
    ("services: {web: {image: 'web@sha256:0123456789abcdef0123456789abcdef', restart: always}}", []),
    ("services: {web: {image: 'web@1.7.0', restart: always}}", ["C008 1:25: service 'web': '1.7.0' is no digest; write :TAG for a tag, @sha256:... for a digest"]),
    ("services: {web: {image: 'My/Web:1', restart: always}}", ["C008 1:25: service 'web': 'My/Web:1' is no image name; write it in small letters, as [REGISTRY/]NAME:TAG"]),
    ("services: {web: {image: 'GHCR.io/my/web:1', restart: always}}", []),
    ("services: {web: {build: /src, image: web, restart: always}}", []),
    (web("container_name: my web"), ["C010 1:67: 'my web' is no name for a container; use letters, digits, '.', '_' and '-', a letter or digit first"]),
    (web("volumes: ['./a:b']"), ["C011 1:61: service 'web': 'b' is no absolute path in the container; write /b"]),
    (web("volumes: ['${A:-/a}:/b', '${A:-${B:-/a}}:${C:-/c}:ro']"), []),
    (web("volumes: ['${SOCKET:-/run/docker.sock}:/run/docker.sock']"), ["C026 1:61: service 'web' has Docker's socket, read-only or not: it may start anything on the host; put a socket proxy between, if it only has to look"]),
    (web("volumes: ['C:\\\\a:/b', '${A}:${B}', '/a']"), []),
    ("services: {web: {image: 'web:1'}}", ['C020 1:12: service \'web\' has no restart policy, so it stays down after a crash or a reboot; add restart: unless-stopped, or restart: "no" where that is meant']),
    ("services: {web: {image: 'web:1', restart: 'no'}}", []),
    ("services: {web: {image: 'web:1', profiles: [tools]}}", []),
    ("services: {web: {image: 'web:1', deploy: {restart_policy: {condition: any}}}}", []),
    ("services: {web: {image: 'web:1', restart: always, depends_on: {init: {condition: service_completed_successfully}}}, init: {image: 'i:1'}}", []),
    ("services: {web: {image: 'web:1', restart: unless_stopped}}", ["C021 1:43: service 'web': no restart policy 'unless_stopped'; write unless-stopped, always, on-failure[:TIMES] or no"]),
    ("services: {web: {image: 'web:1', restart: on-failure:3}}", []),
    ("version: '3'\n" + web("tty: true"), ["C022 1:1: version: is left over from older Compose, which warns about it at every call; remove the line"]),
    (web("network_mode: 'container:vpn', ports: ['80:80']"), ["C023 1:89: service 'web' is in the network of vpn, and Docker then refuses ports; move ports to vpn"]),
    (web("network_mode: host, ports: ['80:80']"), ["C024 1:78: service 'web' is in the host's network: its ports are open without being published; remove ports, or network_mode"]),
    (web("privileged: true"), ["C025 1:63: service 'web' is privileged: whoever breaks into it owns the host; name the cap_add and devices that it needs"]),
    (web("volumes: ['/run/docker.sock:/run/docker.sock:ro']"), ["C026 1:61: service 'web' has Docker's socket, read-only or not: it may start anything on the host; put a socket proxy between, if it only has to look"]),
    (web("tty: true", "\nvolumes: {data: }"), ["C027 2:11: volume 'data' is used by no container; remove it"]),
    (web("networks: [lan]", "\nnetworks: {lan: }"), []),
    (web("hostname: <host>"), ["C030 1:61: a placeholder is left under hostname; put in what is meant, or a variable of the .env"]),
    (web("environment: {PASS: changeme}"), ["C030 1:71: a placeholder is left under PASS; put in what is meant, or a variable of the .env"]),
    (web("environment: [TOKEN=your_token_here]"), ["C030 1:65: a placeholder is left under environment; put in what is meant, or a variable of the .env"]),
    (web("hostname: your_spotify, environment: {OWNER: yourself, A: exchange_media}"), []),
    (web("command: 'echo <b>your_name</b>', environment: {A: 'a < b > c', B: exchange-messages}"), []),
    (web("volumes: ['./a.conf:/etc/a.conf']"), ["C031 1:61: ./a.conf is mounted and not there: Docker would make an empty folder in its place; add services/x/a.conf to the repo, or mount its folder"]),
    (web("volumes: ['./data:/data', './app.db:/app.db', './conf.d:/etc/conf.d', '/etc/a.conf:/etc/a.conf']"), []),
    (web("secrets: [key]", "\nsecrets: {key: {file: key.txt}}"), ["C031 2:23: the file of secret 'key' is not there, and Git does not ignore it; add services/x/key.txt to .gitignore, and put it on the host"]),
    (web("configs: [app]", "\nconfigs: {app: {file: ./app.conf}}"), ["C031 2:23: the file of config 'app' is not there, and Git does not ignore it; add services/x/app.conf to the repo"]),
    (web("secrets: [key]", "\nsecrets: {key: {file: /run/secrets/key}}"), []),
    (web("secrets: [key]", "\nsecrets: {key: {environment: KEY}}"), []),
    ("services: {web: {build: ./app, restart: always}}", ["C032 1:25: service 'web' is built from ./app, which is not there; add services/x/app"]),
    ("services: {web: {build: app, restart: always}}", ["C032 1:25: service 'web' is built from app, which is not there; add services/x/app"]),
    ("services: {web: {build: ., restart: always}}", ["C032 1:25: service 'web' is built by Dockerfile, which is not there; add services/x/Dockerfile"]),
    ("services: {web: {build: {context: ., dockerfile: a.Dockerfile}, restart: always}}", ["C032 1:50: service 'web' is built by a.Dockerfile, which is not there; add services/x/a.Dockerfile"]),
    ("services: {web: {build: {context: ., dockerfile_inline: FROM a}, restart: always}}", []),
    ("services: {web: {build: {context: ., dockerfile: '${FILE:-x}'}, restart: always}}", []),
    ("services: {web: {build: 'https://example.org/app.git', restart: always}}", []),
    ("services: {web: {build: 'git@example.org:app.git', restart: always}}", []),
    (web("label_file: a.labels"), ["C032 1:63: service 'web': label_file a.labels is not there; add services/x/a.labels"]),
]  # fmt: skip


@pytest.mark.parametrize(("text", "said"), HABITS)
def test_what_a_homelab_regrets_is_said(text: str, said: list[str]) -> None:
    assert short(compose.check(facts(text))) == said


WAITS = [
    ("db: {image: 'db:1', restart: always}", "{db: {condition: service_healthy}}", ["C014"]),
    ("db: {image: 'db:1', restart: always, healthcheck: {disable: true}}", "{db: {condition: service_healthy}}", ["C013"]),
    ("db: {image: 'db:1', restart: always, healthcheck: {test: [NONE]}}", "{db: {condition: service_healthy}}", ["C013"]),
    ("db: {image: 'db:1', restart: always, healthcheck: {test: a}}", "{db: {condition: service_healthy}}", []),
    ("db: {image: 'db:1', restart: always, healthcheck: {test: a}}", "[db]", ["C016"]),
    ("db: {image: 'db:1', restart: always}", "[db]", []),
]  # fmt: skip


@pytest.mark.parametrize(("database", "wait", "codes"), WAITS)
def test_a_wait_for_health_needs_a_health_check(database: str, wait: str, codes: list[str]) -> None:
    text = f"services: {{web: {{image: 'w:1', restart: always, depends_on: {wait}}}, {database}}}"
    assert [problem.rule for problem in compose.check(facts(text))] == codes


def needed(database: str, **more: str) -> list[str]:
    files = {
        "services/db/compose.yml": f"services: {{db: {{image: 'db:1', restart: always{database}}}}}",
        "services/x/service.yaml": "depends_on: [db]",
        **more,
    }
    return [str(p) for p in compose.check(facts(web("tty: true"), **files)) if p.rule == "C015"]


def test_a_service_that_others_need_says_when_it_is_up() -> None:
    move = "add healthcheck: to the container, or health: to service.yaml"
    assert needed("") == [f"services/db/compose.yml:1:12: x needs db, and nothing says when it is up; {move}"]
    assert needed(", healthcheck: {test: a}") == []
    assert needed("", **{"services/db/service.yaml": "health: [{tcp: 'localhost:5432'}]"}) == []


def test_the_override_file_and_what_is_extended_count() -> None:
    override = {"services/x/compose.override.yml": "services: {web: {restart: always}}"}
    common = {"services/x/common.yml": "services: {base: {image: 'b:1', restart: always}}"}
    extending = "services: {web: {extends: {file: common.yml, service: base}}}"
    assert short(compose.check(facts("services: {web: {image: 'w:1'}}", **override))) == []
    assert short(compose.check(facts(extending, **common))) == []
    assert short(refused(facts(extending, **common))) == []


def test_a_reset_takes_away_what_the_base_says() -> None:
    base = "services: {web: {image: 'w:1', restart: always, networks: [lan], network_mode: host}}\nnetworks: {lan: }"
    override = {"services/x/compose.override.yml": "services: {web: {networks: !reset []}}"}
    assert [p.rule for p in refused(facts(base))] == ["C006"]
    assert short(refused(facts(base, **override))) == []


def test_a_service_of_another_stack_is_pointed_to_service_yaml() -> None:
    other = {"services/db/compose.yml": "services: {db: {image: 'db:1'}}"}
    what = "depends_on of service 'web': no service 'db' in this stack"
    move = "db is another stack: write depends_on: [db] in service.yaml"
    assert short(refused(facts(web("depends_on: [db]"), **other))) == [f"C002 1:64: {what}; {move}"]


def test_nothing_is_said_of_references_that_lead_out_of_the_homelab() -> None:
    text = "include: [../../../shared/compose.yml]\nservices: {web: {image: 'w:1', networks: [shared]}}"
    assert short(refused(facts(text))) == []


_SCALARS = st.one_of(st.none(), st.booleans(), st.integers(), st.text("a1:/$-. ", max_size=6))
_KEYS = st.sampled_from(["web", "image", "ports", "services", "networks", "healthcheck", "test", "depends_on", "x-a"])
_VALUES = st.recursive(
    _SCALARS, lambda v: st.lists(v, max_size=3) | st.dictionaries(_KEYS, v, max_size=4), max_leaves=20
)


@settings(max_examples=150, deadline=None)
@given(st.dictionaries(_KEYS, _VALUES, max_size=4))
def test_whatever_a_file_holds_each_problem_has_its_place(content: dict[str, object]) -> None:
    found = facts(json.dumps({"services": {"web": content}, **content}))
    problems = [*refused(found), *compose.check(found)]
    assert all(problem.place.file == FILE for problem in problems)
    assert all(problem.place.line == 1 for problem in problems if problem.rule[0] == "C")
