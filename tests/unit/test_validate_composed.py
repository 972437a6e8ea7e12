"""Compose's own answer: what is asked, with which files, and what becomes of it. A script stands in for Compose."""

# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

from pathlib import Path

import pytest

from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.source import worktree
from homelab_tasks.validate.compose_plugin import plugin
from homelab_tasks.validate.composed import check, version
from homelab_tasks.validate.facts import Facts

WEB = "services:\n  web:\n    image: web:1\n"


def homelab(root: Path, **files: str) -> Facts:
    """A homelab with a stack a; `files` of its folder, with `__` for a dot."""
    folder = root / "services/a"
    folder.mkdir(parents=True, exist_ok=True)
    (root / "hosts.yaml").write_text("hosts: {nas: {}}")
    for name, text in {"compose__yml": WEB, **files}.items():
        (folder / name.replace("__", ".")).write_text(text)
    return Facts(examine(worktree(root)))


def a_compose(root: Path, body: str) -> Path:
    """A program that is called as Compose is; it counts its calls in `asked`."""
    program = root / "docker-compose"
    program.write_text(f"#!/bin/sh\necho x >> {root}/asked\n{body}\n")
    program.chmod(0o755)
    return program


def said(facts: Facts, compose: Path | None) -> list[str]:
    return [f"{p.rule} {p}" for p in check(facts, lambda: compose)]


REFUSALS = [
    ("validating /x/compose.yml: services.web.image must be blue", "3:12: Docker Compose refuses it: services.web.image must be blue"),
    ('service "web" is too large: invalid compose project', '2:3: Docker Compose refuses it: service "web" is too large: invalid compose project'),
    ("yaml: line 2: did not find it", "2: Docker Compose refuses it: yaml: line 2: did not find it"),
    ('time="x" level=warning msg="odd \\"X\\"" it is Monday', " Docker Compose refuses it: it is Monday"),
]  # fmt: skip


@pytest.mark.parametrize(("message", "sentence"), REFUSALS)
def test_what_only_compose_refuses_is_said_where_it_is(tmp_path: Path, message: str, sentence: str) -> None:
    compose = a_compose(tmp_path, f"cat >&2 <<'END'\n{message}\nEND\nexit 1")
    assert said(homelab(tmp_path / "lab"), compose) == [
        f"C009 services/a/compose.yml:{sentence}; see the Compose file reference for this key"
    ]


def test_what_the_files_show_is_said_instead_of_the_first_fault_of_compose(tmp_path: Path) -> None:
    facts = homelab(tmp_path / "lab", compose__yml="services: {web: {image: w, restrat: 1, prots: 2, ports: [x]}}")
    assert [line[:4] for line in said(facts, a_compose(tmp_path, "echo services.web.restrat >&2; exit 1"))] == [
        "C001",
        "C001",
        "C003",
    ]


def test_where_compose_takes_a_file_it_is_right(tmp_path: Path) -> None:
    facts = homelab(tmp_path / "lab", compose__yml="services: {web: {image: w, new_key: 1}}")
    assert said(facts, a_compose(tmp_path, "exit 0")) == []


def test_without_compose_the_result_says_so_and_the_files_speak(tmp_path: Path) -> None:
    facts = homelab(tmp_path / "lab", compose__yml="services: {web: {image: w, new_key: 1}}")
    assert [line[:4] for line in said(facts, None)] == ["C001"]
    assert facts.unchecked == ["what Docker Compose itself says: it is not on this machine"]


def test_a_compose_that_cannot_be_run_is_said_to_be_left_out(tmp_path: Path) -> None:
    broken = tmp_path / "docker-compose"
    broken.write_bytes(b"\x7fELF")
    broken.chmod(0o755)
    facts = homelab(tmp_path / "lab")
    assert said(facts, broken) == []
    assert facts.unchecked == ["what Docker Compose says of a: exec format error"]


