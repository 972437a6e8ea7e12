"""nixos/ and services/ agree: who a service is, in which group, and where it keeps its data."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

import yaml

from homelab_tasks.dotenv import parse
from homelab_tasks.model import Service
from homelab_tasks.repo import load, worktree
from homelab_tasks.repo.loader import examine
from homelab_tasks.validate.facts import Facts
from homelab_tasks.validate.nixos.folder import Flake, flakes
from homelab_tasks.validate.nixos.tree import Number, Text, texts_of

TOP = Path(__file__).resolve().parents[2]
DATA = "/var/lib/services"
# Never given to another, and never changed: the files on the disks belong to these numbers.
UIDS = {
    "gluetun": 3001,
    "prowlarr": 3002,
    "deluge": 3003,
    "tdarr": 3004,
    "plex": 3005,
    "profilarr": 3006,
    "sonarr": 3007,
    "radarr": 3008,
    "overseerr": 3009,
    "bazarr": 3010,
    "tautulli": 3011,
    "sabnzbd": 3012,
    "caddy": 3101,
    "homepage": 3103,
    "alloy": 3201,
    "loki": 3202,
    "prometheus": 3203,
    "grafana": 3204,
    "postgres": 3301,
    "immich": 3302,
    "nextcloud": 3303,
    "vaultwarden": 3304,
}
# Of images that start as root: parents of several users' folders, and what has a user of the image's own
OTHERS = {
    "/var/lib/services/immich": "root",
    "/var/lib/services/immich/cache": ":root",
    "/var/lib/services/immich/database": ":root",
    "/var/lib/services/immich/dumps": "root",
    "/var/lib/services/immich/models": "root",
    "/mnt/vault/nextcloud": "33",
    "/var/lib/services/nextcloud": "root",
    "/var/lib/services/nextcloud/cache": ":root",
    "/var/lib/services/nextcloud/database": "root",
    "/var/lib/services/nextcloud/dumps": "root",
    "/var/lib/services/nextcloud/html": "33",
}
GIDS = {"media": 3000, "infrastructure": 3100, "monitoring": 3200, "selfhosting": 3300}


@dataclass(frozen=True, slots=True)
class User:
    """A user as nixos/ writes it."""

    uid: int
    group: str


@cache
def flake() -> Flake:
    (found,) = flakes(Facts(examine(worktree(TOP)), quick=True))
    return found


@cache
def services() -> Mapping[str, Service]:
    """Those that run on a NixOS host."""
    repo = load(worktree(TOP))
    return {name: one for name, one in repo.services.items() if any(host.flake for host in one.hosts)}


def values(path: str, last: str) -> Iterator[tuple[str, Number | Text]]:
    """What is set as `users.PATH.NAME.LAST`, by name."""
    for file in flake().files:
        for binding in file.bindings:
            if binding.path[:2] == ("users", path) and binding.path[3:] == (last,):
                assert isinstance(binding.value, Number | Text)
                yield binding.path[2], binding.value


def users() -> dict[str, User]:
    uids = {name: value.value for name, value in values("users", "uid") if isinstance(value, Number)}
    groups = {name: value.value for name, value in values("users", "group") if isinstance(value, Text)}
    return {name: User(uid, groups[name]) for name, uid in uids.items()}


def gids() -> dict[str, int]:
    return {name: value.value for name, value in values("groups", "gid") if isinstance(value, Number)}


def rules(service: Service) -> list[list[str]]:
    """What a service's module tells systemd-tmpfiles: type, path, mode, user and so on."""
    return [
        rule.split()
        for file in flake().below(f"modules/services/{service.app}")
        for binding in file.bindings
        if binding.path == ("systemd", "tmpfiles", "rules")
        for rule in texts_of(binding.value)
    ]


def made(service: Service) -> dict[str, str]:
    """The folders that a service's module makes, with their users."""
    return {path: user for _, path, _, user, *_ in rules(service)}


def template(service: Service) -> dict[str, str]:
    """What a service's `.env.example` says."""
    return parse((TOP / service.directory / ".env.example").read_text()).values()


def mounted(service: Service) -> set[str]:
    """The data folders that a service's containers see."""
    found = set()
    for path in service.stack.files:
        for container in yaml.safe_load((TOP / path).read_text())["services"].values():
            for volume in container.get("volumes", ()):
                source = volume.partition(":")[0] if isinstance(volume, str) else volume.get("source", "")
                found |= {source} if source.startswith(f"{DATA}/") else set()
    return found


