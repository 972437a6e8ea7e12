"""What all services of this repo have in common beyond what `inv validate` asks: a rule a test, all folders at once."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import yaml

from homelab_tasks import ns
from homelab_tasks.errors import UnknownName
from homelab_tasks.model import Reason, Repo
from homelab_tasks.problem import Severity
from homelab_tasks.repo import load, select, worktree
from homelab_tasks.validate.run import validate

TOP = Path(__file__).resolve().parents[2]

# service: hosts, group, and the PUID and PGID of its .env.example (- where the image has to start as root)
SERVICES = """
alloy           hl15,pi  monitoring      -     -
bazarr          hl15     media           3010  3000
caddy           hl15     infrastructure  3101  3100
deluge          hl15     media           3003  3000
gluetun         hl15     infrastructure  3001  3000
grafana         hl15     monitoring      3204  3200
home-assistant  pi       selfhosting     -     -
homepage        hl15     infrastructure  3103  3100
immich          hl15     selfhosting     3302  3300
loki            hl15     monitoring      3202  3200
nextcloud       hl15     selfhosting     -     -
overseerr       hl15     media           3009  3000
pihole          pi       infrastructure  3102  3100
plex            hl15     media           3005  3000
postgres        hl15     selfhosting     3301  3300
profilarr       hl15     media           3006  3000
prometheus      hl15     monitoring      3203  3200
prowlarr        hl15     media           3002  3000
radarr-anime    hl15     media           3008  3000
radarr-movies   hl15     media           3008  3000
sabnzbd         hl15     media           3012  3000
sonarr-anime    hl15     media           3007  3000
sonarr-shows    hl15     media           3007  3000
tautulli        hl15     media           3011  3000
tdarr           hl15     media           3004  3000
vaultwarden     hl15     selfhosting     3304  3300
"""
# dependent: what it needs, besides what its group comes after
GRAPH = """
bazarr         radarr-anime radarr-movies sonarr-anime sonarr-shows
deluge         gluetun
grafana        loki prometheus
loki           alloy
overseerr      radarr-anime radarr-movies sonarr-anime sonarr-shows
plex           tdarr
profilarr      prowlarr
prometheus     alloy
prowlarr       gluetun
radarr-anime   profilarr prowlarr tdarr
radarr-movies  profilarr prowlarr tdarr
sonarr-anime   profilarr prowlarr tdarr
sonarr-shows   profilarr prowlarr tdarr
tautulli       plex
tdarr          deluge sabnzbd
"""
GROUPS = {
    "infrastructure": (),
    "media": ("infrastructure",),
    "monitoring": ("infrastructure",),
    "selfhosting": ("infrastructure",),
}
LOGGING = {"driver": "json-file", "options": {"max-size": "10m", "max-file": "3"}}
VAULT = "/mnt/vault/"
SECTIONS = ["First start", "Upgrade", "Backup", "Remove", "Troubleshooting"]
FACTS = ["Needs", "Reached at", "Data", "Image"]
DATABASES = ("postgres", "mariadb", "redis", "valkey")


@cache
def homelab() -> Repo:
    return load(worktree(TOP))


def folders() -> dict[str, Path]:
    return {service.name: TOP / service.directory for service in homelab().services.values()}


def text(name: str) -> str:
    """The compose file of a service."""
    (file,) = homelab().services[name].stack.files
    return (TOP / file).read_text()


@cache
def stack(name: str) -> dict[str, Any]:
    found: dict[str, Any] = yaml.safe_load(text(name))
    return found


def containers() -> Iterator[tuple[str, dict[str, Any]]]:
    """Every container as it is written, with `service/container`."""
    for name in homelab().services:
        yield from ((f"{name}/{key}", container) for key, container in stack(name)["services"].items())


def table(text: str) -> dict[str, list[str]]:
    return {name: cells for name, *cells in map(str.split, text.strip().splitlines())}


def template(folder: Path) -> list[str]:
    file = folder / ".env.example"
    return file.read_text().splitlines() if file.exists() else []


def test_validate_finds_nothing_to_mend() -> None:
    """What asks Compose and Nix is left to `inv validate --strict`, which the hooks of a commit run."""
    found = validate(TOP, quick=True).problems
    assert [str(problem) for problem in found if problem.severity is not Severity.NOTICE] == []


def test_a_copy_of_what_the_handbook_says_to_copy_is_as_good(tmp_path: Path) -> None:
    (copied,) = re.findall(r"homelab-tasks/\{(.*)\}", (TOP / "docs/homelab.md").read_text())
    for name in copied.split(","):
        (shutil.copytree if (TOP / name).is_dir() else shutil.copy)(TOP / name, tmp_path / name)
    found = validate(tmp_path, quick=True).problems
    assert [str(problem) for problem in found if problem.severity is not Severity.NOTICE] == []


def test_the_handbook_names_them_all_by_group() -> None:
    page = (TOP / "docs/homelab.md").read_text()
    told = {group: spread(names) for group, names in re.findall(r"^\| (\w+) \| (\w.*) \|$", page, re.MULTILINE)[1:]}
    services = homelab().services.values()
    assert told == {group: sorted(s.name for s in services if group in s.groups) for group in homelab().groups}
    assert f" {len(services)} services " in page


def spread(names: str) -> list[str]:
    """`sonarr (shows, anime), plex` as plex, sonarr-anime, sonarr-shows."""
    apps = re.findall(r"([\w-]+)(?: \(([^)]*)\))?", names)
    return sorted(f"{app}-{inner}" if inner else app for app, each in apps for inner in each.split(", "))


# Where they are, and what comes after what


def test_each_service_is_where_it_belongs() -> None:
    found = {
        name: [",".join(host.name for host in service.hosts), ",".join(service.groups), *_identity(folders()[name])]
        for name, service in homelab().services.items()
    }
    assert found == table(SERVICES)


def _identity(folder: Path) -> list[str]:
    values = dict(line.partition("=")[::2] for line in template(folder))
    return [values.get("PUID", "-"), values.get("PGID", "-")]


def test_the_graph_is_the_one_that_was_meant() -> None:
    edges: dict[str, set[str]] = {}
    for edge in homelab().edges:
        if edge.reason is not Reason.GROUP:
            edges.setdefault(edge.dependent, set()).add(edge.dependency)
    assert {name: sorted(needs) for name, needs in edges.items()} == table(GRAPH)


def test_the_groups_come_one_after_the_other() -> None:
    assert {group.name: tuple(group.after) for group in homelab().groups.values()} == GROUPS


# Compose files


def test_the_defaults_in_a_compose_file_are_the_values_of_its_template() -> None:
    differ = [
        f"{name}: {key} is {default} by default, and {values[key]} in .env.example"
        for name, folder in folders().items()
        for values in [dict(line.partition("=")[::2] for line in template(folder))]
        for key, default in re.findall(r"\$\{(\w+):-([^}]*)\}", text(name))
        if key in values and values[key] not in ("", default)
    ]
    assert differ == []


def test_every_container_says_when_it_is_healthy_and_is_asked_each_second_until_then() -> None:
    keys = ("test", "interval", "timeout", "retries", "start_period", "start_interval")
    lacking = {
        place: [key for key in keys if key not in container["healthcheck"]]
        for place, container in containers()
        if "healthcheck" in container
    }
    assert {place: keys for place, keys in lacking.items() if keys} == {}
    assert {
        container["healthcheck"]["start_interval"] for _, container in containers() if "healthcheck" in container
    } == {"1s"}


def test_a_container_without_a_health_check_says_why() -> None:
    silent = [
        place
        for place, container in containers()
        for name, _, key in [place.partition("/")]
        if "healthcheck" not in container and not re.search(rf"^  {key}: # no health check: ", text(name), re.MULTILINE)
    ]
    assert silent == []


def test_every_container_comes_back_after_a_reboot() -> None:
    assert [place for place, container in containers() if container.get("restart") != "unless-stopped"] == []


def test_every_container_has_the_clock_of_the_house() -> None:
    zones = {place: container.get("environment", {}).get("TZ") for place, container in containers()}
    assert {place: zone for place, zone in zones.items() if zone != "${TZ:-Etc/UTC}"} == {}


def test_no_log_fills_the_disk() -> None:
    assert [place for place, container in containers() if container.get("logging") != LOGGING] == []


def test_every_image_has_a_version() -> None:
    assert [
        f"{place}: {container['image']}"
        for place, container in containers()
        if not re.search(r":v?\d[\w.-]*(@sha256:[0-9a-f]{64})?$", container["image"])
    ] == []


def test_only_what_others_name_has_a_name_of_its_own() -> None:
    named = {container.get("container_name") for _, container in containers()} - {None}
    modes = [str(container.get("network_mode", "")) for _, container in containers()]
    assert named == {mode.removeprefix("container:") for mode in modes if mode.startswith("container:")}


def test_data_lies_in_the_folder_of_its_service_or_in_the_vault() -> None:
    strange = [
        f"{name}: {source}"
        for name, service in homelab().services.items()
        for container in service.stack.containers
        for source in container.data
        if not f"{source}/".startswith((f"/var/lib/{service.directory}/", VAULT))
    ]
    assert strange == []


def test_no_port_is_published_twice_so_that_a_service_can_move_to_the_other_host() -> None:
    ports: dict[str, set[str]] = {}
    for service in homelab().services.values():
        for port in (port for container in service.stack.containers for port in container.ports):
            ports.setdefault(f"{port.first}/{port.protocol}", set()).add(service.name)
    assert {port: names for port, names in ports.items() if len(names) > 1} == {}


def test_databases_are_not_for_the_whole_house() -> None:
    repo = homelab()
    found = [
        f"{service}: {port.first}"
        for service in repo.services.values()
        for container in service.stack.containers
        if any(word in container.image for word in DATABASES)
        for port in container.ports
        if port.address != "127.0.0.1"
    ]
    assert found == []


def test_what_several_templates_ask_for_is_the_same_in_all() -> None:
    values: dict[str, set[str]] = {}
    for folder in folders().values():
        for key, _, value in (line.partition("=") for line in template(folder) if line[:1].isupper()):
            values.setdefault(key, set()).add(value)
    several = {key: found for key, found in values.items() if len(found) > 1}
    assert several.keys() == {"PUID", "PGID"}


# Papers


def test_every_service_says_what_it_is() -> None:
    assert [name for name, service in homelab().services.items() if not service.description] == []


def test_every_readme_answers_the_same_questions() -> None:
    """Instances of one app have one README together."""
    lacking = {str(file.relative_to(TOP)): _unanswered(file) for file in readmes()}
    assert {path: questions for path, questions in lacking.items() if questions} == {}


def readmes() -> list[Path]:
    return sorted({TOP / "services" / service.app / "README.md" for service in homelab().services.values()})


def _unanswered(file: Path) -> list[str]:
    readme = file.read_text() if file.exists() else ""
    asked = [
        f"# {file.parent.name}",
        *(f"- **{fact}**: " for fact in FACTS),
        *(f"## {section}" for section in SECTIONS),
    ]
    return [line for line in asked if not re.search(f"^{re.escape(line)}", readme, re.MULTILINE)]


def test_every_service_that_a_command_of_a_readme_names_is_here() -> None:
    wrong = [f"{path}: {name}" for path, task, rest in commands() for name in _named(task, rest) if not _known(name)]
    assert wrong == []


def commands() -> Iterator[tuple[str, str, list[str]]]:
    """Path, task and the words after it, of every `inv ...` in code; what follows in brackets is a remark."""
    for file in filter(Path.exists, readmes()):
        code = re.findall(r"`(inv [^`]+)`|^ {4}(inv .+?)(?: {2,}.*)?$", file.read_text(), re.MULTILINE)
        for _, task, *rest in (" ".join(found).split() for found in code):
            yield str(file.relative_to(TOP)), task, rest


def _named(task: str, rest: list[str]) -> list[str]:
    """What stands for services in a command whose task and flags test_readme_commands knows."""
    named = [rest[n + 1] for n, word in enumerate(rest) if word in ("--names", "--service")]
    if rest and not rest[0].startswith("-") and {"name", "names"} & task_words()[task] and task != "new":
        named.append(rest[0])
    return [name.strip("'") for name in named]


@cache
def task_words() -> dict[str, set[str]]:
    return {str(context.name): set(context.args.keys()) for context in ns.to_contexts()}


def _known(words: str) -> bool:
    try:
        return bool(select(homelab(), words))
    except UnknownName:
        return False


def test_every_link_of_a_readme_leads_somewhere() -> None:
    broken = [
        f"{file.relative_to(TOP)}: {link}"
        for file in filter(Path.exists, readmes())
        for link in re.findall(r"\]\(([^)#\s]+)", file.read_text())
        if not link.startswith("https://") and not (file.parent / link).exists()
    ]
    assert broken == []


def test_every_key_of_a_template_is_explained_above_it() -> None:
    """One comment may do for the keys that follow it without a blank line."""
    bare = [f"{name}: {key}" for name, folder in folders().items() for key in _unexplained(template(folder))]
    assert bare == []


def _unexplained(lines: list[str]) -> Iterator[str]:
    explained = False
    for line in lines:
        explained = line.startswith("#") or (explained and bool(line.strip()))
        if line.strip() and not explained and "#" not in line:
            yield line.partition("=")[0]
