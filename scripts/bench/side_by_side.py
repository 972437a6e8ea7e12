"""The same work by ours and by the peers, on one host: nothing to do, from nothing, one changed, all changed."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

from scripts.bench.deploys import FLOOR, LOOK, cold_figures, count_figures
from scripts.bench.model import COSTLY, BenchFailed, Experiment, Figure, Method
from scripts.bench.peers.ansible import RUN as ANSIBLE
from scripts.bench.peers.compose_farm import UP as COMPOSE_FARM
from scripts.bench.peers.contest import NEW, OURS, Checks, Contest, Tags
from scripts.bench.peers.just import ON_HOST, OVER_SSH
from scripts.bench.scene import XARGS, Scene, ratio
from scripts.bench.shell import xargs

NO_OP_TARGETS = {COMPOSE_FARM: 0.2, OVER_SSH: 0.06, ANSIBLE: 0.03}
COLD_TARGETS = {COMPOSE_FARM: 1.0, ON_HOST: 0.7}


def side_by_side(scene: Scene) -> Iterator[Experiment]:
    """The experiments; the first also counts what each causes on the host."""
    contest = scene.contest(scene.rivals)
    yield _no_op(scene, contest)
    yield _cold(scene, contest)
    yield _changed(contest, "peers-changed", {**contest.old, scene.changing: NEW})
    yield _changed(contest, "peers-all-changed", dict.fromkeys(contest.old, NEW))


def _no_op(scene: Scene, contest: Contest) -> Experiment:
    """A peer that starts a container anew has done something else than nothing."""
    ground, before = scene.ground, set[frozenset[str]]()

    def prepare() -> None:
        contest.prepare()
        before.add(ground.containers())

    def untouched() -> None:
        if {ground.containers()} != before:
            raise BenchFailed("there was nothing to do, and yet containers are not the same")

    methods = contest.methods(Checks(untouched, untouched), around=ground.counted)
    ssh = Method(FLOOR, partial(ground.counted, partial(ground.ssh, LOOK)))
    return Experiment(
        "peers-no-op",
        f"{len(contest.old)} services, nothing to do; and what each way causes on the host: SSH logins, channels, and "
        "tasks (processes and threads).",
        (*methods, ssh),
        (*_ratios("no-op", methods, {} if scene.quick else NO_OP_TARGETS), *count_figures()),
        prepare=prepare,
        peers=True,
        rounds=COSTLY,
    )


def _cold(scene: Scene, contest: Contest) -> Experiment:
    checks, run = contest.checks(contest.old), partial(scene.ground.ssh, xargs(contest.homelab))
    methods = contest.methods(checks, contest.forget)
    return Experiment(
        "peers-cold",
        f"{len(contest.old)} services, no containers; images and files are there.",
        (*methods, Method(XARGS, run, contest.forget, checks.done)),
        _ratios("cold", methods, {}) if scene.quick else (*cold_figures(), *_ratios("cold", methods, COLD_TARGETS)),
        prepare=contest.prepare_cold,
        peers=True,
        rounds=COSTLY,
    )


def _changed(contest: Contest, name: str, tags: Tags) -> Experiment:
    number = sum(tag == NEW for tag in tags.values())
    methods = contest.methods(contest.checks(tags), partial(contest.go_back, tags))
    return Experiment(
        name,
        f"{number} of {len(tags)} services get another image, and no host knows yet.",
        methods,
        _ratios("one changed" if number == 1 else "all changed", methods, {}),
        prepare=contest.prepare,
        peers=True,
        rounds=1,  # half a minute and more, and nothing hangs on it
        quick=False,
    )


def _ratios(work: str, methods: tuple[Method, ...], targets: dict[str, float]) -> tuple[Figure, ...]:
    names = [method.name for method in methods[1:]]
    return tuple(Figure(f"{work} / {n}", "x", partial(ratio, OURS, n), targets.get(n, 0), (n,)) for n in names)
