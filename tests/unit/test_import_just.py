"""What `inv import-just` writes, what it leaves alone, and what it says of both."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import chdir
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st
from invoke.program import Program

from homelab_tasks import ns
from homelab_tasks.justfile.edit import with_names
from homelab_tasks.repo import load, worktree

from .justfiles import FOLDERS, GROUPS, NEEDS, whole

HOSTS = "hosts: {nas: {}}\n"
GROUPED = f"{HOSTS}groups:\n  infrastructure: {{}}\n  media: {{after: [infrastructure]}}\n  selfhosting: {{}}\n"
COMPOSE = "services: {web: {image: web:1}}\n"


def a_homelab(root: Path, files: Mapping[str, str], services: Mapping[str, str] = FOLDERS, hosts: str = HOSTS) -> Path:
    """With these services, of which each has a compose file."""
    composes = {f"{folder}/compose.yml": COMPOSE for folder in services.values()}
    for path, text in {"hosts.yaml": hosts, **composes, **files}.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text, newline="")
    return root


def import_just(root: Path, *flags: str, file: str = "Justfile") -> int:
    """Run the task as a person does; gives its exit status."""
    with chdir(root):
        try:
            Program(namespace=ns).run(["inv", "import-just", file, *flags])
        except SystemExit as ended:
            return int(ended.code or 0)
    return 0


def snapshot(root: Path) -> dict[str, str]:
    return {str(path.relative_to(root)): path.read_text() for path in sorted(root.rglob("*")) if path.is_file()}


def test_the_order_of_a_whole_homelab_goes_into_service_yaml(tmp_path: Path) -> None:
    root = a_homelab(tmp_path, {"Justfile": whole()})
    assert import_just(root, "--yes") == 0
    found = {(edge.dependent, edge.dependency) for edge in load(worktree(root)).edges}
    assert found == {(name, need) for name, needs in NEEDS.items() for need in needs}
    assert (root / "services/sonarr/shows/service.yaml").read_text() == "depends_on: [prowlarr, tdarr, profilarr]\n"
    assert not (root / "services/gluetun/service.yaml").exists()


def test_groups_are_written_where_hosts_yaml_has_them_and_a_service_is_in_none(tmp_path: Path) -> None:
    own = {"services/immich/service.yaml": "# mine\ngroups: [media] # on purpose\n"}
    root = a_homelab(tmp_path, {"Justfile": whole(), **own}, hosts=GROUPED)
    assert import_just(root, "--yes") == 0
    members = {name: service.groups for name, service in load(worktree(root)).services.items() if service.groups}
    expected = dict.fromkeys((*GROUPS["media"], "immich"), ("media",))
    assert members == expected | dict.fromkeys(GROUPS["infrastructure"], ("infrastructure",)) | {
        "nextcloud": ("selfhosting",)
    }
    assert (root / "services/immich/service.yaml").read_text() == own["services/immich/service.yaml"]


def test_without_groups_only_dependencies_are_written(tmp_path: Path) -> None:
    root = a_homelab(tmp_path, {"Justfile": whole()}, hosts=GROUPED)
    assert import_just(root, "--yes", "--no-groups") == 0
    assert all(not service.groups for service in load(worktree(root)).services.values())
    assert len(load(worktree(root)).edges) == 25


def test_a_second_time_there_is_nothing_to_write(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = a_homelab(tmp_path, {"Justfile": whole()})
    import_just(root, "--yes")
    before = snapshot(root)
    assert import_just(root) == 0
    assert snapshot(root) == before
    said = capsys.readouterr().out
    assert "  plex           needs tdarr (declared)\n" in said
    assert said.endswith("nothing was written\n")


SMALL = {"plex": "services/plex", "tdarr": "services/tdarr", "vpn": "services/vpn"}
JUST = """\
ensure-plex: ensure-tdarr ensure-vpn
    cd services/plex && docker compose up -d
ensure-tdarr:
    cd services/tdarr && docker compose up -d
ensure-vpn:
    cd services/vpn && docker compose up -d
ensure-blog:
    cd services/blog && docker compose up -d
deploy-tv: ensure-plex
update host:
    ssh {{host}}
"""


def test_a_justfile_beside_the_stacks_is_read_from_its_own_folder(tmp_path: Path) -> None:
    up = "docker compose up -d"
    text = f"ensure-plex: ensure-vpn\n    cd plex && {up}\nensure-vpn:\n    cd vpn && {up}\n"
    root = a_homelab(tmp_path, {"services/Justfile": text}, SMALL)
    assert import_just(root, "--yes", file="services/Justfile") == 0
    assert (root / "services/plex/service.yaml").read_text() == "depends_on: [vpn]\n"


def test_it_says_what_it_takes_what_is_known_and_what_it_leaves(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    shares = "services: {web: {image: web:1, network_mode: 'container:vpn'}}\n"
    named = "services: {web: {image: web:1, container_name: vpn}}\n"
    files = {"services/plex/compose.yml": shares, "services/vpn/compose.yml": named, "Justfile": JUST}
    root = a_homelab(tmp_path, files, SMALL)
    before = snapshot(root)
    assert import_just(root, "--dry-run") == 0
    assert (
        capsys.readouterr().out
        == """\
