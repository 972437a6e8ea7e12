"""The cases: every point of a deploy with everything that may happen there, and what has to be true afterwards."""

from __future__ import annotations

from dataclasses import dataclass

from homelab_tasks.outcome import Phase
from homelab_tasks.stage import Stage
from tests.hosts.faults.strikes import PATIENCE, STRIKE, Fault, Stopped
from tests.hosts.faults.world import PRECIOUS, World, differences, lies

BEFORE_STEPS = (Phase.WAITING, Phase.PULLING, Phase.DELIVERING, Phase.BUILDING)  # stages tell of them
FAILING = (Stage.GOING_BACK, Stage.BACK)  # only a run that fails comes there
BEFORE_LOCK = (Stage.CONNECTED, Stage.RESOLVED)  # or while it is being taken
NOTHING_LEFT = (Stage.EXECUTED, Stage.RECORDED)  # to do, for another run


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run is stopped, as the driver names it; `fails`: only a run that does not go well comes there.
    `amid`: its command is stopped too, when the new container is made and the old one not yet replaced. `alone`:
    whoever wants the same then is refused.
    """

    name: str
    fails: bool = False
    amid: bool = False
    alone: bool = True

    def __str__(self) -> str:
        return f"amid {self.name.lower()}" if self.amid else self.name.lower()


@dataclass(frozen=True, slots=True)
class Case:
    """One fault at one point."""

    point: Point
    fault: Fault

    def __str__(self) -> str:
        return f"{self.point}: {self.fault.value}"


def points() -> list[Point]:
    """Every stage of a run, what the first step comes through while it changes something, and the middle."""
    together = (*BEFORE_LOCK, *NOTHING_LEFT)
    stages = [Point(stage.name, fails=stage in FAILING, alone=stage not in together) for stage in Stage]
    phases = [Point(f"{phase.name} 1") for phase in Phase if phase not in BEFORE_STEPS]
    middle = [Point("WORKING 2"), Point("WORKING 2", amid=True), Point("BACK WORKING 1", fails=True)]
    return [*stages, *phases, *middle]


def cases() -> list[Case]:
    """All of them."""
    return [Case(point, fault) for fault in Fault for point in points()]


def run(case: Case, world: World) -> None:
    """Break a deploy; raises AssertionError where something is not as it has to be afterwards."""
    world.next_version(good=not case.point.fails)
    with world.start(case.point.name) as process:
        try:
            stopped = Stopped(world, process, amid=case.point.amid, alone=case.point.alone)
            stopped.arrive()
            STRIKE[case.fault](stopped)
            _, said = process.communicate(timeout=PATIENCE)
        finally:
            process.kill()
    assert "Traceback" not in said, said
    _is_true(world)
    if case.point.fails:
        assert world.deploy()
        _is_true(world)
        world.next_version()
    world.converge()
    truth = world.look()
    wrong = [*lies(world, truth), *differences(world, truth)]
    assert not wrong, wrong
    assert world.precious() == PRECIOUS


def _is_true(world: World) -> None:
    wrong = lies(world, world.look())
    assert not wrong, wrong