def test_no_value_of_a_real_env_file_is_laid_before_compose(tmp_path: Path) -> None:
    files = {"compose__yml": WEB + "    env_file: [db.env]\n", "__env": "KEY=hunter2", "db__env": "PASS=hunter2"}
    compose = a_compose(tmp_path, "grep -r hunter2 . >&2 && exit 1; test -f services/a/db.env || exit 1")
    assert said(homelab(tmp_path / "lab", **files), compose) == []


def test_variables_have_the_values_of_the_template_and_others_something_that_fits(tmp_path: Path) -> None:
    files = {
        "compose__yml": WEB + '    ports: ["${PORT}:80", "${OTHER:?}:81"]\n',
        "__env__example": "PORT=8080\nEMPTY=",
    }
    compose = a_compose(tmp_path, f"cat services/a/.env > {tmp_path}/seen")
    assert said(homelab(tmp_path / "lab", **files), compose) == []
    assert (tmp_path / "seen").read_text() == "OTHER=7919\nPORT=8080\n"


def test_what_compose_says_about_a_variables_value_is_not_repeated(tmp_path: Path) -> None:
    files = {"compose__yml": WEB + '    ports: ["${PORT}:80"]\n', "__env__example": "PORT=maybe"}
    assert said(homelab(tmp_path / "lab", **files), a_compose(tmp_path, "echo invalid port: maybe >&2; exit 1")) == []


def test_stacks_are_asked_about_together_and_after_a_refusal_one_by_one(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    for name in "bcd":
        (root / "services" / name).mkdir(parents=True)
        (root / "services" / name / "compose.yml").write_text(WEB.replace("web:", f"{name}:"))
    compose = a_compose(tmp_path, 'case "$*" in *all-*|*/c/*) echo services.c.image is odd >&2; exit 1;; esac')
    move = "see the Compose file reference for this key"
    assert said(homelab(root), compose) == [
        f"C009 services/c/compose.yml:3:12: Docker Compose refuses it: services.c.image is odd; {move}"
    ]
    (tmp_path / "asked").unlink()
    assert said(homelab(root), a_compose(tmp_path, "exit 0")) == []
    assert (tmp_path / "asked").read_text() == "x\n"


def test_an_answer_is_kept_until_the_files_or_compose_change(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    (root / ".git").mkdir(parents=True)
    compose = a_compose(tmp_path, "echo services.web.image is odd >&2; exit 1")
    first = said(homelab(root), compose)
    assert said(homelab(root), compose) == first
    assert (tmp_path / "asked").read_text() == "x\n"
    assert said(homelab(root, compose__yml=WEB + "    tty: true\n"), compose) == first
    assert (tmp_path / "asked").read_text() == "x\nx\n"
    assert said(homelab(root), a_compose(tmp_path, "true; exit 0")) == []


def test_a_torn_or_foreign_file_of_answers_counts_as_none(tmp_path: Path) -> None:
    root = tmp_path / "lab"
    kept = root / ".git/homelab/cache/compose-answers.json"
    kept.parent.mkdir(parents=True)
    for text in ("", "[]", '{"binary": 1', '{"binary": "x", "answers": []}'):
        kept.write_text(text)
        assert said(homelab(root), a_compose(tmp_path, "exit 0")) == []


def test_a_service_whose_files_cannot_be_copied_is_left_alone(tmp_path: Path) -> None:
    odd = WEB + "    env_file: [compose.yml/inner.env]\n"
    assert said(homelab(tmp_path / "lab", compose__yml=odd), a_compose(tmp_path, "echo no >&2; exit 1")) == []


def test_the_plugin_in_the_users_own_folder_comes_first(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    own = tmp_path / "cli-plugins"
    own.mkdir()
    program = a_compose(own, '[ "$*" = "version --short" ] && echo v2.99.1')
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path))
    assert plugin() == program
    assert version() == "2.99.1"
