"""The CI examples: right by the schemas of their makers, and every command in them is one of ours."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from homelab_tasks import ns

CI = Path(__file__).resolve().parents[2] / "examples/ci"
GITHUB, GITLAB = CI / "github-actions.yml", CI / "gitlab-ci.yml"


def content(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(file.read_text(), yaml.BaseLoader)  # noqa: S506 - text only, so that `on` is no flag
    return found


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (GITHUB, ["vendor.github-workflows"]),
        (GITLAB, ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_an_example_is_right_by_the_schema_of_its_maker(file: Path, words: list[str]) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed: pip install check-jsonschema")
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *words, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not on PATH: github.com/rhysd/actionlint")
def test_actionlint_finds_nothing_in_the_workflow() -> None:
    done = subprocess.run(["actionlint", "-no-color", str(GITHUB)], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def commands(value: Any) -> Iterator[list[str]]:
    """The words of every `homelab` command in the scripts."""
    if isinstance(value, str):
        yield from (found.split() for found in re.findall(r"^\s*homelab ([^|\n]+)", value, re.MULTILINE))
    elif isinstance(value, (dict, list)):
        for inner in value.values() if isinstance(value, dict) else value:
            yield from commands(inner)


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_the_commands_are_validate_plan_and_deploy_with_flags_that_exist(file: Path) -> None:
    flags = {str(context.name): set(context.flags) for context in ns.to_contexts()}
    found = list(commands(content(file)))
    assert [task for task, *_ in found] == ["validate", "deploy-all", "deploy-all"]
    assert found[1:] == [["deploy-all", "--dry-run"], ["deploy-all"]]
    assert [word for task, *words in found for word in words if word[0] == "-" and word not in flags[task]] == []


def test_a_deploy_is_started_by_a_person_on_the_main_branch() -> None:
    job = content(GITHUB)["jobs"]["deploy"]
    assert job["if"] == "github.event_name == 'workflow_dispatch' && github.ref == 'refs/heads/main'"
    assert content(GITLAB)["deploy"]["rules"] == [{"if": "$CI_COMMIT_BRANCH == $CI_DEFAULT_BRANCH", "when": "manual"}]


@pytest.mark.parametrize("file", [GITHUB, GITLAB])
def test_key_and_host_keys_come_from_secrets_and_host_keys_are_checked(file: Path) -> None:
    text = file.read_text()
    assert {"SSH_KEY", "SSH_KNOWN_HOSTS"} <= set(re.findall(r"SSH_[A-Z_]+", text))
    assert "StrictHostKeyChecking" not in text
    assert not re.search(r"BEGIN [A-Z ]*PRIVATE KEY", text)
