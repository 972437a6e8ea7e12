"""Whatever is done to a homelab's files, validate says what is wrong: no rule ends with a traceback or hangs."""
# ruff: noqa: E501 - a file is one text

from __future__ import annotations

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homelab_tasks.repo.loader import examine
from homelab_tasks.validate import catalog
from homelab_tasks.validate.facts import Facts
from tests.unit.builders import Files

FILES: dict[str, str] = {
    "hosts.yaml": "defaults: {user: admin}\nhosts: {nas: {tags: [a], system: nixos}, here: {connection: local}}\n"
    "groups: {g: {after: [h]}, h: {}}\nnetworks: {lan: {subnet: 10.1.0.0/16}}\nvalidate: {ignore: [R050]}\n",
    "services/a/compose.yml": "name: a\nservices:\n  web: &w\n    image: x:${TAG:-1}\n    network_mode: container:b\n"
    "    ports: ['80:80', {target: 1, published: '2-3'}, '${P}:1/udp']\n    volumes: ['./x:/x', v:/v, {type: bind, source: ., target: /y}]\n"
    "    depends_on: {two: {condition: service_healthy}}\n    healthcheck: {test: [CMD, a], interval: 1m}\n"
    "    environment: [A, B=$V, 'C=${D:?no}']\n    secrets: [s]\n    deploy: {resources: {limits: {cpus: '1'}}}\n"
    "  two: {<<: *w, extends: {service: web}, env_file: [{path: ../b/.env}], command: !reset null}\n"
    "volumes: {v: {external: true, name: $V}}\ninclude: [../b/compose.yml]\nsecrets: {s: {environment: S}}\n",
    "services/a/service.yaml": "host: {tags: [a]}\ndepends_on: [b]\ngroups: [g]\nhealth: [{tcp: '{host}:1'}]\ntimeout: 1m",
    "services/a/.env.example": "# about\nV=vol\nTAG='x'\nexport D=\"a b\" # c\nE=$V${W:-1}\nF\nG: 1\nPASSWORD=changeme\n",
    "services/a/.env": "V=vol\nTAG=1\nD=pa$word\n",
    "services/b/compose.yml": "version: '3'\nservices: {b: {container_name: b, build: {context: .}, privileged: true}}\n"
    "networks: {default: {external: {name: n}}}\nx-a: &x {b: 1}\nvolumes: {<<: *x}\n",
    "services/b/service.yaml": "hosts: all\ngroup: h",
}  # fmt: skip
PARTS = [
    *"{}[]:-&*\n\t\r #$!'\"<>|?\\=",
    *("null", "services:", "<<: *w", "extends: a", "external: true", "${A:-${B}}", "!reset", "!override ", "\x00"),
    *("é", "\ufeff", "- ", "1e9", "0x1F", "~", "true", "\u2028", "80:", "include: [x]", "${", "$$", "[]", "{}", "99999999999"),
]  # fmt: skip


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=150)
@given(
    st.sampled_from(sorted(FILES)),
    st.integers(0, 900),
    st.integers(0, 40),
    st.lists(st.sampled_from(PARTS), max_size=6).map("".join) | st.text(max_size=8),
)
def test_no_damage_gives_anything_but_problems_with_a_code(file: str, start: int, length: int, put: str) -> None:
    text = FILES[file]
    start %= len(text) + 1
    damaged = (text[:start] + put + text[start + length :]).encode("utf-8", "surrogatepass")
    facts = Facts(examine(Files({**FILES, file: damaged}, commit="")), quick=True)
    known = {rule.code for rule in catalog.rules(remote=False)}
    assert {problem.rule for problem in catalog.found(facts, deep=False)} <= known


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None, max_examples=50)
@given(st.sampled_from(sorted(FILES)), st.binary(max_size=200))
def test_a_file_may_hold_anything(file: str, content: bytes) -> None:
    facts = Facts(examine(Files({**FILES, file: content}, commit="")), quick=True)
    for problem in catalog.found(facts, deep=False):
        assert problem.what
