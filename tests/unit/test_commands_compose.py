"""Compose and Docker command lines, as they could be pasted into a shell."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from homelab_tasks.commands import compose, docker
from homelab_tasks.commands.compose import Project
from homelab_tasks.model import Container

from .builders import a_host, a_network, a_repo, a_service, a_stack

PLEX = Project("plex", "/opt/home lab/services/plex", working="/opt/home lab/.git/homelab/working")
LASTING = """sh -c 'said=$("$@" 2>&1); status=$?; printf %s "$said"; exit $status' lasting"""
HEAD = "cd '/opt/home lab/services/plex' && exec timeout --kill-after=10"
LOCK = "env GOGC=400 flock --shared '/opt/home lab/.git/homelab/working'"


def test_up_starts_detached_and_removes_what_is_no_longer_in_the_file() -> None:
    (up,) = compose.up(PLEX)
    words = f"{LASTING} docker compose --project-name plex up --detach --remove-orphans --quiet-pull"
    assert str(up) == f"{HEAD} 900 {LOCK} {words}"


def test_the_plugin_is_called_directly_where_its_path_is_known() -> None:
    plugin = "/usr/libexec/docker/cli-plugins/docker-compose"
    project = Project("plex", "/opt/plex", binary=plugin)
    line = f"exec timeout --kill-after=10 180 env GOGC=400 {LASTING} {plugin} --project-name plex stop"
    assert str(compose.stop(project)) == f"cd /opt/plex && {line}"


def test_containers_that_up_would_leave_are_made_anew_after_it() -> None:
    first, again = compose.up(PLEX, recreate={"web", "app"}, build=True)
    assert first.argv[-4:] == ("--detach", "--remove-orphans", "--quiet-pull", "--build")
    assert again.argv[-6:] == ("up", "--detach", "--no-deps", "--force-recreate", "app", "web")


RENEWING = replace(PLEX, renews=True)


def test_an_image_that_is_there_is_never_pulled_in_the_middle_of_a_run() -> None:
    first, again = compose.up(RENEWING, recreate={"web"})
    (forced,) = compose.recreate_all(RENEWING)
    (stage,) = compose.up_stage(RENEWING, {"db"})
    for up in (first, again, forced, stage):
        assert "up --detach --pull missing --" in " ".join(up.argv)


def test_a_compose_that_knows_no_pull_is_asked_without() -> None:
    first, again = compose.up(RENEWING, recreate={"missing"})
    assert compose.as_older_ones_take_it(first, "unknown flag: --pull") == compose.up(PLEX)[0]
    assert compose.as_older_ones_take_it(again, "unknown flag: --pull") == compose.up(PLEX, recreate={"missing"})[1]
    assert compose.as_older_ones_take_it(first, "no such image") is None
    assert compose.as_older_ones_take_it(compose.up(PLEX)[0], "unknown flag: --pull") is None


def test_containers_have_the_time_to_end_that_their_files_give_them() -> None:
    slow = replace(PLEX, grace=300)
    ends = [compose.stop(slow), compose.down(slow), compose.restart(slow)]
    assert [command.timeout for command in ends] == [480, 480, 480]
    assert [command.timeout for command in [*compose.up(slow, recreate={"web"}), *compose.recreate_all(slow)]] == [
        1200,
        1200,
        1200,
    ]


def test_the_time_to_end_is_that_of_the_files_here_or_on_the_host_whichever_is_longer() -> None:
    stack = a_stack(containers=(Container("db", grace=120), Container("web", grace=60), Container("app")))
    model = {"services": {"db": {"stop_grace_period": "5m0s"}, "web": {}}}
    assert (compose.grace(a_service(stack=stack)), compose.grace(a_service(stack=stack), model)) == (180, 300)
    assert (compose.grace(None), compose.grace(a_service())) == (0, 0)


def test_down_keeps_volumes_unless_told() -> None:
    assert compose.down(PLEX).argv[-2:] == ("down", "--remove-orphans")
    assert compose.down(PLEX, volumes=True).argv[-1] == "--volumes"


def test_a_signal_and_a_restart_name_their_containers() -> None:
    assert compose.signal(PLEX, "HUP", ["web", "app"]).argv[-5:] == ("kill", "--signal", "HUP", "app", "web")
    assert compose.restart(PLEX, ["web"]).argv[-2:] == ("restart", "web")


def test_a_homelab_in_a_subfolder_of_its_git_repo_lies_there_on_the_host() -> None:
    repo = a_repo(prefix="home lab/")
    assert compose.directory(repo, a_host(path="/opt/all/"), a_service()) == "/opt/all/home lab/services/plex"


def test_a_network_is_made_with_what_hosts_yaml_says() -> None:
    network = a_network("proxy", internal=True, subnet="10.0.0.0/24", options={"b": "2", "a": "1"})
    flags = "--driver bridge --internal --subnet 10.0.0.0/24 --opt a=1 --opt b=2"
    assert str(docker.create_network(network)) == f"exec timeout --kill-after=10 60 docker network create {flags} proxy"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ('failed to read /x y/.env: line 1: unexpected character "!" in variable name "hush!"', "/x y/.env: line 1"),
        ("failed to read /x/.env: line 3: unterminated quoted value 'hu\nsh", "/x/.env: line 3"),
        ('failed to read /x/db.env: Invalid template: "${hush"', "/x/db.env"),
    ],
)
def test_what_compose_quotes_of_an_env_file_is_not_shown(said: str, shown: str) -> None:
    assert compose.without_values(said) == f"failed to read {shown}"


@pytest.mark.parametrize(
    ("said", "shown"),
    [
        ("error decoding 'services[web].mem_limit': invalid size: 'hush'", "'services[web].mem_limit': invalid size"),
        ("error decoding 'services[web].stop_grace_period': time: invalid duration \"hush\"", ": invalid duration"),
        (
            'error while interpolating web.cpus: failed to cast to expected type: strconv.Atoi: parsing "hush"',
            "web.cpus: failed to cast to expected type",
        ),
        (
            "'services[web].x' expected type 'uint16', got unconvertible type 'string', value: 'hu\nsh'",
            "got unconvertible type 'string', value",
        ),
        ("Invalid containerPort: hush", "Invalid containerPort"),
        ("invalid spec: a:/b:hush:z: too many colons", "invalid spec"),
    ],
)
def test_what_compose_quotes_of_a_field_is_not_shown(said: str, shown: str) -> None:
    assert compose.without_values(said).endswith(shown)


def test_of_several_errors_each_is_shown_without_its_value() -> None:
    cpus = "error decoding 'services[web].deploy.resources.limits.cpus': strconv.ParseFloat"
    memory = "error decoding 'services[web].deploy.resources.limits.memory': invalid size"
    said = f"{cpus}: parsing \"hush\": invalid syntax\n{memory}: 'hush'"
    assert compose.without_values(said) == f"{cpus}\n{memory}"


@pytest.mark.parametrize(
    "said",
    [
        "failed to read /x/.env: required variable TOKEN is missing a value: set it",
        "no such image: nginx:9",
        'service "web" refers to undefined volume data: invalid compose project',
        "Error response from daemon: invalid pool request: Pool overlaps with other one on this address space",
    ],
)
def test_what_compose_says_besides_is_shown_as_it_is(said: str) -> None:
    assert compose.without_values(said) == said


def test_the_logs_of_all_projects_of_a_host_take_one_command() -> None:
    command = compose.logs("", ["plex", "blog"], tail=5, follow=True)
    assert command.argv[-6:] == ("homelab", "", "5", "--follow", "plex", "blog")
    assert command.timeout == 0


@pytest.mark.parametrize(
    ("line", "read"),
    [
        ("0:web-1  | hello", (0, "web-1  | hello")),
        ("12:web-1  | at 10:30", (12, "web-1  | at 10:30")),
        ("3:", (3, "")),
        ("the rest: of a long line", (-1, "the rest: of a long line")),
        ("", (-1, "")),
    ],
)
def test_a_line_of_the_logs_tells_its_project(line: str, read: tuple[int, str]) -> None:
    assert compose.log_line(line) == read
