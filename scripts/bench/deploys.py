"""Deploys that go well: with nothing to do, with one change, and from nothing."""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from typing import ClassVar

from scripts.bench.ground import CHECKOUT
from scripts.bench.model import COSTLY, SLOW, Experiment, Figure, Method, Round
from scripts.bench.peers.contest import OURS
from scripts.bench.scene import PEAK, XARGS, Scene, peak, ratio
from scripts.bench.shell import xargs

FLOOR = "ssh docker ps + sha256sum"
CHANGED = "inv deploy-all, one changed"
UP = "its docker compose up"
LOOK = f"docker ps --all --no-trunc; cd {CHECKOUT} && find services -type f -exec sha256sum {{}} +"


def deploying(scene: Scene) -> Iterator[Experiment]:
    """The experiments. The peers' have all methods and figures of two of them, for who measures without peers."""
    yield _no_op(scene)
    yield _counting(scene)
    yield _changed(scene)
    yield _cold(scene)


def _no_op(scene: Scene) -> Experiment:
    ground = scene.ground
    return Experiment(
        "no-op",
        "Nothing to do: the whole `inv deploy-all` against one OpenSSH process that lists the containers and hashes "
        "the files of all services.",
        (
            Method(OURS, partial(ground.inv, scene.many, "deploy-all")),
            Method(FLOOR, partial(ground.ssh, LOOK)),
        ),
        (
            Figure("no-op / ssh docker ps + sha256sum", "x", partial(ratio, OURS, FLOOR), 1.25),
            Figure("peak memory of a no-op", "MB", partial(peak, OURS), PEAK),
        ),
        prepare=partial(scene.deploy, scene.many),
    )


def _counting(scene: Scene) -> Experiment:
    ground = scene.ground

    def prepare() -> None:
        scene.deploy(scene.many)
        ground.log_sessions()

    return Experiment(
        "counts",
        "What a no-op causes on the host: SSH logins, commands (channels with one each), and tasks (processes and "
        "threads, sshd's own included) against the same OpenSSH process as above.",
        (
            Method(OURS, partial(ground.counted, partial(ground.inv, scene.many, "deploy-all"))),
            Method(FLOOR, partial(ground.counted, partial(ground.ssh, LOOK))),
        ),
        count_figures(),
        prepare=prepare,
        rounds=COSTLY,  # counts hardly differ
        quick=False,
        spare=True,
    )


def count_figures() -> tuple[Figure, ...]:
    """What ours causes on the host."""

    def count(name: str, one: Round) -> float:
        return one[OURS].counts[name]

    def tasks(one: Round) -> float:
        return one[OURS].counts["tasks"] / one[FLOOR].counts["tasks"]

    return (
        Figure("SSH connections of a no-op", "", partial(count, "logins"), 1),
        Figure("commands of a no-op", "", partial(count, "channels"), 1),
        Figure("tasks on the host of a no-op", "", partial(count, "tasks")),
        Figure("the same / ssh docker ps + sha256sum", "x", tasks),
    )


@dataclass(slots=True)
class Alone:
    """A copy of the service that changes, beside the homelab and no part of it: its own `up` is measured on that."""

    scene: Scene
    tag: str = "1"
    up: ClassVar[str] = "cd /tmp/alone && docker compose --project-name alone up --detach --quiet-pull"

    def prepare(self) -> None:
        """A fresh host with everything deployed, and the copy."""
        self.scene.deploy(self.scene.many)
        self._put()
        self.scene.ground.ssh(self.up)

    def flip(self) -> None:
        """Give it the other image."""
        self.tag = {"1": "2", "2": "1"}[self.tag]
        self._put()

    def _put(self) -> None:
        text = self.scene.many.compose(self.scene.changing, self.tag)
        self.scene.ground.ssh(f"mkdir -p /tmp/alone && printf %s {shlex.quote(text)} >/tmp/alone/compose.yml")


def _changed(scene: Scene) -> Experiment:
    """The copy's own `up -d` is timed by the host's own clock."""
    ground, alone = scene.ground, Alone(scene)
    flip = partial(scene.many.flip, scene.changing)

    def extra(one: Round) -> float:
        return (one[CHANGED].seconds - one[OURS].seconds) / one[UP].seconds

    return Experiment(
        "changed",
        "One service gets another image: what that costs more than a no-op, in units of that stack's own "
        "`docker compose up -d` (a copy of it gets the other image, timed on the host itself).",
        (
            Method(OURS, partial(ground.inv, scene.many, "deploy-all")),
            Method(CHANGED, partial(ground.inv, scene.many, "deploy-all"), reset=flip),
            Method(UP, partial(ground.clocked_there, alone.up), reset=alone.flip),
        ),
        (Figure("(one changed - no-op) / its own up -d", "x", extra, 1.3),),
        prepare=alone.prepare,
        rounds=SLOW,
        quick=False,
    )


def cold_figures() -> tuple[Figure, ...]:
    """Ours against the floor."""
    return (
        Figure("cold / unordered xargs -P4", "x", partial(ratio, OURS, XARGS), 1.10),
        Figure("peak memory of a cold deploy", "MB", partial(peak, OURS), PEAK),
    )


def _cold(scene: Scene) -> Experiment:
    ground, many = scene.ground, scene.many
    script = xargs(many)
    return Experiment(
        "cold",
        "No containers, no records; images and the checkout are there. `inv deploy-all`, in dependency order, against "
        "one OpenSSH process with `xargs -P4 docker compose up -d` in no order.",
        (
            Method(
                OURS,
                partial(ground.inv, many, "deploy-all"),
                reset=ground.forget,
                check=partial(ground.expect, many, ordered=True),
            ),
            Method(
                XARGS,
                partial(ground.ssh, script),
                reset=ground.forget,
                check=partial(ground.expect, many, ordered=False),
            ),
        ),
        cold_figures(),
        prepare=partial(scene.deliver, many),
        rounds=COSTLY,
        spare=True,
    )
