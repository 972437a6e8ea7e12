"""Dependents that wait for health: against the critical path, and against `docker compose up --wait` in order."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

from scripts.bench.clock import busy
from scripts.bench.homelab import Homelab
from scripts.bench.model import COSTLY, Experiment, Figure, Method, Round
from scripts.bench.peers.contest import OURS
from scripts.bench.scene import Scene, ratio
from scripts.bench.shell import four_at_once, knowing, longest, one_by_one

PATH = "sum of 1 s + docker compose up"
WAIT, WAIT_1S = "up --wait, one by one", "up --wait, one by one, 1 s"
LONGEST, ROUNDS = "the longest chain alone", "up --wait, level by level"
KNOWING = "a script that knows"
OURS_1S = "inv deploy-all, 1 s"
READY_AFTER = 1.0  # seconds, as LATE has it
INTERVALS = "a health check at Docker's default interval of 30 s, and on another host one with `interval: 1s`"


def waiting(scene: Scene) -> Iterator[Experiment]:
    """What is ready a second after its start, at either interval, and what takes different times."""
    yield _levels(scene)
    yield _graph(scene)
    yield _uneven(scene)


def _levels(scene: Scene) -> Experiment:
    """The critical path has no SSH and no Python in it: nothing can be faster. It does not hang on the interval."""
    chain, eager = scene.chain, scene.eager
    slow = () if scene.quick else (_wait(scene, chain, WAIT),)  # half a minute for each service
    return Experiment(
        "levels",
        f"{len(chain.needs)} levels of services that are ready 1 s after their start, with {INTERVALS}: against the "
        "sum of each level's own `docker compose up -d` (timed on the host itself) and its second, and against one "
        "`ssh` with `docker compose up -d --wait` for each, one after the other.",
        (
            _ours(scene, chain, OURS),
            _ours(scene, eager, OURS_1S),
            _path(scene, chain, PATH, dict.fromkeys(chain.needs, READY_AFTER)),
            *slow,
            _wait(scene, eager, WAIT_1S),
        ),
        (
            Figure("levels / critical path", "x", partial(ratio, OURS, PATH), 1.15),
            Figure("levels, 1 s / critical path", "x", partial(ratio, OURS_1S, PATH), 1.15),
            *(Figure(f"levels / {WAIT}", "x", partial(ratio, OURS, WAIT), 0.1, of=(WAIT,)) for _ in slow),
            Figure("levels, 1 s / up --wait, one by one", "x", partial(ratio, OURS_1S, WAIT_1S), of=(WAIT_1S,)),
        ),
        prepare=partial(_deliver, scene, chain, eager),
        rounds=COSTLY,
    )


def _graph(scene: Scene) -> Experiment:
    """The path has the processors for itself; the script shares them among all services, as every deploy has to."""
    late, eager = scene.late, scene.late_eager
    ground, seconds = scene.ground_of(late), dict.fromkeys(late.needs, READY_AFTER)
    script = partial(busy, partial(ground.clocked_there, knowing(late, READY_AFTER)))
    return Experiment(
        "graph",
        f"{len(late.needs)} services in the usual order, each ready 1 s after its start, with {INTERVALS}. Against the "
        f"longest chain alone ({len(longest(late.needs, seconds))} services: each one's own `docker compose up -d` and "
        "its second), which has the processors for itself; and against all services in order by a script on the host "
        "that knows when each is ready and which are urgent, without asking, SSH or Python: what the processors allow.",
        (
            _ours(scene, late, OURS),
            _ours(scene, eager, OURS_1S),
            _path(scene, late, PATH, seconds),
            Method(KNOWING, script, scene.forget, _check(scene, late)),
            _wait(scene, eager, WAIT_1S),
        ),
        (
            Figure("graph / critical path", "x", partial(ratio, OURS, PATH), 1.15),
            Figure("graph, 1 s / critical path", "x", partial(ratio, OURS_1S, PATH), 1.15),
            Figure(f"graph: {KNOWING} / path", "x", partial(ratio, KNOWING, PATH)),
            Figure("graph: processors busy in it", "%", _busy),
            Figure(f"graph / {KNOWING}", "x", partial(ratio, OURS, KNOWING)),
            Figure(f"graph, 1 s / {KNOWING}", "x", partial(ratio, OURS_1S, KNOWING)),
            Figure("graph, 1 s / up --wait, one by one", "x", partial(ratio, OURS_1S, WAIT_1S), of=(WAIT_1S,)),
        ),
        prepare=partial(_deliver, scene, late, eager),
        rounds=COSTLY,
        quick=False,
    )


def _busy(one: Round) -> float:
    return one[KNOWING].counts["busy"]


def _uneven(scene: Scene) -> Experiment:
    homelab, ground = scene.uneven, scene.ground_of(scene.uneven)
    by_level = partial(ground.ssh, _level_by_level(homelab))
    return Experiment(
        "uneven",
        f"{len(homelab.needs)} services in chains, on each level another one takes its time; Docker looks at their "
        "health five times a second. Against the longest chain alone (as above), against one level after the other "
        "(`xargs -P4 docker compose up -d --wait` for each) and against one service after the other.",
        (
            _ours(scene, homelab, OURS),
            _path(scene, homelab, LONGEST, scene.seconds),
            Method(ROUNDS, by_level, scene.forget, _check(scene, homelab), rare=True),
            _wait(scene, homelab, WAIT),
        ),
        tuple(
            Figure(f"uneven / {name}", "x", partial(ratio, OURS, name), target, of=(name,))
            for name, target in ((LONGEST, 1.15), (ROUNDS, 0), (WAIT, 0))
        ),
        prepare=partial(_deliver, scene, homelab),
        rounds=COSTLY,
        quick=False,
    )


def _deliver(scene: Scene, *homelabs: Homelab) -> None:
    for homelab in homelabs:
        scene.deliver(homelab)


def _ours(scene: Scene, homelab: Homelab, name: str) -> Method:
    ground = scene.ground_of(homelab)
    return Method(name, partial(ground.inv, homelab, "deploy-all", "--yes"), scene.forget, _check(scene, homelab))


def _path(scene: Scene, homelab: Homelab, name: str, seconds: Mapping[str, float]) -> Method:
    """The chain that takes longest, by itself."""
    ground, chain = scene.ground_of(homelab), longest(homelab.needs, seconds)
    run = partial(ground.clocked_there, one_by_one(homelab, chain), plus=sum(seconds[name] for name in chain))
    return Method(name, run, scene.forget)


def _wait(scene: Scene, homelab: Homelab, name: str) -> Method:
    """It takes a whole interval for each service, so it is rare."""
    ground, script = scene.ground_of(homelab), one_by_one(homelab, homelab.needs, "--wait")
    return Method(name, partial(ground.ssh, script), scene.forget, _check(scene, homelab), rare=True)


def _check(scene: Scene, homelab: Homelab) -> partial[None]:
    return partial(scene.ground_of(homelab).expect, homelab, ordered=True)


def _level_by_level(homelab: Homelab) -> str:
    levels = [[name for name in homelab.needs if name[1] == n] for n in sorted({name[1] for name in homelab.needs})]
    return " && ".join(four_at_once(homelab, level, flag="--detach --wait") for level in levels)