def test_who_postgresql_18_runs_as_gets_into_the_mounted_folder_whose_owner_its_image_leaves_as_it_is() -> None:
    mounts = re.compile(r"- (/\S+):/var/lib/postgresql(?: #.*)?$", re.MULTILINE)
    found = {
        path: (user, mode)
        for service in services().values()
        for file in service.stack.files
        for folder in mounts.findall((TOP / file).read_text())
        for _, path, mode, user, *_ in rules(service)
        if path == folder
    }
    assert found == {
        "/var/lib/services/nextcloud/database": ("root", "0755"),
        "/var/lib/services/postgres": ("postgres", "0750"),
    }


def test_every_service_of_a_nixos_host_has_its_module_and_none_is_left_over() -> None:
    assert {file.path for file in flake().below("modules/services")} == {
        f"nixos/modules/services/{service.app}/user.nix" for service in services().values()
    }


def test_every_module_is_taken_in() -> None:
    modules = (TOP / "nixos/modules/default.nix").read_text()
    taken = re.findall(r"^ +\./(\S+)$", modules, re.MULTILINE)
    there = [file.path.removeprefix("nixos/modules/") for file in flake().below("modules")]
    assert sorted(taken) == sorted(path for path in there if path != "default.nix")


def test_uids_and_gids_are_what_they_always_were() -> None:
    assert ({name: user.uid for name, user in users().items()}, gids()) == (UIDS, GIDS)


def test_who_a_service_is_on_its_host_is_who_its_containers_run_as() -> None:
    apart: dict[str, tuple[dict[str, str], dict[str, str]]] = {}
    for name, service in services().items():
        user = users()[service.app]
        there = {"PUID": str(user.uid), "PGID": str(gids()[user.group])}
        said = {key: value for key, value in template(service).items() if key in there}
        apart |= {} if said in (there, {}) else {name: (said, there)}
    assert apart == {}


def test_only_what_starts_as_root_names_no_user() -> None:
    assert {name for name, service in services().items() if "PUID" not in template(service)} == {"alloy", "nextcloud"}


def test_the_default_in_a_compose_file_is_that_of_the_template() -> None:
    apart = []
    for name, service in services().items():
        for path in service.stack.files:
            for key, default in re.findall(r"\$\{(P[UG]ID):-(\d+)\}", (TOP / path).read_text()):
                apart += [] if template(service).get(key) == default else [f"{name}: {key}"]
    assert apart == []


def test_every_data_folder_is_made_by_the_module_of_its_service() -> None:
    lacking = {name: sorted(mounted(service) - made(service).keys()) for name, service in services().items()}
    assert {name: folders for name, folders in lacking.items() if folders} == {}


def test_a_data_folder_belongs_to_its_service_or_to_whom_its_image_is() -> None:
    others: dict[str, str] = {}
    for service in services().values():
        others |= {path: user for path, user in made(service).items() if user != service.app}
    assert others == OTHERS


def test_no_module_makes_a_folder_of_data_that_nothing_mounts() -> None:
    used = {path for service in services().values() for path in mounted(service)}
    folders = {path for service in services().values() for path in made(service) if path.startswith(DATA)}
    assert {folder for folder in folders if not any(f"{path}/".startswith(f"{folder}/") for path in used)} == set()


def test_every_folder_of_the_vault_that_a_template_names_is_made() -> None:
    made_there = {line.split()[0] for line in (TOP / "tests/nix/folders.txt").read_text().splitlines()}
    named = {value for service in services().values() for value in template(service).values()}
    assert {value for value in named if value.startswith("/mnt/")} <= made_there


def test_a_group_of_services_has_its_number_in_its_own_file() -> None:
    files = {file.path for file in flake().below("modules/groups")}
    assert files == {f"nixos/modules/groups/{name}/{name}.nix" for name in GIDS}
    assert {group for service in services().values() for group in service.groups} <= set(GIDS)


def test_the_docs_make_the_disks_that_the_system_mounts() -> None:
    page, host = (TOP / "docs/nixos.md").read_text(), TOP / "nixos/hosts/homelab-hl15"
    mounted_there = set(re.findall(r'"(vault[\w/]*)";', (host / "disks.nix").read_text()))
    assert {"vault", *re.findall(r"zfs create .* (vault/\w+)$", page, re.MULTILINE)} == mounted_there
    labels = re.findall(r"by-label/(\w+)", (host / "hardware-configuration.nix").read_text())
    assert re.findall(r"mkfs\.\w+ .*-[nL] (\w+) ", page) == sorted(labels)
