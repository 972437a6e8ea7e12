"""The cases: every point of a deploy with everything that may happen there, and what has to be true afterwards."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum

from homelab_tasks.ledger import Locked
from homelab_tasks.outcome import Phase
from homelab_tasks.stage import Stage
from tests.hosts.faults.world import PRECIOUS, World, differences, lies
from tests.hosts.homelab import CHECKOUT

PATIENCE = 60  # seconds for a run to notice what happened
BEFORE_STEPS = (Phase.WAITING, Phase.PULLING, Phase.DELIVERING, Phase.BUILDING)  # stages tell of them
FAILING = (Stage.GOING_BACK, Stage.BACK)  # only a run that fails comes there
FILL = "cd /opt/homelab && mount -o remount,size=$(($(df --output=used --block-size=1k . | tail -n 1)))k ."


class Fault(Enum):
    """What happens to a run, or to its host."""

    KILLED = "the client is killed"
    POWER_CUT = "the host's power is cut"
    NETWORK_CUT = "the network is cut"
    DOCKER_KILLED = "dockerd is killed"
    DISK_FULL = "the disk is full"
    SECOND_RUN = "a second deploy is started"


@dataclass(frozen=True, slots=True)
class Point:
    """Where a run is stopped, as the driver names it; `fails`: only a run that does not go well comes there."""

    name: str
    fails: bool = False


@dataclass(frozen=True, slots=True)
class Case:
    """One fault at one point."""

    point: Point
    fault: Fault

    def __str__(self) -> str:
        return f"{self.point.name.lower()}: {self.fault.value}"


def points() -> list[Point]:
    """Every stage of a run, what the first step comes through while it changes something, and the middle."""
    stages = [Point(stage.name, fails=stage in FAILING) for stage in Stage]
    phases = [Point(f"{phase.name} 1") for phase in Phase if phase not in BEFORE_STEPS]
    return [*stages, *phases, Point("WORKING 2"), Point("BACK WORKING 1", fails=True)]


def cases() -> list[Case]:
    """All of them."""
    return [Case(point, fault) for fault in Fault for point in points()]


def run(case: Case, world: World) -> None:
    """Break a deploy; raises AssertionError where something is not as it has to be afterwards."""
    world.next_version(good=not case.point.fails)
    with world.start(case.point.name) as process:
        try:
            _STRIKE[case.fault](world, process)
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


def _go_on(process: subprocess.Popen[str]) -> None:
    assert process.stdin
    process.stdin.write("\n")
    process.stdin.flush()


def _until_it_ends(process: subprocess.Popen[str]) -> None:
    _go_on(process)
    process.wait(PATIENCE)


def _kill(_: World, process: subprocess.Popen[str]) -> None:
    process.kill()


def _cut_power(world: World, process: subprocess.Popen[str]) -> None:
    world.host.crash()
    world.host.boot()
    _until_it_ends(process)


def _cut_network(world: World, process: subprocess.Popen[str]) -> None:
    world.host.cut()
    _until_it_ends(process)
    world.host.heal()


def _kill_docker(world: World, process: subprocess.Popen[str]) -> None:
    world.host.kill_docker()
    _go_on(process)
    world.host.start_docker()
    process.wait(PATIENCE)


def _fill_disk(world: World, process: subprocess.Popen[str]) -> None:
    world.host.check("bash", "-c", FILL)
    _until_it_ends(process)
    world.host.free_disk(CHECKOUT)


def _run_second(world: World, process: subprocess.Popen[str]) -> None:
    with suppress(Locked):  # before the lock, and after it, it is the first that is refused, or has nothing to do
        world.deploy()
    _until_it_ends(process)


_STRIKE: dict[Fault, Callable[[World, subprocess.Popen[str]], None]] = {
    Fault.KILLED: _kill,
    Fault.POWER_CUT: _cut_power,
    Fault.NETWORK_CUT: _cut_network,
    Fault.DOCKER_KILLED: _kill_docker,
    Fault.DISK_FULL: _fill_disk,
    Fault.SECOND_RUN: _run_second,
}
