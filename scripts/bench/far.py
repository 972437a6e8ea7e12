"""A host at the end of a long line, as through a VPN: here round trips count, and little else."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial

from scripts.bench.deploys import CHANGED, FLOOR, LOOK, Alone
from scripts.bench.model import COSTLY, SLOW, Experiment, Figure, Method, Sample
from scripts.bench.peers.contest import OURS, Checks
from scripts.bench.scene import Scene, ratio

ROUND_TRIP = 0.06  # seconds
BY_HAND = "ssh its docker compose up"


def far_away(scene: Scene) -> Iterator[Experiment]:
    """The experiments."""
    yield _no_op(scene)
    yield _changed(scene)


def _away(scene: Scene, run: Callable[[], Sample]) -> Sample:
    with scene.ground.host.moved_away(ROUND_TRIP / 2):
        return run()


def _no_op(scene: Scene) -> Experiment:
    contest = scene.contest(scene.rivals)
    away, runs = partial(_away, scene), partial(scene.ground.expect_running, contest.old)
    own, *peers = contest.methods(Checks(runs, runs), around=away)
    methods = (own, Method(FLOOR, partial(away, partial(scene.ground.ssh, LOOK))))
    return Experiment(
        "far-no-op",
        f"{len(contest.old)} services, nothing to do, and each packet to the host and back takes "
        f"{ROUND_TRIP * 1e3:.0f} ms more. Peers run in one of three rounds.",
        (*methods, *(replace(peer, rare=True) for peer in peers)),
        (
            Figure("far no-op / ssh docker ps + sha256sum", "x", partial(ratio, OURS, FLOOR)),
            *(Figure(f"far no-op / {p.name}", "x", partial(ratio, OURS, p.name), of=(p.name,)) for p in peers),
        ),
        prepare=contest.prepare,
        peers=True,
        rounds=COSTLY,
        quick=False,
    )


def _changed(scene: Scene) -> Experiment:
    """By hand is what somebody types who knows which service it is, and whose file is there already."""
    ground, alone, away = scene.ground, Alone(scene), partial(_away, scene)
    ours = partial(ground.inv, scene.many, "deploy-all")
    return Experiment(
        "far-changed",
        "One of twenty services gets another image, over the same line; and one OpenSSH process that runs nothing but "
        "that stack's own `docker compose up -d`.",
        (
            Method(CHANGED, partial(away, ours), reset=partial(scene.many.flip, scene.changing)),
            Method(BY_HAND, partial(away, partial(ground.ssh, alone.up)), reset=alone.flip),
        ),
        (Figure("far, one changed / ssh its up -d", "x", partial(ratio, CHANGED, BY_HAND)),),
        prepare=alone.prepare,
        rounds=SLOW,
        quick=False,
    )
