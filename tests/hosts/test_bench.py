"""The benchmark's machinery, with two services and one round: every experiment runs and gives its figures."""

from __future__ import annotations

import json
import random
from pathlib import Path

import pytest

from scripts.bench import page, report
from scripts.bench.experiments import chosen, experiments
from scripts.bench.ground import Ground
from scripts.bench.machine import machine
from scripts.bench.model import BenchFailed, Measured, Spread, measure
from scripts.bench.scene import Scene
from tests.lab import Lab, LabHost

TWO = {"vpn": (), "plex": ("vpn",)}
NAMES = [
    "list",
    "help",
    "validate",
    "validate-many",
    "planning-unchanged",
    "planning-changed",
    "no-op",
    "counts",
    "changed",
    "cold",
    "levels",
    "graph",
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
    "far-no-op",
    "far-changed",
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
        planned=(10, 20, 40),
        checked=(2, 4),
        quick=True,  # without what takes half a minute for each service
    )


def test_every_experiment_runs_and_says_what_it_found(scene: Scene) -> None:
    shuffle = random.Random(1)  # noqa: S311 - nothing secret
    every = experiments(scene)
    assert [one.name for one in every] == NAMES
    found = [measure(one, 1, shuffle, lambda _: None) for one in every]
    names = [measured.experiment.name for measured in found]
    assert _values(found, "SSH connections of a no-op") == [1, 1]
    assert _values(found, "commands of a no-op") == [1, 1]
    told = "\n".join([report.table(found), report.times(found), report.counts(found)])
    assert max(map(len, told.splitlines())) <= 80
    about = machine(scene.ground)
    written = page.markdown(found, about, f"before\n{page.BEGIN}\nold\n{page.END}\nafter\n")
    assert written.startswith("before\n") and written.endswith("after\n") and "\nold\n" not in written
    assert [one["name"] for one in json.loads(report.as_json(found, about))["experiments"]] == names


def test_a_service_that_does_not_run_ends_the_benchmark(scene: Scene) -> None:
    scene.deploy(scene.many)
    scene.ground.host.docker("rm", "--force", "plex-plex-1")
    with pytest.raises(BenchFailed, match="not running after the deploy: plex"):
        scene.ground.expect(scene.many, ordered=True)


def test_an_unknown_experiment_is_told_with_those_that_there_are(scene: Scene) -> None:
    with pytest.raises(BenchFailed, match="no experiment 'warm'; there is list, help, validate"):
        chosen(experiments(scene), ["warm"])


def test_a_figure_is_the_median_of_its_rounds() -> None:
    assert Spread.of([5, 1, 4, 2, 3]) == Spread(2, 3, 4)
    assert Spread.of([7]) == Spread(7, 7, 7)


def _values(found: list[Measured], title: str) -> list[float]:
    return [m.values(f)[0] for m in found for f in m.experiment.figures if f.title == title]
