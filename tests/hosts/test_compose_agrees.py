"""The real Compose refuses and takes what the tables say, so that the rules agree with it."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from homelab_tasks.repo.loader import examine
from homelab_tasks.validate import composed
from homelab_tasks.validate.compose_plugin import config, plugin
from homelab_tasks.validate.facts import Facts
from tests.unit.builders import Files
from tests.unit.compose_faults import FAULTS, TAKEN


@pytest.fixture(scope="module")
def compose() -> Path:
    """The Compose of this machine; CI must have one."""
    binary = plugin()
    if binary is None and (os.environ.get("HOMELAB_REQUIRE_HOSTS") == "1" or os.environ.get("CI") == "true"):
        pytest.fail("no docker compose here, and here the comparison with it may not be skipped")
    if binary is None:
        pytest.skip("no docker compose on this machine")
    return binary


def takes(compose: Path, folder: Path, text: str) -> bool:
    (folder / "compose.yml").write_text(text)
    said = config(compose, ["--project-name", "x", "--file", "compose.yml"], folder)
    assert said.status is not None, said.errors
    return said.status == 0


@pytest.mark.parametrize("text", [text for text, _ in FAULTS])
def test_compose_refuses_it_too(compose: Path, tmp_path: Path, text: str) -> None:
    assert not takes(compose, tmp_path, text)


@pytest.mark.parametrize("text", TAKEN)
def test_compose_takes_it_too(compose: Path, tmp_path: Path, text: str) -> None:
    assert takes(compose, tmp_path, text)


def test_many_stacks_at_once_are_judged_as_each_alone(compose: Path) -> None:
    good = {f"services/good{i}/compose.yml": text for i, text in enumerate(TAKEN)}
    bad = {f"services/bad{i}/compose.yml": text for i, (text, _) in enumerate(FAULTS)}
    facts = Facts(examine(Files({"hosts.yaml": "hosts: {nas: {}}", **good, **bad})))
    found = {problem.place.file for problem in composed.check(facts, lambda: compose)}
    found |= {problem.place.file for problem in facts.examined.problems}
    assert found == set(bad)
    assert facts.unchecked == []
