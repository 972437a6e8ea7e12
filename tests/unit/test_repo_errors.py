"""Everything that can be wrong with a homelab's files, with the sentence that the user reads."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from homelab_tasks.errors import RepoInvalid
from homelab_tasks.repo import load
from tests.unit.builders import Files

NAS = "hosts: {nas: {}}\n"
TWO = "hosts: {nas: {tags: [disk, lan]}, hl15: {tags: [lan, gpu]}}\n"
WEB = "services: {web: {image: web}}\n"
C = "services/plex/compose.yml"
S = "services/plex/service.yaml"


def problems(files: dict[str, str | bytes]) -> list[str]:
    with pytest.raises(RepoInvalid) as caught:
        load(Files(files))
    return [str(problem) for problem in caught.value.problems]


EXAMPLE = "write:\nhosts:\n  nas:\n    address: 10.0.0.5\n    user: admin"
HOSTS = [
    ("", f"hosts.yaml: expected a mapping with hosts, found nothing; {EXAMPLE}"),
    ("- nas", f"hosts.yaml: expected a mapping with hosts, found a list; {EXAMPLE}"),
    ("hosts: {}", f"hosts.yaml: no host yet; {EXAMPLE}"),
    ("hosts: nas", "hosts.yaml:1:8: hosts: expected a mapping of hosts, found the text 'nas'"),
    ("hosts:\n  nas: 10.0.0.5", "hosts.yaml:2:8: host 'nas': expected a mapping, found the text '10.0.0.5'; write nas: {}"),
    ("hosts: {nas: {adress: x}}", "hosts.yaml:1:15: unknown key 'adress' in host 'nas'; did you mean 'address'?"),
    ("hosts: {nas: }\nhostz: 1", "hosts.yaml:2:1: unknown key 'hostz' in hosts.yaml; did you mean 'hosts'?"),
    ("hosts: {n s: {}}", "hosts.yaml:1:14: 'n s' is no host name; use letters, digits, '.', '_' and '-', a letter or digit first"),
    ("hosts: {nas: {address: -oProxy}}", "hosts.yaml:1:24: address: '-oProxy' is not allowed; it must be a host name or an IP address"),
    ("hosts: {nas: {user: 7}}", "hosts.yaml:1:21: user: expected text, found the number 7; put it in quotes"),
    ("hosts: {nas: {user: 'a b'}}", "hosts.yaml:1:21: user: 'a b' is not allowed; it must be a login name"),
    ("hosts: {nas: {port: '22'}}", "hosts.yaml:1:21: port: expected a whole number from 1 to 65535, found the text '22'"),
    ("hosts: {nas: {port: true}}", "hosts.yaml:1:21: port: expected a whole number from 1 to 65535, found true"),
    ("hosts: {nas: {system: nix}}", "hosts.yaml:1:23: system: expected none or nixos, found the text 'nix'"),
    ("hosts: {nas: {connection: [ssh]}}", "hosts.yaml:1:27: connection: expected ssh or local, found a list"),
    ("hosts: {nas: {path: lab}}", "hosts.yaml:1:21: path: 'lab' is not an absolute path; a path on another machine must start with /"),
    ("hosts: {nas: {path: ~/lab}}", "hosts.yaml:1:21: path: '~/lab' is not an absolute path; a path on another machine must start with /"),
    ("hosts: {nas: {tags: [1]}}", "hosts.yaml:1:22: tags: expected a name, found the number 1; put it in quotes"),
    ("hosts: {nas: {connect_timeout: soon}}", "hosts.yaml:1:32: connect_timeout: expected seconds or a duration such as 1m30s, found the text 'soon'"),
    (f"{NAS}groups: {{media: {{after: [infar]}}, infra: {{}}}}", "hosts.yaml:2:26: no group 'infar'; did you mean 'infra'?"),
    (f"{NAS}groups: {{a: {{after: [b]}}, b: {{after: [a]}}}}", "hosts.yaml:2:10: group cycle: a -> b -> a; remove one of the after:"),
    (f"{NAS}networks: 3", "hosts.yaml:2:11: networks: expected a list of names, or a mapping, found the number 3"),
    (f"{NAS}networks: {{lan: {{subnet: 10.0.0.0/99}}}}", "hosts.yaml:2:26: subnet: '10.0.0.0/99' is not a subnet; write it as 172.30.0.0/16"),
    (f"{NAS}defaults: {{paralel: 2}}", "hosts.yaml:2:12: unknown key 'paralel' in defaults; did you mean 'parallel'?"),
    (f"{NAS}---\na: 1", "hosts.yaml: holds 2 documents; keep one; remove the `---` between them"),
    ("hosts: {nas: {}}\nhosts: {}", "hosts.yaml:2:1: key 'hosts' is given twice, first in line 1; keep one of them"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), HOSTS)
def test_hosts_yaml_says_what_is_wrong_with_it(text: str, problem: str) -> None:
    assert problems({"hosts.yaml": text, C: WEB}) == [problem]


SERVICE = [
    ("- a", f"{S}: expected a mapping, found a list; remove or fix it"),
    ("host: nas\n\tgroup: x", f"{S}:2:1: a tab where YAML wants spaces; indent with spaces"),
    ("host: nsa", f"{S}:1:7: no host 'nsa'; did you mean 'nas'?"),
    ("host: [nas]", f"{S}:1:7: host: expected a name or {{tags: [...]}}, found a list; write hosts: to mean several"),
    ("host: {tags: [lan]}", f"{S}:1:7: host: 2 hosts have these tags: nas, hl15; add a tag that only one has, or write hosts: to mean them all"),
    ("host: {tags: [disk, gpu]}", f"{S}:1:7: host: no host has all of the tags disk, gpu; drop one, or tag a host so"),
    ("host: {tags: [dsk]}", f"{S}:1:15: no host has the tag 'dsk'; did you mean 'disk'?"),
    ("host: {}", f"{S}:1:7: host: no tags are given; write host: {{tags: [NAME]}}"),
    ("host: nas\nhosts: all", f"{S}:2:8: both host and hosts are given; keep one of them"),
    ("hosts: []", f"{S}:1:8: hosts: names no host; list names, or write hosts: all"),
    ("description: x", f"{S}: no host is named, and there are 2: nas, hl15; write e.g. host: nas in its service.yaml"),
    ("host: nas\ngroup: media", f"{S}:2:8: no group 'media'; there is no group yet (groups are listed in hosts.yaml)"),
    ("host: nas\ndepends_on: [plx]", f"{S}:2:14: no service 'plx'; did you mean 'plex'?"),
    ("host: nas\ndepends_on: plex", f"{S}:2:13: plex depends on itself; remove it from depends_on"),
    ("host: nas\nprotect: maybe", f"{S}:2:10: protect: expected true or false, found the text 'maybe'"),
    ("host: nas\ntimeout: 1x", f"{S}:2:10: timeout: expected seconds or a duration such as 1m30s, found the text '1x'"),
    ("host: nas\nhealth: up", f"{S}:2:9: health: expected a list of checks, found the text 'up'; write e.g. - http: http://{{host}}:8080/health"),
    ("host: nas\nhealth: [{http: x, tcp: y}]", f"{S}:2:10: a check must be one of http, tcp and command; write e.g. - http: http://{{host}}:8080/health"),
    ("host: nas\nhealth: [{http: plex}]", f"{S}:2:17: http: 'plex' is not allowed; it must be a URL such as http://{{host}}:8080/health"),
    ("host: nas\nhealth: [{tcp: '80'}]", f"{S}:2:16: tcp: '80' is not allowed; it must be ADDRESS:PORT such as {{host}}:5432"),
    ("host: nas\nhealth: [{http: 'http://{host}:99999/'}]", f"{S}:2:17: http: 'http://{{host}}:99999/' has no address with a port that can be; a port is a number from 1 to 65535"),
    ("host: nas\nhealth: [{http: 'http://x:web/'}]", f"{S}:2:17: http: 'http://x:web/' has no address with a port that can be; a port is a number from 1 to 65535"),
    ("host: nas\nhealth: [{tcp: '{host}:99999'}]", f"{S}:2:16: tcp: '{{host}}:99999' has no address with a port that can be; a port is a number from 1 to 65535"),
    ("host: nas\nhealth: [{tcp: '[::1]:0'}]", f"{S}:2:16: tcp: '[::1]:0' has no address with a port that can be; a port is a number from 1 to 65535"),
    ("host: nas\nhealth: [{http: 'http://{hots}:80/'}]", f"{S}:2:17: http: no placeholder '{{hots}}'; did you mean '{{host}}'?"),
    ("host: nas\npage: http://{nohost}:1", f"{S}:2:7: page: no placeholder '{{nohost}}'; did you mean '{{host}}'?"),
    ("host: nas\npage: http://{{host}}:1", f"{S}:2:7: page: no placeholder '{{{{host}}}}'; did you mean '{{host}}'?"),
    ("host: nas\npage: https://plex.{DOMAIN}", f"{S}:2:7: page: no placeholder '{{DOMAIN}}'; there is {{host}}, {{{{HOMEPAGE_VAR_NAME}}}}"),
    ("host: nas\nhealth: [{htp: x}]", f"{S}:2:11: unknown key 'htp' in health; did you mean 'http'?"),
    ("host: nas\non_config_change: reload", f"{S}:2:19: on_config_change: 'reload' is not known; write restart, recreate, none or signal:HUP"),
    ("host: nas\nname: x", f"{S}:2:1: unknown key 'name' in service.yaml; there is on_config_change, host, hosts, description, group, groups, depends_on, page, ..."),
]  # fmt: skip


@pytest.mark.parametrize(("text", "problem"), SERVICE)
def test_service_yaml_says_what_is_wrong_with_it(text: str, problem: str) -> None:
    assert problems({"hosts.yaml": TWO, C: WEB, S: text}) == [problem]


FOLDERS: list[tuple[dict[str, str | bytes], str]] = [
    ({"services/übung/compose.yml": WEB}, "services/übung: 'übung' is no service name (a-z, 0-9, _ and -; a letter or digit first); git mv 'services/übung' services/ubung"),
    ({"services/My App/compose.yml": WEB}, "services/My App: 'My App' is no service name (a-z, 0-9, _ and -; a letter or digit first); git mv 'services/My App' services/my-app"),
    ({S: ""}, f"{S}: service.yaml without a compose file beside it; add {C}, or remove it"),
    ({"services/a/b/compose.yml": WEB, "services/a-b/compose.yml": WEB}, "services/a/b: service 'a-b' is also in services/a-b; rename one of the folders"),
    ({"services/a/compose.yml": "name: b\n" + WEB, "services/b/compose.yml": WEB}, "services/a/compose.yml:1:7: compose project 'b' is also that of b on the same host; remove the name: from one of them"),
    ({C: "name: My Project\n" + WEB}, f"{C}:1:7: name: 'My Project' is no compose project name (a-z, 0-9, _ and -; a letter or digit first); remove it: the project is then 'plex'"),
    ({C: ""}, f"{C}: holds no services; add one under services:, or remove the file"),
    ({C: "volumes: {}"}, f"{C}: holds no services; add one under services:, or remove the file"),
    ({C: "- web"}, f"{C}:1:1: expected a mapping with services, found a list; see compose-spec.io for what a compose file holds"),
    ({C: "services: [web]"}, f"{C}:1:11: services: expected a mapping, found a list; Compose would reject it"),
    ({C: "services: {web: }"}, f"{C}:1:12: service 'web': expected a mapping, found nothing; give it at least an image"),
    ({C: "include: [more.yml]\n" + WEB}, f"{C}:1:11: services/plex/more.yml cannot be read (No such file or directory); is the name right, and is the file committed?"),
    ({C: "include: [compose.yml]\n" + WEB}, f"{C}:1:11: include goes in a circle; remove it: {C} -> {C}"),
    ({C: "services: {a: {extends: b}, b: {extends: {service: a}}}"}, f"{C}:1:25: extends goes in a circle through 'b'; remove one of its extends"),
    ({C: "services: {a: {extends: {service: z}}}"}, f"{C}:1:25: extends: no service 'z' in {C}; name one that is there"),
]  # fmt: skip


@pytest.mark.parametrize(("files", "problem"), FOLDERS)
def test_folders_and_compose_files_say_what_is_wrong_with_them(files: dict[str, str | bytes], problem: str) -> None:
    assert problem in problems({"hosts.yaml": NAS, **files})


def test_a_declared_cycle_is_printed_in_full_with_the_place_of_each_step() -> None:
    files: dict[str, str | bytes] = {
        "hosts.yaml": NAS,
        "services/traefik/compose.yml": WEB,
        "services/traefik/service.yaml": "depends_on:\n  - authelia",
        "services/authelia/compose.yml": WEB,
        "services/authelia/service.yaml": "depends_on: traefik",
    }
    assert problems(files) == [
        (
            "services/authelia/service.yaml:1:13: dependency cycle: authelia -> traefik -> authelia; "
            "remove one of services/authelia/service.yaml:1:13 (depends_on in service.yaml), "
            "services/traefik/service.yaml:2:5 (depends_on in service.yaml)"
        )
    ]


def test_every_problem_of_the_whole_repo_comes_at_once() -> None:
    found = problems(
        {"hosts.yaml": "hosts: {nas: {port: x}}", C: "a: 1\na: 2", S: "hosst: nas", "services/B/compose.yml": WEB}
    )
    assert [problem.split(" ")[0] for problem in found] == [
        "hosts.yaml:1:21:",
        "services/B:",
        "services/plex/compose.yml:2:1:",
        "services/plex/service.yaml:1:1:",
    ]


VALID = {
    "hosts.yaml": "defaults: {user: admin}\nhosts: {nas: {tags: [a]}, here: {connection: local}}\ngroups: {g: {after: [h]}, h: {}}",
    "services/a/compose.yml": "services:\n  web: &w\n    image: x:${TAG:-1}\n    network_mode: container:b\n    volumes: ['./x:/x', v:/v]\n"
    "  two: {<<: *w, extends: {service: web}, env_file: [{path: ../b/.env}]}\nvolumes: {v: {external: true, name: $V}}\ninclude: [../b/compose.yml]",
    "services/a/service.yaml": "host: {tags: [a]}\ndepends_on: [b]\ngroups: [g]\nhealth: [{tcp: '{host}:1'}]\ntimeout: 1m",
    "services/b/compose.yml": "services: {b: {container_name: b}}\nnetworks: {default: {external: {name: n}}}",
    "services/b/service.yaml": "hosts: all\ngroup: h",
    "services/a/.env.example": "V=vol\nTAG='x'\n",
}  # fmt: skip
_PARTS = [
    *"{}[]:-&*\n #$!",
    "null",
    "services:",
    "<<: *w",
    "extends: a",
    "external: true",
    "${A:-${B}}",
    "\x00",
    "é",
    "- ",
    "1e9",
]


@settings(suppress_health_check=[HealthCheck.too_slow], deadline=None)
@given(
    st.sampled_from(sorted(VALID)),
    st.integers(0, 300),
    st.integers(0, 30),
    st.lists(st.sampled_from(_PARTS), max_size=6).map("".join) | st.text(max_size=8),
)
def test_no_damage_gives_anything_but_a_repo_or_its_problems(file: str, start: int, length: int, put: str) -> None:
    text = VALID[file]
    damaged = (text[:start] + put + text[start + length :]).encode("utf-8", "surrogatepass")
    try:
        load(Files({**VALID, file: damaged}))
    except RepoInvalid as error:
        str(error)
