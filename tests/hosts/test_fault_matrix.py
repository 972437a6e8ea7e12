"""At every point of a deploy whatever may happen there: no stale lock, true records, nothing lost, and it converges."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from queue import SimpleQueue

import pytest

from homelab_tasks.stage import Stage
from tests.hosts.faults.cases import Case, cases, points, run
from tests.hosts.faults.strikes import Fault
from tests.hosts.faults.world import World
from tests.lab import Lab, LabHost

Results = Mapping[Case, Future[None]]


@dataclass(slots=True)
class Bench:
    """A host on which cases are tried one after the other; after one that goes wrong it begins anew."""

    lab: Lab
    host: LabHost
    folder: Path
    worlds: int = 0
    world: World | None = None
    small_disk: bool = False

    def attempt(self, case: Case) -> None:
        """Raises what the case raises."""
        world, self.world = self._world_for(case), None
        run(case, world)
        self.world = world

    def _world_for(self, case: Case) -> World:
        small = case.fault is Fault.DISK_FULL
        if self.world and self.small_disk == small:
            return self.world
        self.host.reset()
        if small:
            self.host.fill_disk(free=1 << 20)  # a filesystem of its own, with plenty of space at first
        self.worlds, self.small_disk = self.worlds + 1, small
        return World.make(self.folder / str(self.worlds), self.lab, self.host)


@pytest.fixture(scope="module")
def results(request: pytest.FixtureRequest, lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Results]:
    """What comes of the cases that were selected, which are tried on all hosts at once."""
    benches = SimpleQueue[Bench]()
    for host in lab.hosts:
        benches.put(Bench(lab, host, tmp_path_factory.mktemp(host.name)))

    def attempt(case: Case) -> None:
        bench = benches.get()
        try:
            bench.attempt(case)
        finally:
            benches.put(bench)

    pool = ThreadPoolExecutor(len(lab.hosts))
    yield {case: pool.submit(partial(attempt, case)) for case in _chosen(request)}
    pool.shutdown(cancel_futures=True)


def _chosen(request: pytest.FixtureRequest) -> list[Case]:
    here = [item for item in request.session.items if isinstance(item, pytest.Function) and hasattr(item, "callspec")]
    params = [item.callspec.params.get("case") for item in here if item.module is request.module]
    return [case for case in params if isinstance(case, Case)]


def test_every_stage_is_tried_with_every_fault() -> None:
    assert {point.name for point in points()} >= {stage.name for stage in Stage}
    assert len(cases()) == len(points()) * len(Fault) >= 40


@pytest.mark.parametrize("case", cases(), ids=str)
def test_a_deploy_that_breaks_leaves_the_truth_and_the_same_again_converges(results: Results, case: Case) -> None:
    results[case].result()
