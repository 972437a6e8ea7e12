"""The repo family beyond loading: ports and names of a host, READMEs, groups, and how the folders lie there."""

from __future__ import annotations

import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

import pytest

from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.source import worktree
from homelab_tasks.validate import layout, names, ports, repo
from homelab_tasks.validate.facts import Facts
from tests.unit.builders import Files

HOSTS = "hosts: {nas: {}, pi: {}}\ndefaults: {}\n"


def facts(**services: str) -> Facts:
    """Services on nas by their compose text; a text that begins with `@pi` is on the other host."""
    files: dict[str, str | bytes] = {"hosts.yaml": HOSTS}
    for name, text in services.items():
        host, _, compose = text.rpartition("@pi ") if text.startswith("@pi ") else ("", "", text)
        files[f"services/{name}/compose.yml"] = f"services:\n  app: {compose}\n"
        files[f"services/{name}/service.yaml"] = f"host: {'pi' if host or text.startswith('@pi ') else 'nas'}\n"
    return Facts(examine(Files(files)))


def clashes(one: str, other: str) -> list[str]:
    found = facts(a=f"{{image: x, ports: [{one}]}}", b=f"{{image: x, ports: [{other}]}}")
    return [f"{p.what}; {p.move}" for p in ports.check(found)]


CLASHES = [
    ("'80:80'", "'80:8080'", "port 80", 81),
    ("'80:80'", "80:80", "port 80", 81),
    ("'8000-8010:8000-8010'", "'8005:80'", "port 8005", 8011),
    ("'8005:80'", "'8000-8010:8000-8010'", "port 8005", 8011),
    ("'8000-8002:1-3'", "'8001-8003:1-3'", "ports 8001-8002", 8004),
    ("'53:53/udp'", "'53:5353/udp'", "port 53/udp", 54),
    ("{target: 80, published: 80}", "'80:1'", "port 80", 81),
    ("{target: 80, published: '80', protocol: tcp}", "'0.0.0.0:80:1'", "port 80", 81),
    ("'127.0.0.1:80:80'", "'127.0.0.1:80:1'", "port 80", 81),
    ("'127.0.0.1:80:80'", "'80:1'", "port 80", 81),
    ("'[::1]:80:80'", "'80:1'", "port 80", 81),
    ("'[::]:80:80'", "'[::1]:80:1'", "port 80", 81),
    ("'65535:80'", "'65535:80'", "port 65535", 0),
]  # fmt: skip


@pytest.mark.parametrize(("one", "other", "shared", "free"), CLASHES)
def test_two_services_cannot_publish_one_port(one: str, other: str, shared: str, free: int) -> None:
    verb = "are" if shared.startswith("ports") else "is"
    move = f"publish {free} instead, which is free there" if free else "give one of them another"
    assert clashes(one, other) == [f"{shared} of nas {verb} also published by a; {move}"]


NO_CLASHES = [
    ("'80:80'", "'81:80'"),
    ("'53:53/udp'", "'53:53/tcp'"),
    ("'127.0.0.1:80:80'", "'10.0.0.5:80:80'"),
    ("'0.0.0.0:80:80'", "'[::]:80:80'"),
    ("'127.0.0.1:80:80'", "'[::1]:80:80'"),
    ("80", "80"),
    ("'80'", "{target: 80}"),
    ("'8000-8010:80'", "'8005:80'"),
    ("'${PORT}:80'", "'80:80'"),
    ("'no port'", "'80:80'"),
    ("'90-80:1-11'", "'80-90:1-11'"),
    ("'70000:80'", "'70000:80'"),
]


@pytest.mark.parametrize(("one", "other"), NO_CLASHES)
def test_what_docker_can_serve_at_once_is_no_clash(one: str, other: str) -> None:
    assert clashes(one, other) == []


