"""What the experiments share: the host, the homelabs that are deployed to it, and the names of methods."""

from __future__ import annotations

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from scripts.bench_ground import CHECKOUT, Ground
from scripts.bench_homelab import CHAIN, CHANGING, GROUP, LATE, NEEDS, Homelab
from scripts.bench_model import Round

OURS = "inv deploy-all"
XARGS = "xargs -P4 docker compose up"
PEAK = 60  # MB
EMPTY = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"  # without any, `inv --list` is an error
Needs = Mapping[str, tuple[str, ...]]


@dataclass(frozen=True, slots=True)
class Scene:
    """The ground, the homelabs that are deployed to it, and how many services are planned and validated."""

    ground: Ground
    many: Homelab
    chain: Homelab
    group: Homelab  # the last of its services may be a bad one
    empty: Path  # a folder whose tasks.py has one empty task
    changing: str
    planned: tuple[int, int]
    checked: tuple[int, int]  # services that are validated

    @classmethod
    def make(
        cls,
        ground: Ground,
        folder: Path,
        *,
        needs: Needs = NEEDS,
        chain: Needs = CHAIN,
        group: Needs = GROUP,
        planned: tuple[int, int] = (1_000, 10_000),
        checked: tuple[int, int] = (20, 1_000),
    ) -> Scene:
        """Write the homelabs into `folder`."""
        scene = cls(
            ground,
            Homelab(folder / "many", needs),
            Homelab(folder / "chain", chain, LATE),
            Homelab(folder / "group", group),
            folder / "empty",
            CHANGING,
            planned,
            checked,
        )
        for homelab in (scene.many, scene.chain, scene.group):
            homelab.make(ground.hosts_yaml())
        scene.empty.mkdir()
        (scene.empty / "tasks.py").write_text(EMPTY)
        return scene

    def deploy(self, homelab: Homelab) -> None:
        """A fresh host, then everything deployed."""
        self.ground.host.reset()
        self.ground.inv(homelab, "deploy-all")


def ratio(ours: str, other: str, one: Round) -> float:
    """How much longer one method takes than another."""
    return one[ours].seconds / one[other].seconds


def peak(ours: str, one: Round) -> float:
    """The memory of a method."""
    return one[ours].peak


def xargs(homelab: Homelab, top: str = CHECKOUT) -> str:
    """Compose for every service below the folder `top` of the host, four at once, in no order."""
    pairs = "\n".join(f"{top}/{homelab.folder(name)} {name}" for name in homelab.needs)
    one = 'cd "$0" && docker compose --project-name "$1" up --detach'
    return f"printf '%s\\n' {shlex.quote(pairs)} | xargs -P4 -n2 bash -c {shlex.quote(one)}"
