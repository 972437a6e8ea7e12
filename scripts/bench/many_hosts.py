"""The same work on several hosts, and on several of which one is dead: ours and the peers that know of many hosts."""

from __future__ import annotations

import shlex
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial

from scripts.bench.clock import clock
from scripts.bench.ground import Ground
from scripts.bench.model import BenchFailed, Experiment, Figure, Method, Round, Sample
from scripts.bench.peers.contest import OURS, Checks, Contest
from scripts.bench.peers.way import Ended
from scripts.bench.scene import Scene, ratio
from scripts.bench.shell import xargs

EVERYWHERE = "xargs -P4 on each host"
SLOWEST, XARGS_ALONE = "inv --host hN, the slowest", "xargs -P4 on one host alone"
LIMIT = 120  # seconds until a deploy with a dead host is given up


def many_hosts(scene: Scene) -> Iterator[Experiment]:
    """The experiments."""
    yield _cold(scene.contest(scene.wide))
    yield _dead(scene.contest(scene.broad))


def _cold(contest: Contest) -> Experiment:
    checks = contest.checks(contest.old)
    own, *peers = contest.methods(checks, contest.forget)
    others = (Method(EVERYWHERE, partial(_everywhere, contest), contest.forget, checks.done), *_alone(contest, checks))
    return Experiment(
        "hosts",
        f"{len(contest.old)} services on {len(contest.grounds)} hosts, no containers; images and files are there. Each "
        "host is also deployed alone, one after the other, of which the slowest counts; and `xargs -P4` runs on one "
        "host alone: how much longer it takes on all at once is what the hosts lose by sharing their processors.",
        (own, *others, *peers),
        (
            Figure(f"hosts / {SLOWEST}", "x", partial(ratio, OURS, SLOWEST), 1.3),
            Figure("hosts: xargs on all at once / on one", "x", partial(ratio, EVERYWHERE, XARGS_ALONE)),
            Figure(f"hosts / {EVERYWHERE}", "x", partial(ratio, OURS, EVERYWHERE)),
            *(Figure(f"hosts / {peer.name}", "x", partial(ratio, OURS, peer.name), of=(peer.name,)) for peer in peers),
        ),
        prepare=contest.prepare_cold,
        peers=True,
        rounds=1,
        quick=False,
    )


def _alone(contest: Contest, checks: Checks) -> Iterator[Method]:
    """Ours on each host in turn, and the floor on the first."""
    first = contest.grounds[0]
    yield Method(SLOWEST, partial(_slowest, contest), contest.forget, checks.in_order)
    run = partial(first.ssh, xargs(contest.homelab, host=first.host.name))
    yield Method(XARGS_ALONE, run, contest.forget, partial(first.expect, contest.homelab, ordered=False))


def _slowest(contest: Contest) -> Sample:
    words = ("deploy-all", "--yes", "--host")
    samples = (ground.inv(contest.homelab, *words, ground.host.name) for ground in contest.grounds)
    return max(samples, key=lambda sample: sample.seconds)


def _everywhere(contest: Contest) -> Sample:
    """One OpenSSH process a host, all at once."""
    ssh = f"ssh -F {contest.stacks.ssh_config}"
    lines = [f"{ssh} {host} {shlex.quote(xargs(contest.homelab, host=host))} &" for host in contest.stacks.grounds]
    return clock("bash", "-c", "\n".join([*lines, "wait"]))[0]


def _dead(contest: Contest) -> Experiment:
    *alive, dead = contest.grounds

    def prepare() -> None:
        contest.prepare_cold()
        dead.host.cut()

    reset = partial(_on_all, alive, _end_and_forget)
    ours = Method(OURS, partial(_try, contest.try_ours, alive), reset)
    others = (Method(way.name, partial(_try, way.run, alive), reset) for way in contest.ways)
    rest = sum(contest.homelab.host_of(name) != dead.host.name for name in contest.homelab.needs)
    return Experiment(
        "dead-host",
        f"{len(contest.old)} services on {len(contest.grounds)} hosts, no containers, and one host does not answer: "
        f"until the command ends, at most {LIMIT} s. {rest} services could be brought up.",
        (methods := (ours, *others)),
        tuple(Figure(f"of {rest} up: {m.name}", "", partial(_up, m.name), of=(m.name,)) for m in methods),
        prepare=prepare,
        peers=True,
        rounds=1,
        quick=False,
        drawn=False,  # the shortest bar would be that of who gives up first
    )


def _try(run: Callable[[float], Ended], alive: list[Ground]) -> Sample:
    """Told is also how much of the rest it brings up: to end soon is nothing that counts by itself."""
    sample, status, said = run(LIMIT)
    if status == 0:
        raise BenchFailed(f"a host is dead, and yet it says that all went well: {said.strip()[-1500:]}")
    return replace(sample, counts={"up": sum(len(ground.containers()) for ground in alive)})


def _up(method: str, one: Round) -> float:
    return one[method].counts["up"]


def _end_and_forget(ground: Ground) -> None:
    """What was killed here may still work there."""
    ground.host.exec("pkill", "-KILL", "-u", "admin")
    ground.forget()


def _on_all(grounds: list[Ground], act: Callable[[Ground], None]) -> None:
    with ThreadPoolExecutor() as pool:
        list(pool.map(act, grounds))
