"""What is measured: each experiment with its methods, its figures and their targets. Another tool is another Method."""

from __future__ import annotations

import math
import sys
from collections.abc import Iterable, Iterator
from functools import partial
from pathlib import Path

from scripts.bench.clock import clock
from scripts.bench.deploys import deploying
from scripts.bench.health import waiting
from scripts.bench.many_hosts import many_hosts
from scripts.bench.model import BenchFailed, Experiment, Figure, Method, Round, Sample
from scripts.bench.scene import Scene, ratio
from scripts.bench.side_by_side import side_by_side
from scripts.bench.transaction import transactions
from scripts.bench.validate import validating

TOP = Path(__file__).resolve().parents[2]


def experiments(scene: Scene) -> tuple[Experiment, ...]:
    """All of them, the quick ones first."""
    return (
        _listing(scene),
        *validating(scene.empty.parent / "validate", *scene.checked),
        *_planning(scene),
        *deploying(scene),
        *waiting(scene),
        *transactions(scene),
        *side_by_side(scene),
        *many_hosts(scene),
    )


def _listing(scene: Scene) -> Experiment:
    inv = str(Path(sys.executable).with_name("inv"))

    def listed(folder: Path) -> Sample:
        return clock(inv, "--list", folder=folder)[0]

    ours, empty = "inv --list", "inv --list of one empty task"
    return Experiment(
        "list",
        "`inv --list` of a homelab against that of a `tasks.py` with one empty task.",
        (Method(ours, partial(listed, scene.many.root)), Method(empty, partial(listed, scene.empty))),
        (Figure("inv --list / that of one empty task", "x", partial(ratio, ours, empty), 1.15),),
    )


def _planning(scene: Scene) -> Iterator[Experiment]:
    """CPU seconds of survey and plan alone, in a process of their own, as the memory figures ask for a small parent."""
    few, many = scene.planned

    def plan(services: int, kind: str) -> Sample:
        text = clock(sys.executable, "-m", "scripts.bench.planning", str(services), kind, folder=TOP)[1]
        return Sample(float(text))

    def cpu(one: Round) -> float:
        return one[f"{few} services"].seconds

    def exponent(one: Round) -> float:
        return math.log(one[f"{many} services"].seconds / one[f"{few} services"].seconds, many / few)

    for kind in ("unchanged", "changed"):
        yield Experiment(
            f"planning-{kind}",
            f"CPU seconds of survey and plan for {few:,} services, 20 on a host, all {kind}, and how they grow up to "
            f"{many:,} (exponent 1 is linear).",
            tuple(Method(f"{n} services", partial(plan, n, kind)) for n in scene.planned),
            (
                Figure(f"CPU to plan {few:,}, all {kind}", "s", cpu, 0.5),
                Figure(f"its growth to {many:,}, exponent", "", exponent, 1.1),
            ),
            quick=False,
        )


def chosen(found: Iterable[Experiment], names: Iterable[str]) -> tuple[Experiment, ...]:
    """Those whose name begins with one of `names`; all where there are none. Raises BenchFailed."""
    found, names = tuple(found), tuple(names)
    known = ", ".join(experiment.name for experiment in found)
    for name in names:
        if not any(experiment.name.startswith(name) for experiment in found):
            raise BenchFailed(f"no experiment {name!r}; there is {known}")
    return tuple(e for e in found if not names or e.name.startswith(tuple(names)))
