"""The benchmark's machinery, with two services and one round: every experiment runs and gives its figures."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from scripts.bench import report
from scripts.bench.experiments import chosen, experiments
from scripts.bench.ground import Ground
from scripts.bench.model import BenchFailed, Measured, Spread, measure
from scripts.bench.scene import Scene
from tests.lab import Lab, LabHost

ALIKE = "levels"  # lasts half a minute, and differs from levels-1s only in that
TWO = {"vpn": (), "plex": ("vpn",)}
NAMES = [
    "list",
    "validate",
    "validate-many",
    "planning-unchanged",
    "planning-changed",
    "no-op",
    "counts",
    "changed",
    "cold",
    "levels",
    "levels-1s",
    "uneven",
    "transaction",
    "all-changed",
    "undo",
    "undo-one",
    "rollback",
    "peers-no-op",
    "peers-cold",
    "peers-changed",
    "peers-all-changed",
    "hosts",
    "dead-host",
]


@pytest.fixture
def scene(lab: Lab, hosts: tuple[LabHost, ...], tmp_path: Path) -> Scene:
    grounds, chain = tuple(Ground(lab, host) for host in hosts), {"level1": ()}
    return Scene.make(
        grounds,
        tmp_path,
        needs=TWO,
        chain=chain,
        group=TWO,
        uneven={"a1": 0.1, "b1": 0.2},
        planned=(20, 40),
        checked=(2, 4),
    )


def test_every_experiment_runs_and_says_what_it_found(scene: Scene) -> None:
    shuffle = random.Random(1)  # noqa: S311 - nothing secret
    every = experiments(scene)
    assert [one.name for one in every] == NAMES
    found = [measure(one, 1, shuffle, lambda _: None) for one in every if one.name != ALIKE]
    names = [measured.experiment.name for measured in found]
    assert _value(found, "SSH connections of a no-op") == 1
    assert _value(found, "commands of a no-op") == 1
    assert max(map(len, f"{report.table(found)}\n{report.times(found)}".splitlines())) <= 80
    about = report.machine(scene.ground)
    page = f"before\n{report.BEGIN}\nold\n{report.END}\nafter\n"
    written = report.markdown(found, about, page)
    assert written.startswith("before\n") and written.endswith("after\n") and "\nold\n" not in written
    assert [one["name"] for one in json.loads(report.as_json(found, about))["experiments"]] == names


def test_a_service_that_does_not_run_ends_the_benchmark(scene: Scene) -> None:
    scene.deploy(scene.many)
    scene.ground.host.docker("rm", "--force", "plex-plex-1")
    with pytest.raises(BenchFailed, match="not running after the deploy: plex"):
        scene.ground.expect(scene.many, ordered=True)


def test_an_unknown_experiment_is_told_with_those_that_there_are(scene: Scene) -> None:
    with pytest.raises(BenchFailed, match="no experiment 'warm'; there is list, validate"):
        chosen(experiments(scene), ["warm"])


def test_a_figure_is_the_median_of_its_rounds() -> None:
    assert Spread.of([5, 1, 4, 2, 3]) == Spread(2, 3, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)


def _value(found: list[Measured], title: str) -> float:
    (value,) = [m.values(f)[0] for m in found for f in m.experiment.figures if f.title == title]
    return value
