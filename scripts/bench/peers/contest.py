"""Ours and the peers on the same hosts, with the same services: laid out, reset and checked in one way for all."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TypeAlias

from scripts.bench.clock import clock_any
from scripts.bench.ground import Ground
from scripts.bench.homelab import Homelab
from scripts.bench.model import BenchFailed, Method, Sample, nothing
from scripts.bench.peers import ansible, compose_farm, host_python, just, pyinfra
from scripts.bench.peers.stacks import Stacks
from scripts.bench.peers.tools import ANSIBLE, COMPOSE_FARM, JUST, PYINFRA, Installed, Tool
from scripts.bench.peers.way import Ended, Way

OURS = "inv deploy-all"
OLD, NEW = "1", "2"  # tags
Tags: TypeAlias = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Peer:
    """What a tool needs in the repo, what else it needs, and the ways to deploy with it."""

    tool: Tool
    files: Callable[[Stacks], Mapping[str, str]]
    ways: Callable[[Stacks], Iterator[Way]]
    ready: Callable[[Stacks], None] = lambda _: None


PEERS = (
    Peer(JUST, just.files, just.ways, just.put_on_host),
    Peer(COMPOSE_FARM, compose_farm.files, compose_farm.ways, compose_farm.make_home),
    Peer(PYINFRA, pyinfra.files, pyinfra.ways),
    Peer(ANSIBLE, ansible.files, ansible.ways, lambda stacks: host_python.give(stacks.grounds.values())),
)


@dataclass(frozen=True, slots=True)
class Checks:
    """Raise BenchFailed where the work was not done; the first also where something started too early."""

    in_order: Callable[[], None]
    done: Callable[[], None]

    def of(self, way: Way) -> Callable[[], None]:
        """The one that the way has to stand."""
        return self.in_order if way.ordered else self.done


@dataclass(frozen=True, slots=True)
class Contest:
    """A homelab on some hosts, and the peers that are installed."""

    homelab: Homelab
    grounds: tuple[Ground, ...]
    root: Path  # the peers' repo
    tools: Installed

    @property
    def stacks(self) -> Stacks:
        """The peers' form of the homelab."""
        return Stacks(self.root, self.homelab, {ground.host.name: ground for ground in self.grounds})

    @property
    def ways(self) -> tuple[Way, ...]:
        """Of all peers that are installed, those that can deploy to so many hosts."""
        found = (way for peer in self._peers for way in peer.ways(self.stacks))
        return tuple(way for way in found if len(self.grounds) == 1 or not way.one_host)

    @property
    def old(self) -> Tags:
        """The first image for every service."""
        return dict.fromkeys(self.homelab.needs, OLD)

    def prepare(self) -> None:
        """Fresh hosts that know every peer, with everything deployed."""
        self._prepare("deploy-all", "--yes")

    def prepare_cold(self) -> None:
        """The same with one service a host, as all of them would only be forgotten again."""
        self._prepare("deploy", ",".join(self.homelab.firsts))

    def _prepare(self, *deploy: str) -> None:
        self.each(lambda ground: ground.clean())
        self.each(lambda ground: ground.log_sessions())
        self.homelab.lay(self.old)
        self._first.inv(self.homelab, *deploy)
        self.stacks.make({name: text for peer in self._peers for name, text in peer.files(self.stacks).items()})
        for peer in self._peers:
            peer.ready(self.stacks)
        self.stacks.settle(self.old)

    def forget(self) -> None:
        """No containers, no records; files and images stay."""
        self.each(lambda ground: ground.forget())

    def go_back(self, tags: Tags) -> None:
        """Everything runs with the first image, recorded; then these images are wanted, and no host knows."""
        self.homelab.lay(self.old)
        self._first.inv(self.homelab, "deploy-all", "--yes", "--unpin")
        self.stacks.settle(self.old)
        self.homelab.lay(tags)
        self.stacks.change(tags)

    def ours(self) -> Sample:
        """The real `inv`."""
        return self._first.inv(self.homelab, "deploy-all", "--yes")

    def try_ours(self, limit: float) -> Ended:
        """The same with whatever exit status."""
        inv = str(Path(sys.executable).with_name("inv"))
        return clock_any(inv, "deploy-all", "--yes", folder=self.homelab.root, limit=limit)

    def methods(
        self,
        checks: Checks,
        reset: Callable[[], None] = nothing,
        around: Callable[[Callable[[], Sample]], Sample] = lambda run: run(),
    ) -> tuple[Method, ...]:
        """Ours first, then all peers'; `around` runs what is timed."""
        own = Method(OURS, partial(around, self.ours), reset, checks.in_order)
        runs = ((way, partial(around, partial(_run, way))) for way in self.ways)
        return own, *(Method(way.name, run, reset, checks.of(way), rare=way.rare) for way, run in runs)

    def checks(self, tags: Tags) -> Checks:
        """That every service runs with its image, and for those that promise it, that it started in order."""
        return Checks(partial(self._expect, tags, ordered=True), partial(self._expect, tags, ordered=False))

    def each(self, act: Callable[[Ground], None]) -> None:
        """Do it on all hosts at once."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(act, self.grounds))

    def _expect(self, tags: Tags, *, ordered: bool) -> None:
        for ground in self.grounds:
            ground.expect_running({n: tag for n, tag in tags.items() if self.homelab.host_of(n) == ground.host.name})
            ground.expect(self.homelab, ordered=ordered)

    @property
    def _peers(self) -> tuple[Peer, ...]:
        return tuple(peer for peer in PEERS if peer.tool in self.tools.tools)

    @property
    def _first(self) -> Ground:
        return self.grounds[0]


def _run(way: Way) -> Sample:
    sample, ended, said = way.run()
    if ended:
        raise BenchFailed(f"{way.name}: exit {ended}: {said.strip()[-1500:]}")
    return sample
