"""Dependents that wait for health: against the critical path, and against `docker compose up --wait` in order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial

from scripts.bench.ground import CHECKOUT
from scripts.bench.homelab import Homelab
from scripts.bench.model import Experiment, Figure, Method
from scripts.bench.peers.contest import OURS
from scripts.bench.scene import COSTLY, Scene, four_at_once, ratio

PATH = "sum of 1 s + docker compose up"
WAIT = "up --wait, one by one"
LONGEST, ROUNDS = "the longest chain alone", "up --wait, level by level"
READY_AFTER = 1.0  # seconds, as LATE has it


def waiting(scene: Scene) -> Iterator[Experiment]:
    """A health check at Docker's default interval of 30 s, and one that Docker runs every second."""
    yield _levels(scene, scene.chain, "levels", "at Docker's default interval of 30 s", faster=0.1)
    yield _levels(scene, scene.eager, "levels-1s", "each second")
    yield _uneven(scene)


def _levels(scene: Scene, homelab: Homelab, name: str, often: str, *, faster: float = 0) -> Experiment:
    """The critical path has no SSH and no Python in it: nothing can be faster. `up --wait` is rare where it is slow."""
    ground, check = scene.ground, partial(scene.ground.expect, homelab, ordered=True)
    path = partial(ground.clocked_there, _in_order(homelab, ""), plus=READY_AFTER * len(homelab.needs))
    return Experiment(
        name,
        f"{len(homelab.needs)} levels of services that are ready 1 s after their start, with a health check {often}: "
        "against the sum of each level's own `docker compose up -d` (timed on the host itself) and its second, and "
        "against one `ssh` with `docker compose up -d --wait` for each, one after the other.",
        (
            Method(OURS, partial(ground.inv, homelab, "deploy-all", "--yes"), ground.forget, check),
            Method(PATH, path, ground.forget, check),
            Method(WAIT, partial(ground.ssh, _in_order(homelab, "--wait")), ground.forget, check, rare=bool(faster)),
        ),
        (
            Figure(f"{name} / critical path", "x", partial(ratio, OURS, PATH), 1.15),
            Figure(f"{name} / {WAIT}", "x", partial(ratio, OURS, WAIT), faster, of=(WAIT,)),
        ),
        prepare=partial(scene.deploy, homelab),
        rounds=COSTLY,
        quick=not faster,
    )


def _uneven(scene: Scene) -> Experiment:
    ground, homelab = scene.ground, scene.uneven
    check = partial(ground.expect, homelab, ordered=True)
    longest = _longest(scene)
    seconds = sum(scene.seconds[name] for name in longest)
    path = partial(ground.clocked_there, _lines(homelab, longest, ""), plus=seconds)
    return Experiment(
        "uneven",
        f"{len(homelab.needs)} services in chains, on each level another one takes its time; Docker looks at their "
        "health five times a second. Against the longest chain alone (as above), against one level after the other "
        "(`xargs -P4 docker compose up -d --wait` for each) and against one service after the other.",
        (
            Method(OURS, partial(ground.inv, homelab, "deploy-all", "--yes"), ground.forget, check),
            Method(LONGEST, path, ground.forget),
            Method(ROUNDS, partial(ground.ssh, _level_by_level(homelab)), ground.forget, check),
            Method(WAIT, partial(ground.ssh, _in_order(homelab, "--wait")), ground.forget, check, rare=True),
        ),
        tuple(
            Figure(f"uneven / {name}", "x", partial(ratio, OURS, name), target, of=(name,))
            for name, target in ((LONGEST, 1.15), (ROUNDS, 0), (WAIT, 0))
        ),
        prepare=partial(scene.deploy, homelab),
        rounds=COSTLY,
        quick=False,
    )


def _longest(scene: Scene) -> list[str]:
    """The chain that takes most seconds."""
    names = scene.uneven.needs
    chains = [[name for name in names if name[0] == letter] for letter in sorted({name[0] for name in names})]
    return max(chains, key=lambda chain: sum(scene.seconds[name] for name in chain))


def _level_by_level(homelab: Homelab) -> str:
    levels = [[name for name in homelab.needs if name[1] == n] for n in sorted({name[1] for name in homelab.needs})]
    return " && ".join(four_at_once(homelab, level, flag="--detach --wait") for level in levels)


def _in_order(homelab: Homelab, flag: str) -> str:
    return _lines(homelab, homelab.needs, flag)


def _lines(homelab: Homelab, names: Iterable[str], flag: str) -> str:
    """A line for each service, as a script or a Justfile has them."""
    folders = ((f"{CHECKOUT}/{homelab.folder(name)}", name) for name in names)
    return " && ".join(f"cd {f} && docker compose --project-name {n} up --detach {flag}" for f, n in folders)
