"""What a Justfile says, as far as it is about services."""
# ruff: noqa: E501 - a row of a table is one line, however long its Justfile

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.errors import Refused
from homelab_tasks.justfile.files import read
from homelab_tasks.justfile.meaning import Meaning, meaning_of
from homelab_tasks.justfile.parse import parse

from .justfiles import FOLDERS, GROUPS, NEEDS, ODD, whole

SERVICES = {"plex": "services/plex", "tdarr": "services/tdarr", "vpn": "services/vpn", "tv-kids": "services/tv/kids"}


def meaning(text: str, services: Mapping[str, str] = SERVICES) -> Meaning:
    return meaning_of(parse("Justfile", text), services)


def edges(text: str) -> set[tuple[str, str]]:
    return {(one.service, one.needed) for one in meaning(text).wanted}


def left(text: str) -> list[str]:
    return [f"{odd.place} {odd.what}" for odd in meaning(text).left]


def test_a_whole_homelab_is_read_with_every_edge_and_group() -> None:
    found = meaning(whole(), FOLDERS)
    assert {(one.service, one.needed) for one in found.wanted} == {(a, b) for a, needs in NEEDS.items() for b in needs}
    assert {one.group: one.services for one in found.taken if one.group} == GROUPS
    assert [one.services for one in found.taken if not one.group] == [(name,) for name in NEEDS]
    assert [odd.what for odd in found.left] == [
        "default: starts no service of its own",
        "deploy-all: starts no service of its own",
        "update-system: starts no service of its own",
        "deploy: takes service, so what it means is only known when it runs",
        "stop: takes service, so what it means is only known when it runs",
        "restart: takes service, so what it means is only known when it runs",
        "pull-images: starts no service of its own",
        "cleanup: starts no service of its own",
    ]


UP = "docker compose up -d"
# How a recipe may say that plex comes after tdarr
PLEX_AFTER_TDARR = {
    "a dependency": f"ensure-plex: ensure-tdarr\n cd services/plex && {UP}\nensure-tdarr:\n cd services/tdarr && {UP}\n",
    "by names alone": "ensure-plex: ensure-tdarr\n ./up plex\nensure-tdarr:\n ./up tdarr\n",
    "by folders alone": f"media: codec\n cd services/plex && {UP}\ncodec:\n cd services/tdarr && {UP}\n",
    "a call": f"ensure-plex:\n @just ensure-tdarr\n cd services/plex && {UP}\nensure-tdarr:\n echo\n",
    "several calls": "ensure-plex:\n -@just ensure-tdarr ensure-vpn\nensure-tdarr:\nensure-vpn:\n",
    "a call in a script": "ensure-plex:\n #!/bin/bash\n set -e\n if just ensure-tdarr; then echo; fi\nensure-tdarr:\n",
    "a call with another's arguments": "ensure-plex:\n just say hi ensure-tdarr\nsay word:\nensure-tdarr:\n",
    "just itself": "ensure-plex:\n {{just_executable()}} ensure-tdarr\nensure-tdarr:\n",
    "an alias": "alias t := ensure-tdarr\nensure-plex:\n just t\nensure-tdarr:\n",
    "a recipe in between": "ensure-plex: base\nbase: more\nmore: ensure-tdarr\nensure-tdarr:\n",
    "a file": f"a: b\n docker compose -f services/plex/compose.yml -p x {UP[15:]}\nb:\n docker-compose --file=services/tdarr/compose.yml up\n",
    "a project directory": f"a: b\n docker compose --project-directory services/plex up\nb:\n cd services/tdarr; {UP}\n",
    "a folder from the root": f"a: b\n cd /opt/homelab/services/plex && sudo {UP}\nb:\n (cd ~/x/services/tdarr && {UP})\n",
    "a folder of variables": f"r := '/opt' / \"homelab\"\na: b\n cd {{{{r}}}}/services/plex && {UP}\nb:\n cd $HOME/services/tdarr && {UP}\n",
    "a folder in an attribute": f"[working-directory('services/plex')]\na: b\n {UP}\n[working-directory: 'services/tdarr']\nb:\n {UP}\n",
    "a folder for all": f"set working-directory := 'services'\na: b\n cd plex && {UP}\nb:\n cd tdarr && {UP}\n",
    "arguments": f"ensure-plex: (up 'tdarr')\n cd services/plex && {UP}\nup name:\n cd services/{{{{name}}}} && {UP}\n",
    "arguments handed on": f"ensure-plex: (up2 'dar')\nup2 x: (up 't' + x + 'r')\nup name:\n cd services/{{{{name}}}} && {UP}\n",
    "arguments of a call": f"ensure-plex:\n just up tdarr\nup name='plex':\n cd services/{{{{name}}}} && {UP}\n",
    "any number of arguments": f"ensure-plex:\n just up tdarr\nup +names:\n cd services/{{{{names}}}} && {UP}\n",
    "a default": f"ensure-plex: codec\ncodec n='tdarr':\n cd services/{{{{n}}}} && {UP}\n",
    "a line that goes on": f"ensure-plex: \\\n  ensure-tdarr\n cd services/plex && \\\n  {UP}\nensure-tdarr:\n",
    "tabs and CRLF": f"ensure-plex: ensure-tdarr\r\n\tcd services/plex && {UP}\r\n\r\nensure-tdarr:\r\n\techo\r\n",
}


