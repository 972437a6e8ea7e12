"""What may happen to a run that stands still at some point, or to its host; each makes sure that it did happen."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from enum import Enum
from signal import SIGKILL

import pytest

from homelab_tasks.ledger import Locked
from tests.hosts.faults.world import World
from tests.hosts.homelab import CHECKOUT

PATIENCE = 60  # seconds for a run to notice what happened
COMPOSE = "docker-compose .*--project-name app up"  # of the second service, which a run works on in its middle
STOP_AMID = f"""
cd /var/lib/docker/containers; before=$(ls | wc -l); echo ready
until [ "$(ls | wc -l)" -gt "$before" ]; do [ $SECONDS -lt 20 ] || exit; done
pkill -STOP --full '{COMPOSE.replace("app", "[a]pp")}'
"""
FILL = """
cd /opt/homelab
fill() { mount -o remount,size=$(df --output=used --block-size=1k . | tail -n 1 | tr -d ' ')k .; }
fill 2>/dev/null || fill 2>/dev/null || fill # somebody may have written between the two
! head -c 8192 /dev/zero >probe 2>/dev/null; full=$?; rm probe; exit $full
"""


class Fault(Enum):
    """What happens to a run, or to its host."""

    KILLED = "the client is killed"
    POWER_CUT = "the host's power is cut"
    NETWORK_CUT = "the network is cut"
    DOCKER_KILLED = "dockerd is killed"
    DISK_FULL = "the disk is full"
    SECOND_RUN = "a second deploy is started"


@dataclass(frozen=True, slots=True)
class Stopped:
    """A run that waits at a point; `amid`: in the midst of what its step does on the host. `alone`: it has the lock,
    and another one would have something to do.
    """

    world: World
    process: subprocess.Popen[str]
    amid: bool
    alone: bool

    def arrive(self) -> None:
        """Go on into the midst of the step, if that is the point."""
        if not self.amid:
            return
        argv = self.world.host.enter("bash", "-c", STOP_AMID)
        with subprocess.Popen(argv, stdout=subprocess.PIPE, text=True) as watch:
            assert watch.stdout
            assert watch.stdout.readline() == "ready\n"
            self._pass()
        assert watch.returncode == 0, "compose was never seen at work"

    def go_on(self) -> None:
        """Whatever happened meanwhile."""
        if self.amid:
            self.world.host.exec("pkill", "-CONT", "--full", COMPOSE)
        else:
            self._pass()

    def until_it_ends(self) -> None:
        """Go on, and wait for the end."""
        self.go_on()
        self.process.wait(PATIENCE)

    def _pass(self) -> None:
        assert self.process.stdin
        self.process.stdin.write("\n")
        self.process.stdin.flush()


def _kill(stopped: Stopped) -> None:
    stopped.process.kill()
    assert stopped.process.wait() == -SIGKILL
    if stopped.amid:
        stopped.go_on()  # the command that it left on the host


def _cut_power(stopped: Stopped) -> None:
    host = stopped.world.host
    host.crash()
    assert host.pid == 0
    host.boot()
    stopped.until_it_ends()


def _cut_network(stopped: Stopped) -> None:
    host = stopped.world.host
    host.cut()
    assert not host.sshd_answers()
    stopped.until_it_ends()
    host.heal()


def _kill_docker(stopped: Stopped) -> None:
    host = stopped.world.host
    host.kill_docker()
    assert not host.docker_answers()
    stopped.go_on()
    host.start_docker()
    stopped.process.wait(PATIENCE)


def _fill_disk(stopped: Stopped) -> None:
    stopped.world.host.check("bash", "-c", FILL)
    stopped.until_it_ends()
    stopped.world.host.free_disk(CHECKOUT)


def _run_second(stopped: Stopped) -> None:
    holder = f", pid {stopped.process.pid}, "
    with pytest.raises(Locked, match=holder) if stopped.alone else suppress(Locked):
        stopped.world.deploy()
    stopped.until_it_ends()


STRIKE: dict[Fault, Callable[[Stopped], None]] = {
    Fault.KILLED: _kill,
    Fault.POWER_CUT: _cut_power,
    Fault.NETWORK_CUT: _cut_network,
    Fault.DOCKER_KILLED: _kill_docker,
    Fault.DISK_FULL: _fill_disk,
    Fault.SECOND_RUN: _run_second,
}