takes
  Justfile:1  ensure-plex: plex
  Justfile:3  ensure-tdarr: tdarr
  Justfile:5  ensure-vpn: vpn
  Justfile:9  deploy-tv: group tv of plex

leaves
  Justfile:7   ensure-blog: starts services/blog, which is no service here
  Justfile:9   deploy-tv: no group 'tv' in hosts.yaml, to which plex would go
  Justfile:10  update: takes host, so what it means is only known when it runs

knows already
  plex  needs vpn (namespace)

writes
  services/plex/service.yaml  depends_on + tdarr

nothing was written; the same without --dry-run does it
"""
    )
    assert snapshot(root) == before


def test_without_a_terminal_it_asks_for_a_yes(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = a_homelab(tmp_path, {"Justfile": JUST}, SMALL)
    before = snapshot(root)
    assert import_just(root) == 1
    assert capsys.readouterr().err == "error: write 1 file: nobody is there to ask; say --yes if it is meant\n"
    assert snapshot(root) == before


def test_a_cycle_is_left_and_the_rest_is_taken(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "ensure-plex: ensure-vpn\n just ensure-tdarr\nensure-tdarr:\n just ensure-plex\nensure-vpn:\n"
    root = a_homelab(tmp_path, {"Justfile": text}, SMALL)
    assert import_just(root, "--yes") == 0
    said = capsys.readouterr().out
    assert "Justfile:1  ensure-plex: plex after tdarr is part of a cycle: plex -> tdarr -> plex" in said
    assert "Justfile:3  ensure-tdarr: tdarr after plex is part of a cycle: plex -> tdarr -> plex" in said
    assert [(e.dependent, e.dependency) for e in load(worktree(root)).edges] == [("plex", "vpn")]


def test_a_cycle_with_what_is_declared_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {"Justfile": "ensure-plex: ensure-vpn\nensure-vpn:\n", "services/vpn/service.yaml": "depends_on: [plex]\n"}
    root = a_homelab(tmp_path, files, SMALL)
    assert import_just(root, "--yes") == 0
    assert "plex after vpn is part of a cycle: plex -> vpn -> plex" in capsys.readouterr().out


def test_a_cycle_with_what_the_compose_files_say_is_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = {
        "Justfile": "ensure-vpn: ensure-plex\nensure-plex:\n",
        "services/plex/compose.yml": "services: {web: {image: web:1, network_mode: 'container:vpn'}}\n",
        "services/vpn/compose.yml": "services: {web: {image: web:1, container_name: vpn}}\n",
    }
    root = a_homelab(tmp_path, files, SMALL)
    assert import_just(root, "--yes") == 0
    assert "vpn after plex is part of a cycle: plex -> vpn -> plex" in capsys.readouterr().out
    assert not (root / "services/vpn/service.yaml").exists()


def test_where_all_need_all_it_is_said_and_ends(tmp_path: Path) -> None:
    services = {f"a{i}": f"services/a{i}" for i in range(20)}
    calls = " ".join(f"ensure-{name}" for name in services)
    text = "".join(f"ensure-{name}:\n just {calls}\n" for name in services)
    assert import_just(a_homelab(tmp_path, {"Justfile": text}, services), "--yes") == 0
    assert load(worktree(tmp_path)).edges == ()


def test_groups_whose_order_would_be_a_cycle_are_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "ensure-vpn: ensure-plex\nensure-plex:\ndeploy-infrastructure:\n just ensure-vpn\n"
    text += "deploy-media:\n just ensure-plex\n"
    root = a_homelab(tmp_path, {"Justfile": text}, SMALL, GROUPED)
    assert import_just(root, "--yes") == 0
    assert "deploy-media: with group media for its services the order would be a cycle" in capsys.readouterr().out
    assert [(e.dependent, e.dependency) for e in load(worktree(root)).edges] == [("vpn", "plex")]


def test_where_one_file_cannot_be_written_none_is(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    text = "ensure-plex: ensure-tdarr\nensure-tdarr: ensure-vpn\nensure-vpn:\n"
    root = a_homelab(tmp_path, {"Justfile": text}, SMALL)
    (root / "services/tdarr/service.yaml").mkdir()
    before = snapshot(root)
    assert import_just(root, "--yes") == 1
    assert "nothing was changed" in capsys.readouterr().err
    assert snapshot(root) == before


def test_a_file_that_is_no_justfile_ends_with_an_error(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = a_homelab(tmp_path, {"Justfile": "[package]\nname = 'x'\n"}, SMALL)
    assert import_just(root, "--yes") == 1
    assert capsys.readouterr().err == "error: Justfile holds no recipe; name a Justfile: inv import-just Justfile\n"


def test_a_text_in_which_a_line_happens_to_be_a_recipe_is_no_justfile(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    root = a_homelab(tmp_path, {"Justfile": "# Notes\n\nDear reader,\n\nthings:\n- one\n"}, SMALL)
    assert import_just(root, "--yes") == 1
    said = "Justfile is no Justfile: Justfile:3 cannot be read: a name is expected, not ,"
    assert capsys.readouterr() == ("", f"error: {said}; name one: inv import-just Justfile\n")


def test_a_justfile_of_other_things_is_read_and_left(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    root = a_homelab(tmp_path, {"Justfile": "mod a\nmod b\nnew syntax !\nphotos:\n  rsync a b\n"}, SMALL)
    assert import_just(root, "--yes") == 0
    assert "photos: starts no service of its own" in capsys.readouterr().out


# The edit of one file

EDITS = [
    ("", "depends_on: [a, b]\n"),
    ("# nothing yet\n", "# nothing yet\ndepends_on: [a, b]\n"),
    ("host: nas", "host: nas\ndepends_on: [a, b]\n"),
    ("host: nas # here\n# end\n", "host: nas # here\n# end\ndepends_on: [a, b]\n"),
    ("host: nas\r\n", "host: nas\r\ndepends_on: [a, b]\r\n"),
    ("  host: nas\n", "  host: nas\n  depends_on: [a, b]\n"),
    ("{host: nas}\n", "{host: nas, depends_on: [a, b]}\n"),
    ("depends_on: x # why\nhost: nas\n", "depends_on: [x, a, b] # why\nhost: nas\n"),
    ("depends_on: 'x'\n", "depends_on: ['x', a, b]\n"),
    ("depends_on:\nhost: nas\n", "depends_on: [a, b]\nhost: nas\n"),
    ("depends_on: # none\nhost: nas\n", "depends_on: [a, b] # none\nhost: nas\n"),
    ("depends_on: ~ # none\n", "depends_on: [a, b] # none\n"),
    ("depends_on: []\n", "depends_on: [a, b]\n"),
    ("depends_on: [x,y] # why\n", "depends_on: [x,y, a, b] # why\n"),
    ("depends_on: [ x, ]\n", "depends_on: [ x, a, b]\n"),
    ("depends_on: [x, # why\n  y]\nhost: nas\n", "depends_on: [x, # why\n  y, a, b]\nhost: nas\n"),
    ("depends_on:\n  - x # why\n\nhost: nas\n", "depends_on:\n  - x # why\n  - a\n  - b\n\nhost: nas\n"),
    ("depends_on:\n  - x\n  # more\n  - y\n", "depends_on:\n  - x\n  # more\n  - y\n  - a\n  - b\n"),
    ("depends_on:\n- x # why\nhost: nas\n", "depends_on:\n- x # why\n- a\n- b\nhost: nas\n"),
    ("depends_on:\n- x", "depends_on:\n- x\n- a\n- b\n"),
    ('"depends_on": [x] # ü\n', '"depends_on": [x, a, b] # ü\n'),
]  # fmt: skip


@pytest.mark.parametrize(("before", "after"), EDITS)
def test_names_are_added_and_all_else_stays(before: str, after: str) -> None:
    assert with_names(before, "depends_on", ["a", "b"]) == after


@pytest.mark.parametrize(
    "text",
    [
        "x-all: &all [x]\ndepends_on: *all\n",
        "x-all: &all {depends_on: [x]}\n<<: *all\n",
        "host: nas\n...\n",
        "- a list\n",
        "depends_on: {a: b}\n",
        "depends_on: |\n  x\n",
        "broken: [\n",
        "a: 1\na: 2\n",
    ],
)
def test_what_is_written_in_a_way_that_an_edit_would_break_is_left_to_a_person(text: str) -> None:
    assert with_names(text, "depends_on", ["a"]) is None


def test_a_name_that_yaml_would_take_for_something_else_is_quoted() -> None:
    assert with_names("", "depends_on", ["no", "7"]) == 'depends_on: ["no", "7"]\n'


@given(st.text(st.sampled_from("depends_on: []{}-&*,#'\"|<?!\n\r\t é\u2028ab"), max_size=40))
def test_an_edit_adds_exactly_its_names_or_does_nothing(tail: str) -> None:
    text = f"host: nas\ndepends_on{tail}"
    edited = with_names(text, "depends_on", ["new"])
    if edited is not None:
        assert yaml.safe_load(edited)["depends_on"][-1] == "new"
        assert yaml.safe_load(edited)["host"] == "nas"
