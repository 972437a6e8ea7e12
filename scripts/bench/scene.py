"""What the experiments share: the host, the homelabs that are deployed to it, and the names of methods."""

from __future__ import annotations

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.ground import Ground
from scripts.bench.homelab import AT_ONCE, CHAIN, CHANGING, EAGER, GROUP, LATE, NEEDS, UNEVEN, Homelab, late
from scripts.bench.model import Round
from scripts.bench.peers.contest import Contest
from scripts.bench.peers.tools import Installed

XARGS = "xargs -P4 docker compose up"
PEAK = 60  # MB
NO_TOOLS = Installed((), {})
WIDE = 3  # hosts
EMPTY = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"  # without any, `inv --list` is an error
Needs = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Scene:
    """The grounds, the homelabs that are deployed to them, and how many services are planned and validated."""

    grounds: tuple[Ground, ...]
    folder: Path
    tools: Installed
    many: Homelab
    chain: Homelab
    eager: Homelab  # the chain on another host, its health checks each second
    late: Homelab  # the many, each ready a second after its start
    late_eager: Homelab  # the same on another host, their health checks each second
    group: Homelab  # the last of its services may be a bad one
    uneven: Homelab  # services that need different times
    wide: Homelab  # the many on each of three hosts
    broad: Homelab  # the many on each host
    empty: Path  # a folder whose tasks.py has one empty task
    seconds: Mapping[str, float]  # of `uneven`: service -> from its start until it is ready
    changing: str
    planned: tuple[int, int, int]  # services that are compared and planned
    checked: tuple[int, int]  # services that are validated
    quick: bool

    @classmethod
    def make(
        cls,
        grounds: tuple[Ground, ...],
        folder: Path,
        *,
        needs: Needs = NEEDS,
        chain: Needs = CHAIN,
        group: Needs = GROUP,
        uneven: Mapping[str, float] = UNEVEN,
        planned: tuple[int, int, int] = (100, 1_000, 10_000),
        checked: tuple[int, int] = (20, 1_000),
        quick: bool = False,
    ) -> Scene:
        """Write the homelabs into `folder`."""

        def other(names: Needs) -> Mapping[str, str]:
            return dict.fromkeys(names, grounds[1].host.name)

        scene = cls(
            grounds=grounds,
            folder=folder,
            tools=NO_TOOLS,
            many=Homelab(folder / "many", needs),
            chain=Homelab(folder / "chain", chain, LATE),
            eager=Homelab(folder / "eager", chain, EAGER, other(chain)),
            late=Homelab(folder / "late", needs, LATE),
            late_eager=Homelab(folder / "late-eager", needs, EAGER, other(needs)),
            group=Homelab(folder / "group", group),
            uneven=_chains(folder / "uneven", uneven),
            wide=_spread(folder / "wide", needs, grounds[:WIDE]),
            broad=_spread(folder / "broad", needs, grounds),
            empty=folder / "empty",
            seconds=uneven,
            changing=CHANGING,
            planned=planned,
            checked=checked,
            quick=quick,
        )
        for homelab in scene.homelabs:
            used = {homelab.host_of(name) for name in homelab.needs}
            rows = [ground.host_row() for ground in grounds if ground.host.name in used]
            homelab.make(f"hosts:\n{''.join(rows)}")
        scene.empty.mkdir()
        (scene.empty / "tasks.py").write_text(EMPTY)
        return scene

    @property
    def homelabs(self) -> tuple[Homelab, ...]:
        """All of them."""
        onto_one = (self.many, self.chain, self.eager, self.late, self.late_eager, self.group, self.uneven)
        return (*onto_one, self.wide, self.broad)

    @property
    def ground(self) -> Ground:
        """The first host, which is the only one of most experiments."""
        return self.grounds[0]

    @property
    def rivals(self) -> Homelab:
        """What the peers deploy too; some of them take a second for each service, even with nothing to do."""
        return self.group if self.quick else self.many

    def contest(self, homelab: Homelab) -> Contest:
        """Ours and the peers, with this homelab."""
        used = {homelab.host_of(name) for name in homelab.needs}
        grounds = tuple(ground for ground in self.grounds if ground.host.name in used)
        return Contest(homelab, grounds, self.folder / f"{homelab.root.name}-peers", self.tools)

    def ground_of(self, homelab: Homelab) -> Ground:
        """The host of a homelab that has only one."""
        (name,) = {homelab.host_of(name) for name in homelab.needs}
        return next(ground for ground in self.grounds if ground.host.name == name)

    def forget(self) -> None:
        """No containers on any host, no records: a health check each second would slow down all that comes after it."""
        with ThreadPoolExecutor() as pool:
            list(pool.map(Ground.forget, self.grounds))

    def deploy(self, homelab: Homelab) -> None:
        """A fresh host, then everything deployed."""
        self.ground.clean()
        self.ground.inv(homelab, "deploy-all")

    def deliver(self, homelab: Homelab) -> None:
        """A fresh host, then the checkout and one service: all of them would only be forgotten again."""
        ground = self.ground_of(homelab)
        ground.clean()
        ground.inv(homelab, "deploy", ",".join(homelab.firsts))


def _chains(root: Path, seconds: Mapping[str, float]) -> Homelab:
    """a2 needs a1, and so on; each is ready so many seconds after its start."""
    needs = {name: (f"{name[0]}{int(name[1]) - 1}",) if name[1] != "1" else () for name in seconds}
    return Homelab(root, needs, bodies={name: late(number, AT_ONCE) for name, number in seconds.items()})


def _spread(root: Path, needs: Needs, grounds: tuple[Ground, ...]) -> Homelab:
    """The same services on each host, of other names."""
    hosts = [ground.host.name for ground in grounds]
    where = {f"{host}{name}": host for host in hosts for name in needs}
    copies = {f"{host}{name}": tuple(f"{host}{n}" for n in other) for host in hosts for name, other in needs.items()}
    return Homelab(root, copies, where=where)


def ratio(ours: str, other: str, one: Round) -> float:
    """How much longer one method takes than another."""
    return one[ours].seconds / one[other].seconds


def peak(ours: str, one: Round) -> float:
    """The memory of a method."""
    return one[ours].peak
