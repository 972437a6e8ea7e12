"""What is measured: each experiment with its methods, its figures and their targets. Another tool is another Method."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.bench.clock import clock
from scripts.bench.deploys import deploying
from scripts.bench.far import far_away
from scripts.bench.health import waiting
from scripts.bench.many_hosts import many_hosts
from scripts.bench.model import COSTLY, BenchFailed, Experiment, Figure, Method, Round, Sample
from scripts.bench.scene import Scene, peak, ratio
from scripts.bench.side_by_side import side_by_side
from scripts.bench.transaction import transactions
from scripts.bench.validate import validating

TOP = Path(__file__).resolve().parents[2]


def experiments(scene: Scene) -> tuple[Experiment, ...]:
    """All of them, the quick ones first."""
    return (
        *_starting(scene),
        *validating(scene.empty.parent / "validate", *scene.checked),
        *_planning(scene),
        *deploying(scene),
        *waiting(scene),
        *transactions(scene),
        *side_by_side(scene),
        *far_away(scene),
        *many_hosts(scene),
    )


def _starting(scene: Scene) -> Iterator[Experiment]:
    inv = str(Path(sys.executable).with_name("inv"))

    def asked(name: str, folder: Path, *words: str) -> Method:
        return Method(name, lambda: clock(inv, *words, folder=folder)[0])

    ours, empty = "inv --list", "inv --list of one empty task"
    yield Experiment(
        "list",
        "`inv --list` of a homelab against that of a `tasks.py` with one empty task.",
        (asked(ours, scene.many.root, "--list"), asked(empty, scene.empty, "--list")),
        (Figure("inv --list / that of one empty task", "x", partial(ratio, ours, empty), 1.15),),
    )
    ours, empty, core, bare = "inv --help deploy", "inv --help of the empty task", "inv --help", "inv --help beside it"
    yield Experiment(
        "help",
        "The help of a task against that of the one empty task; and that of Invoke itself in either folder.",
        (
            asked(ours, scene.many.root, "--help", "deploy"),
            asked(empty, scene.empty, "--help", "nothing"),
            asked(core, scene.many.root, "--help"),
            asked(bare, scene.empty, "--help"),
        ),
        (
            Figure("inv --help deploy / of an empty task", "x", partial(ratio, ours, empty)),
            Figure("inv --help / the same beside it", "x", partial(ratio, core, bare)),
        ),
        drawn=False,
    )


def _planning(scene: Scene) -> Iterator[Experiment]:
    """CPU seconds of survey and plan alone, in a process of their own: what it plans for is made before they count."""
    _, few, many = scene.planned

    def plan(services: int, kind: str) -> Sample:
        sample, text = clock(sys.executable, "-m", "scripts.bench.planning", str(services), kind, folder=TOP)
        return replace(sample, seconds=float(text))

    def cpu(one: Round) -> float:
        return one[f"{few} services"].seconds

    def exponent(one: Round) -> float:
        return math.log(one[f"{many} services"].seconds / one[f"{few} services"].seconds, many / few)

    for kind in ("unchanged", "changed"):
        yield Experiment(
            f"planning-{kind}",
            f"CPU seconds of survey and plan for {few:,} services, 20 on a host, all {kind}, and how they grow up to "
            f"{many:,} (exponent 1 is linear). The memory is that of the whole process with what it was told of them.",
            tuple(Method(f"{n} services", partial(plan, n, kind)) for n in scene.planned),
            (
                Figure(f"CPU to plan {few:,}, all {kind}", "s", cpu, 0.5),
                Figure(f"its growth to {many:,}, exponent", "", exponent, 1.1),
                Figure(f"peak memory of {few:,} planned", "MB", partial(peak, f"{few} services")),
                Figure(f"peak memory of {many:,} planned", "MB", partial(peak, f"{many} services")),
            ),
            rounds=COSTLY,
            quick=False,
            drawn=False,
        )


def chosen(found: Iterable[Experiment], names: Iterable[str]) -> tuple[Experiment, ...]:
    """Those whose name begins with one of `names`; all where there are none. Raises BenchFailed."""
    found, names = tuple(found), tuple(names)
    known = ", ".join(experiment.name for experiment in found)
    for name in names:
        if not any(experiment.name.startswith(name) for experiment in found):
            raise BenchFailed(f"no experiment {name!r}; there is {known}")
    return tuple(e for e in found if not names or e.name.startswith(tuple(names)))