@pytest.mark.parametrize("how", PLEX_AFTER_TDARR)
def test_that_one_comes_after_another_is_found(how: str) -> None:
    assert ("plex", "tdarr") in edges(PLEX_AFTER_TDARR[how])


@pytest.mark.parametrize(
    ("base", "folder"),
    [
        ("services", "plex"),
        ("services/plex", "."),
        ("scripts", "../services/plex"),
        ("../old", "services/plex"),
        ("services/tv", "/opt/homelab/services/plex"),
    ],
)
def test_a_folder_is_meant_from_where_the_justfile_lies(base: str, folder: str) -> None:
    found = meaning_of(parse("Justfile", f"a:\n cd {folder} && {UP}\n"), SERVICES, base)
    assert [(one.recipe, one.services) for one in found.taken] == [("a", ("plex",))]


@pytest.mark.parametrize("folder", ["plex", "/opt/stacks/plex", "stacks/media-server"])
def test_where_the_folder_is_no_services_the_name_of_the_recipe_counts(folder: str) -> None:
    text = f"ensure-plex: ensure-tdarr\n cd {folder} && {UP}\nensure-tdarr:\n cd /opt/stacks/tdarr && {UP}\n"
    assert (edges(text), left(text)) == ({("plex", "tdarr")}, [])


def test_a_recipe_that_starts_stacks_of_two_unknown_folders_is_no_services() -> None:
    said = "Justfile:1 ensure-plex: starts stacks/a, which is no service here"
    assert left(f"ensure-plex:\n cd stacks/a && {UP}\n cd stacks/b && {UP}\n") == [said]


NO_EDGE = {
    "what runs afterwards": "ensure-plex: && ensure-tdarr\n echo\nensure-tdarr:\n",
    "a call after the start": f"ensure-plex:\n cd services/plex && {UP}\n just ensure-tdarr\nensure-tdarr:\n",
    "a comment": "ensure-plex:\n # just ensure-tdarr\nensure-tdarr:\n",
    "text": "ensure-plex: # ensure-tdarr\n echo just ensure-tdarr\nensure-tdarr:\n",
    "another Justfile": "ensure-plex:\n just -f other.just ensure-tdarr\nensure-tdarr:\n",
    "another system's recipe": "[windows]\nensure-plex: ensure-tdarr\n echo\nensure-tdarr:\n",
    "what is taken down": "ensure-plex: ensure-vpn\n cd services/plex && docker compose down\nensure-vpn:\n",
}


@pytest.mark.parametrize("how", NO_EDGE)
def test_what_is_no_dependency_is_none(how: str) -> None:
    assert ("plex", "tdarr") not in edges(NO_EDGE[how])


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("ensure-plx:\n echo\n", "Justfile:1 ensure-plx: no service 'plx' here; did you mean 'plex'?"),
        (f"a:\n cd stacks/x && {UP}\n", "Justfile:1 a: starts stacks/x, which is no service here"),
        (f"a:\n for d in *; do cd $d && {UP}; done\n", "Justfile:1 a: starts what is only known when it runs"),
        (
            f"a:\n cd services/plex && {UP}\n cd services/vpn && {UP}\n",
            "Justfile:1 a: starts several services itself, which says nothing of their order",
        ),
        ("a:\n #!/usr/bin/env python3\n print(1)\n", "Justfile:1 a: its body is no shell script"),
        ("ensure-plex: nothing\n echo\n", "Justfile:1 ensure-plex: calls nothing, which is no recipe here"),
        ("ensure-plex:\n just $X\n", "Justfile:1 ensure-plex: what it calls is only known when it runs"),
        (
            f"ensure-plex: && ensure-vpn\n cd services/plex && {UP}\nensure-vpn:\n",
            "Justfile:1 ensure-plex: ensure-vpn runs after it, so it is nothing that it needs",
        ),
        ("a:\n\nb = 1\n", "Justfile:3 cannot be read: nothing begins with '1'"),
        ("a:\n\nb ? x\n", "Justfile:3 cannot be read: a name is expected, not ?"),
        ("x := 'a\na:\n", "Justfile:1 cannot be read: a quote is not closed"),
        ("x := (\na:\n", "Justfile:1 cannot be read: a bracket is not closed"),
        ("  a:\nb:\n", "Justfile:1 cannot be read: it is indented, and belongs to no recipe"),
        ("a:\nb:\na:\n", "Justfile:3 recipe a is there already, in line 1"),
        ("mod media\na:\n", "Justfile:1 module media is a Justfile of its own: import that one by its path"),
    ],
)
def test_what_is_left_is_said_with_line_and_reason(text: str, sentence: str) -> None:
    assert sentence in left(text)


