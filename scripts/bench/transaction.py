"""What it costs that a deploy is a transaction: its records, going back by itself, and going back when told to."""

from __future__ import annotations

import shlex
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.bench.clock import clock
from scripts.bench.homelab import Homelab
from scripts.bench.model import COSTLY, SLOW, Experiment, Figure, Method, Round, Sample
from scripts.bench.peers.contest import OURS
from scripts.bench.scene import XARGS, Scene, ratio
from scripts.bench.shell import xargs

BARE = "the same, nothing locked or written"
UNDO = "inv deploy-all, the last one bad"
REDEPLOY = "inv deploy-all, all of them good"
BACK, THERE = "inv rollback --service", "inv deploy of it"
TIMEOUT = 2  # seconds that a bad service has to become healthy
ADDED = 0.15  # seconds that records may cost
BEFORE, AFTER = "1", "2"  # tags
COPIES = "/tmp/copies"  # noqa: S108 - on the host


def transactions(scene: Scene) -> Iterator[Experiment]:
    """The experiments; each puts the homelab that it uses to the first image."""
    yield _noted(scene)
    yield _all_changed(scene)
    yield _undo(scene, "undo", tuple(scene.group.needs))
    yield _undo(scene, "undo-one", tuple(scene.group.needs)[-1:])
    yield _rollback(scene)


def _bare(homelab: Homelab) -> Sample:
    where = ("--search-root", str(Path(__file__).parent), "--collection", "bare")
    return clock(str(Path(sys.executable).with_name("inv")), *where, "bare", "--yes", folder=homelab.root)[0]


def _added(one: Round) -> float:
    return one[OURS].seconds - one[BARE].seconds


def _noted(scene: Scene) -> Experiment:
    """No container changes, so what is looked for does not drown in how long Docker takes this time."""
    ground, many = scene.ground, scene.many
    arrived = partial(ground.expect_commit, many)
    count = len(many.needs)
    return Experiment(
        "transaction",
        f"Of {count} services a file changed that no container reads: `inv deploy-all`, which looks, asks Compose, "
        "delivers, and writes down, against the same without lock, records and journals.",
        (
            Method(OURS, partial(ground.inv, many, "deploy-all"), reset=many.note, check=arrived),
            Method(BARE, partial(_bare, many), reset=many.note, check=arrived),
        ),
        (Figure(f"added by records, {count} noted", "s", _added, ADDED),),
        prepare=partial(_begin, scene, many, dict.fromkeys(many.needs, BEFORE)),
        rounds=SLOW,
        quick=False,
    )


def _all_changed(scene: Scene) -> Experiment:
    ground, many = scene.ground, scene.many
    old, new = dict.fromkeys(many.needs, BEFORE), dict.fromkeys(many.needs, AFTER)

    def change() -> None:
        _deployed(scene, many, old)
        many.lay(new)

    def copies() -> None:
        _deployed(scene, many, old)
        ground.ssh("; ".join(_copy(many, name) for name in many.needs))

    arrived = partial(ground.expect_images, many, new)
    return Experiment(
        "all-changed",
        "All services get another image: `inv deploy-all`, in order, against `xargs -P4 docker compose up -d` in none.",
        (
            Method(OURS, partial(ground.inv, many, "deploy-all", "--yes"), reset=change, check=arrived),
            Method(XARGS, partial(ground.ssh, xargs(many, COPIES)), reset=copies),
        ),
        (Figure("all changed / unordered xargs -P4", "x", partial(ratio, OURS, XARGS)),),
        prepare=partial(_begin, scene, many, old),
        rounds=COSTLY,
        quick=False,
    )


def _copy(homelab: Homelab, name: str) -> str:
    """What is deployed without the checkout: the other image in a folder of its own."""
    folder = f"{COPIES}/{homelab.folder(name)}"
    return f"mkdir -p {folder} && printf %s {shlex.quote(homelab.compose(name, AFTER))} >{folder}/compose.yml"


def _undo(scene: Scene, name: str, changed: tuple[str, ...]) -> Experiment:
    """The time of going back is taken from the start of the bad container: only then is there something to detect."""
    ground, group, bad = scene.ground, scene.group, changed[-1]
    old, new = dict.fromkeys(group.needs, BEFORE), dict.fromkeys(changed, AFTER)
    deploy = ("deploy-all", "--yes", "--timeout", str(TIMEOUT))

    def fail() -> Sample:
        began = time.time()
        sample = ground.inv(group, *deploy, status=1)
        return replace(sample, since=began + sample.seconds - ground.first_start(bad, since=began))

    def change(failing: str) -> None:
        _deployed(scene, group, old)
        group.lay(new, bad=failing)

    def back(one: Round) -> float:
        return (one[UNDO].since - TIMEOUT) / one[REDEPLOY].seconds

    def whole(one: Round) -> float:
        return (one[UNDO].seconds - TIMEOUT) / one[REDEPLOY].seconds

    count = len(changed)
    return Experiment(
        name,
        f"{count} of a group of {len(group.needs)} services get another image, and the last of them never becomes "
        f"healthy (timeout {TIMEOUT} s): until everything is as before, against a deploy of the same that goes well.",
        (
            Method(
                UNDO,
                fail,
                reset=partial(change, bad),
                check=partial(ground.expect_images, group, old),
            ),
            Method(
                REDEPLOY,
                partial(ground.inv, group, *deploy),
                reset=partial(change, ""),
                check=partial(ground.expect_images, group, old | new),
            ),
        ),
        (
            Figure(f"(undo of {count} - timeout) / redeploy", "x", back, 1.2),
            Figure(f"the same with the deploy of {count} before", "x", whole),
        ),
        prepare=partial(_begin, scene, group, old),
        rounds=COSTLY,
        quick=False,
    )


def _rollback(scene: Scene) -> Experiment:
    ground, many, name = scene.ground, scene.many, scene.changing
    old, new = dict.fromkeys(many.needs, BEFORE), {name: AFTER}

    def change() -> None:
        _deployed(scene, many, old)
        many.lay(new)

    def changed() -> None:
        change()
        ground.inv(many, "deploy", name)

    return Experiment(
        "rollback",
        "One service got another image: `inv rollback --service` against the `inv deploy` that it takes back.",
        (
            Method(
                BACK,
                partial(ground.inv, many, "rollback", "--service", name, "--yes"),
                reset=changed,
                check=partial(ground.expect_images, many, old),
            ),
            Method(
                THERE,
                partial(ground.inv, many, "deploy", name),
                reset=change,
                check=partial(ground.expect_images, many, old | new),
            ),
        ),
        (Figure("rollback of one service / its deploy", "x", partial(ratio, BACK, THERE), 1.2),),
        prepare=partial(_begin, scene, many, old),
        rounds=SLOW,
        quick=False,
    )


def _begin(scene: Scene, homelab: Homelab, tags: Mapping[str, str]) -> None:
    homelab.lay(tags)
    scene.deploy(homelab)


def _deployed(scene: Scene, homelab: Homelab, tags: Mapping[str, str]) -> None:
    """Whatever runs there: these images do, recorded."""
    homelab.lay(tags)
    scene.ground.inv(homelab, "deploy-all", "--yes", "--unpin")