def test_each_place_of_a_clash_is_told() -> None:
    found = facts(a="{image: x, ports: ['80:80']}", b="{image: x, ports: ['80:80']}")
    (problem,) = ports.check(found)
    assert str(problem.place) == "services/b/compose.yml:2:27"
    assert [str(place) for place in problem.also] == ["services/a/compose.yml:2:27"]


def test_a_container_in_the_hosts_network_has_the_ports_that_it_listens_on() -> None:
    found = facts(a="{image: x, network_mode: host, ports: ['1:8096']}", b="{image: x, ports: ['8096:80', '1:80']}")
    (problem,) = ports.check(found)
    assert problem.what == "port 8096 of nas is also used by a, which is in the host's network"


@pytest.mark.parametrize(
    "other",
    [
        "@pi {image: x, ports: ['80:80']}",
        "{image: x, ports: ['80:80'], profiles: [debug]}",
        "{image: x, ports: ['80:80'], network_mode: 'container:vpn'}",
    ],
)
def test_what_does_not_publish_on_that_host_does_not_clash(other: str) -> None:
    assert list(ports.check(facts(a="{image: x, ports: ['80:80']}", b=other))) == []


def test_the_override_file_and_the_template_count() -> None:
    files: dict[str, str | bytes] = {
        "hosts.yaml": "hosts: {nas: {}}",
        "services/a/compose.yml": "services: {app: {image: x}}",
        "services/a/compose.override.yml": "services: {app: {ports: ['${PORT}:80']}}",
        "services/a/.env.example": "PORT=8080\n",
        "services/b/compose.yml": "services: {app: {image: x, ports: ['8080:80'] }}",
    }
    assert [str(p.place) for p in ports.check(Facts(examine(Files(files))))] == ["services/b/compose.yml:1:36"]


def test_a_thousand_services_on_a_host_are_compared_in_no_time() -> None:
    found = facts(**{f"s{n}": f"{{image: x, ports: ['{n + 1}:80']}}" for n in range(1000)})
    begin = time.process_time()
    assert list(ports.check(found)) == []
    assert time.process_time() - begin < 0.5


def test_a_great_many_ranges_that_overlap_take_no_time() -> None:
    found = facts(**{f"s{n}": f"{{image: x, ports: ['{n + 1}-{n + 2000}:1-2000']}}" for n in range(300)})
    begin = time.process_time()
    assert len(list(ports.check(found))) == 299
    assert time.process_time() - begin < 0.5


NAMES: list[tuple[Mapping[str, str], list[str]]] = [
    (
        {"a": "{image: x, container_name: db}", "b": "{image: x, container_name: db}"},
        ["services/b/compose.yml:2:35: container name 'db' is also that of app of a on nas"],
    ),
    (
        {"a": "{image: x, container_name: b-app-1}", "b": "{image: x}"},
        ["services/a/compose.yml:2:35: container name 'b-app-1' is also that of app of b on nas"],
    ),
    ({"a": "{image: x, container_name: db}", "b": "@pi {image: x, container_name: db}"}, []),
    ({"a": "{image: x, container_name: db}", "b": "{image: x, container_name: db, profiles: [x]}"}, []),
]  # fmt: skip


@pytest.mark.parametrize(("services", "problems"), NAMES)
def test_a_host_has_each_container_name_once(services: Mapping[str, str], problems: list[str]) -> None:
    assert [f"{problem.place}: {problem.what}" for problem in names.check(facts(**services))] == problems


def test_an_instance_may_share_the_readme_of_its_app() -> None:
    files: dict[str, str | bytes] = {
        "hosts.yaml": "hosts: {nas: {}}",
        "services/sonarr/readme.txt": "x",
        "services/sonarr/anime/compose.yml": "services: {app: {image: x}}",
        "services/web/compose.yml": "services: {app: {image: x}}",
    }
    found = [problem for problem in repo.check(Facts(examine(Files(files)))) if problem.rule == "R050"]
    assert [str(problem.place) for problem in found] == ["services/web/compose.yml"]