def test_a_line_that_cannot_be_read_costs_no_other_recipe() -> None:
    assert edges("b = 1\n  of b\nensure-plex: ensure-tdarr\nc ? d\n x\n\nensure-tdarr:\n") == {("plex", "tdarr")}


def test_the_rest_is_not_read_where_a_hundred_lines_make_no_sense() -> None:
    said = left("what is this\n" * 1000 + "a:\n")
    assert len(said) == 101
    assert said[-1] == "Justfile:101 the rest is not read: 100 lines before it make no sense"


@pytest.mark.parametrize("name", ODD)
def test_every_line_of_an_odd_justfile_is_understood(name: str) -> None:
    assert parse("Justfile", ODD[name]).odd == ()


# Files


def laid(folder: Path, files: Mapping[str, str]) -> Path:
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text)
    return folder / "Justfile"


def test_imports_are_followed_and_the_nearer_recipe_wins(tmp_path: Path) -> None:
    top = "import 'just/media.just'\nimport? 'none.just'\nimport 'gone.just'\nensure-plex: ensure-vpn\n"
    media = "import '../Justfile'\nensure-plex: ensure-tdarr\nensure-tdarr:\nensure-vpn:\n"
    found = read(laid(tmp_path, {"Justfile": top, "just/media.just": media}), "Justfile")
    assert [(str(r.place), r.name) for r in found.recipes.values()] == [
        ("Justfile:4", "ensure-plex"),
        ("just/media.just:3", "ensure-tdarr"),
        ("just/media.just:4", "ensure-vpn"),
    ]
    assert [odd.what for odd in found.odd] == ["imports gone.just, which is not there"]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"", "Justfile holds no recipe; name a Justfile: inv import-just Justfile"),
        (b"services:\n", ""),
        (b"just some words\n", "Justfile holds no recipe; name a Justfile: inv import-just Justfile"),
        (b"\x7fELF\0\0", "Justfile is no text; is it the right file?"),
        (b"a:\n\xff\n", "Justfile is not UTF-8 text; save it as UTF-8"),
        (b"#" * 1_100_000, "Justfile is 1.0 MB large, more than any Justfile should be; is it the right file?"),
    ],
)
def test_a_file_that_is_no_justfile_is_refused(tmp_path: Path, content: bytes, sentence: str) -> None:
    (tmp_path / "Justfile").write_bytes(content)
    if not sentence:  # it might be one
        assert list(read(tmp_path / "Justfile", "Justfile").recipes) == ["services"]
        return
    with pytest.raises(Refused) as caught:
        read(tmp_path / "Justfile", "Justfile")
    assert str(caught.value) == sentence


def test_a_file_that_is_not_there_is_refused(tmp_path: Path) -> None:
    with pytest.raises(Refused) as caught:
        read(tmp_path, "Justfile")
    assert str(caught.value) == "cannot read Justfile: is a directory; name a Justfile: inv import-just Justfile"


# Anything at all

PIECES = st.sampled_from(
    [
        *("ensure-plex", "ensure-tdarr", "a", "x", "if", "else", "set", "alias", "import", "mod", "export", "just"),
        *(":", ":=", "=", "(", ")", "[", "]", "{", "}", "{{", "}}", "+", "/", "&&", "*", "$", "@", "-", "?", "\\", "#"),
        *(" ", "\n", "\n ", "\n\t", "\r\n", "'", '"', "`", "'''", '"""', "cd services/plex", UP, "#!/bin/sh", "\0"),
    ]
)


@given(st.lists(PIECES, max_size=60).map("".join))
def test_whatever_is_in_a_file_it_is_read_to_its_end(text: str) -> None:
    found = meaning(text)
    assert all(odd.what for odd in found.left)


@given(st.text(max_size=200))
def test_whatever_a_body_says_it_is_read(text: str) -> None:
    lines = "".join(f"  {line}\n" for line in text.splitlines())
    assert [one.recipe for one in meaning(f"ensure-plex:\n{lines}").taken] in (["ensure-plex"], [])


@pytest.mark.parametrize(
    "text",
    [
        "x := " + "(" * 5000 + "\n",
        "x := " + "/" * 5000 + "\n",
        "x := " + "if " * 5000 + "\n",
        "x := (\n" * 2000,
        "a x: (a x + 'y')\n",
        "a x: (b x + x)\nb x: (a x + x)\nc: (a 'y')\n",
        "".join(f"x{i} := x{i - 1} + x{i - 1}\n" for i in range(2000)),
        "".join(f"a{i}: a{i + 1}\n" for i in range(3000)) + "deploy-x: a1\n",
        "a: b\nb: a\n",
        "a:\n just a\n",
    ],
    ids=range(10),
)
def test_it_ends_where_a_file_would_lead_on_and_on(text: str) -> None:
    assert meaning(text).wanted == ()
