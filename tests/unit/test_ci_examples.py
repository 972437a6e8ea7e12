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
ON_PUSH, UNIT, TIMER = CI / "github-actions-push.yml", CI / "homelab-deploy.service", CI / "homelab-deploy.timer"


def content(file: Path) -> dict[str, Any]:
    found: dict[str, Any] = yaml.load(file.read_text(), yaml.BaseLoader)  # noqa: S506 - text only, so that `on` is no flag
    return found


@pytest.mark.parametrize(
    ("file", "words"),
    [
        (GITHUB, ["vendor.github-workflows"]),
        (ON_PUSH, ["vendor.github-workflows"]),
        (GITLAB, ["vendor.gitlab-ci", "--data-transform", "gitlab-ci"]),
    ],
)
def test_an_example_is_right_by_the_schema_of_its_maker(file: Path, words: list[str]) -> None:
    pytest.importorskip("check_jsonschema", reason="check-jsonschema is not installed: pip install check-jsonschema")
    argv = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", *words, str(file)]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "ok -- validation done\n")


@pytest.mark.skipif(not shutil.which("actionlint"), reason="actionlint is not on PATH: github.com/rhysd/actionlint")
@pytest.mark.parametrize("file", [GITHUB, ON_PUSH])
def test_actionlint_finds_nothing_in_a_workflow(file: Path) -> None:
    done = subprocess.run(["actionlint", "-no-color", str(file)], capture_output=True, text=True, check=False)
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


def test_a_push_to_main_is_checked_and_deployed_at_home() -> None:
    workflow = content(ON_PUSH)
    assert (workflow["on"], workflow["concurrency"]) == ({"push": {"branches": ["main"]}}, "homelab")
    assert workflow["jobs"]["deploy"]["runs-on"] == "self-hosted"
    assert [" ".join(words) for words in commands(workflow)] == [
        "validate --strict --format github",
        "deploy-all --wait-lock 10m",
    ]


def test_the_unit_pulls_checks_and_deploys_and_is_never_asked() -> None:
    lines = UNIT.read_text().splitlines()
    assert [line.rpartition("/")[2] for line in lines if line.startswith("ExecStart=")] == [
        "ExecStart=git pull --quiet --ff-only",
        "homelab validate",
        "homelab deploy-all --wait-lock 5m",
    ]
    assert {"Type=oneshot", "User=admin", "Environment=CI=true"} <= set(lines)
    assert "OnUnitInactiveSec=5min" in TIMER.read_text().splitlines()


def test_a_flag_in_the_examples_of_a_push_exists() -> None:
    flags = {str(context.name): set(context.flags) for context in ns.to_contexts()}
    lines = [*UNIT.read_text().splitlines(), *ON_PUSH.read_text().splitlines()]
    commands = [line for line in lines if re.search(r"^( +|ExecStart=/.*/)homelab [a-z]", line)]
    called = [line.split("homelab ")[1].split() for line in commands]
    assert len(called) == 4
    assert [word for task, *words in called for word in words if word[0] == "-" and word not in flags[task]] == []


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="systemd-analyze is not on PATH: package systemd")
def test_systemd_finds_nothing_in_the_units(tmp_path: Path) -> None:
    for file in (UNIT, TIMER):
        here = re.sub(r"^(ExecStart=)/home/\S+", rf"\1{shutil.which('true')}", file.read_text(), flags=re.MULTILINE)
        (tmp_path / file.name).write_text(here)
    argv = ["systemd-analyze", "verify", "--man=no", *(str(tmp_path / file.name) for file in (UNIT, TIMER))]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "homelab-deploy" in line]) == (0, [])
