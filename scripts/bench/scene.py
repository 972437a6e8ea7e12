"""What the experiments share: the host, the homelabs that are deployed to it, and the names of methods."""

from __future__ import annotations

import shlex
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench.ground import CHECKOUT, Ground
from scripts.bench.homelab import AT_ONCE, CHAIN, CHANGING, EAGER, GROUP, LATE, NEEDS, UNEVEN, Homelab, late
from scripts.bench.model import Round
from scripts.bench.peers.contest import Contest
from scripts.bench.peers.tools import Installed

XARGS = "xargs -P4 docker compose up"
PEAK = 60  # MB
NO_TOOLS = Installed((), {})
WIDE = 3  # hosts
COSTLY = 3  # rounds of what takes many seconds
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
    eager: Homelab  # the chain, its health checks each second
    group: Homelab  # the last of its services may be a bad one
    uneven: Homelab  # services that need different times
    wide: Homelab  # the many on each of three hosts
    broad: Homelab  # the many on each host
    empty: Path  # a folder whose tasks.py has one empty task
    seconds: Mapping[str, float]  # of `uneven`: service -> from its start until it is ready
    changing: str
    planned: tuple[int, int]
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
        planned: tuple[int, int] = (1_000, 10_000),
        checked: tuple[int, int] = (20, 1_000),
        quick: bool = False,
    ) -> Scene:
        """Write the homelabs into `folder`."""
        scene = cls(
            grounds=grounds,
            folder=folder,
            tools=NO_TOOLS,
            many=Homelab(folder / "many", needs),
            chain=Homelab(folder / "chain", chain, LATE),
            eager=Homelab(folder / "eager", chain, EAGER),
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
        for homelab in (scene.many, scene.chain, scene.group, scene.eager, scene.uneven, scene.wide, scene.broad):
            used = {homelab.host_of(name) for name in homelab.needs}
            rows = [ground.host_row() for ground in grounds if ground.host.name in used]
            homelab.make(f"hosts:\n{''.join(rows)}")
        scene.empty.mkdir()
        (scene.empty / "tasks.py").write_text(EMPTY)
        return scene

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

    def deploy(self, homelab: Homelab) -> None:
        """A fresh host, then everything deployed."""
        self.ground.host.reset()
        self.ground.inv(homelab, "deploy-all")


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


def xargs(homelab: Homelab, top: str = CHECKOUT, host: str = "h1") -> str:
    """Compose for every service of the host below its folder `top`, four at once, in no order."""
    return four_at_once(homelab, [name for name in homelab.needs if homelab.host_of(name) == host], top)


def four_at_once(homelab: Homelab, names: Iterable[str], top: str = CHECKOUT, flag: str = "--detach") -> str:
    """Compose for these services."""
    pairs = "\n".join(f"{top}/{homelab.folder(name)} {name}" for name in names)
    one = f'cd "$0" && docker compose --project-name "$1" up {flag}'
    return f"printf '%s\\n' {shlex.quote(pairs)} | xargs -P4 -n2 bash -c {shlex.quote(one)}"