# How the folders lie there


@pytest.fixture
def homelab(tmp_path: Path) -> Path:
    (tmp_path / "hosts.yaml").write_text("hosts: {nas: {}}\n")
    (tmp_path / "services/web").mkdir(parents=True)
    (tmp_path / "services/web/compose.yml").write_text("services: {app: {image: x}}\n")
    return tmp_path


def lying(root: Path) -> list[str]:
    return [f"{p.place}: {p.rule}" for p in layout.check(Facts(examine(worktree(root))))]


def test_a_compose_file_that_is_a_folder_is_an_error(homelab: Path) -> None:
    (homelab / "services/new/compose.yml").mkdir(parents=True)
    assert lying(homelab) == ["services/new/compose.yml: R016"]


@pytest.mark.parametrize("name", [".env", ".env.example", "service.yaml", "compose.override.yml"])
def test_so_is_any_other_file_that_is_read(homelab: Path, name: str) -> None:
    (homelab / "services/web" / name).mkdir()
    assert lying(homelab) == [f"services/web/{name}: R016"]


def test_a_submodule_is_no_part_of_what_is_deployed(homelab: Path) -> None:
    (homelab / "services/web/.git").write_text("gitdir: ../../.git/modules/web\n")
    assert lying(homelab) == ["services/web: R018"]


def test_a_link_to_a_folder_is_not_followed_even_in_a_circle(homelab: Path) -> None:
    (homelab / "services/again").symlink_to(homelab / "services", target_is_directory=True)
    (homelab / "services/self").symlink_to("self")
    assert lying(homelab) == ["services/again: R018"]


@pytest.mark.parametrize(
    ("name", "meant"),
    [("compse.yml", "compose.yml"), ("docker_compose.yml", "docker-compose.yml")],
)
def test_a_misspelled_file_is_told_with_what_is_meant(homelab: Path, name: str, meant: str) -> None:
    (homelab / "services/new").mkdir()
    (homelab / "services/new" / name).write_text("services: {}\n")
    (problem,) = layout.check(Facts(examine(worktree(homelab))))
    move = f"did you mean {meant}? git mv services/new/{name} services/new/{meant}"
    assert (problem.rule, problem.move) == ("R019", move)


def test_a_compose_file_where_no_service_is_looked_for_is_told(homelab: Path) -> None:
    compose = "services: {app: {image: x}}\n"
    (homelab / "services/compose.yml").write_text(compose)
    for folder in ("media/tv/sonarr", "media/tv/radarr", "web/src/upstream", "sonarr/anime/examples"):
        (homelab / "services" / folder).mkdir(parents=True)
        (homelab / "services" / folder / "compose.yml").write_text(compose)
    (homelab / "services/sonarr/anime/compose.yml").write_text(
        "include: [../../media/tv/radarr/compose.yml]\n" + compose
    )
    assert [f"{p.place}: {p.rule}: {p.move}" for p in layout.check(Facts(examine(worktree(homelab))))] == [
        "services/compose.yml: R052: git mv services/compose.yml services/NAME/compose.yml",
        "services/media/tv/sonarr/compose.yml: R052: git mv services/media/tv/sonarr services/sonarr",
    ]


def test_configuration_of_an_app_may_have_any_name(homelab: Path) -> None:
    for name in ("services.yaml", "composer.yml", "docker.yaml", "settings.yml"):
        (homelab / "services/web" / name).write_text("")
    assert lying(homelab) == []


def test_a_name_that_is_no_utf8_is_shown_all_the_same(homelab: Path) -> None:
    folder = bytes(homelab / "services") + b"/k\xfcche"
    subprocess.run(["mkdir", folder], check=True)
    subprocess.run(["mkdir", folder + b"/compose.yml"], check=True)
    assert lying(homelab) == ["services/k\\udcfcche/compose.yml: R016"]
