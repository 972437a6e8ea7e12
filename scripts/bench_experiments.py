"""What is measured: each experiment with its methods, its figures and their targets. Another tool is another Method."""

from __future__ import annotations

import math
import shlex
import sys
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from scripts.bench_ground import CHECKOUT, Ground, clock
from scripts.bench_homelab import CHAIN, CHANGING, LATE, NEEDS, Homelab
from scripts.bench_model import BenchFailed, Experiment, Figure, Method, Round, Sample
from scripts.bench_validate import validating

TOP = Path(__file__).resolve().parents[1]
OURS = "inv deploy-all"
FLOOR = "ssh docker ps + sha256sum"
XARGS = "xargs -P4 docker compose up"
CHANGED = "inv deploy-all, one changed"
UP = "its docker compose up"
PATH = "sum of 1 s + docker compose up"
LOOK = f"docker ps --all --no-trunc; cd {CHECKOUT} && find services -type f -exec sha256sum {{}} +"
Needs = Mapping[str, tuple[str, ...]]
PEAK = 60  # MB
EMPTY = "from invoke import task\n\n\n@task\ndef nothing(c):\n    pass\n"  # without any, `inv --list` is an error
READY_AFTER = 1.0  # seconds, as LATE has it


@dataclass(frozen=True, slots=True)
class Scene:
    """The ground, the homelabs that are deployed to it, and how many services are planned and validated."""

    ground: Ground
    many: Homelab
    chain: Homelab
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
        planned: tuple[int, int] = (1_000, 10_000),
        checked: tuple[int, int] = (20, 1_000),
    ) -> Scene:
        """Write the homelabs into `folder`."""
        scene = cls(
            ground,
            Homelab(folder / "many", needs),
            Homelab(folder / "chain", chain, LATE),
            folder / "empty",
            CHANGING,
            planned,
            checked,
        )
        for homelab in (scene.many, scene.chain):
            homelab.make(ground.hosts_yaml())
        scene.empty.mkdir()
        (scene.empty / "tasks.py").write_text(EMPTY)
        return scene

    def deploy(self, homelab: Homelab) -> None:
        """A fresh host, then everything deployed."""
        self.ground.host.reset()
        self.ground.inv(homelab, "deploy-all")


def experiments(scene: Scene) -> tuple[Experiment, ...]:
    """All of them, the quick ones first."""
    return (
        _listing(scene),
        *validating(scene.empty.parent / "validate", *scene.checked),
        *_planning(scene),
        _no_op(scene),
        _counting(scene),
        _changed(scene),
        _cold(scene),
        _levels(scene),
    )


def _ratio(ours: str, other: str, one: Round) -> float:
    return one[ours].seconds / one[other].seconds


def _peak(ours: str, one: Round) -> float:
    return one[ours].peak


def _listing(scene: Scene) -> Experiment:
    inv = str(Path(sys.executable).with_name("inv"))

    def listed(folder: Path) -> Sample:
        return clock(inv, "--list", folder=folder)[0]

    ours, empty = "inv --list", "inv --list of one empty task"
    return Experiment(
        "list",
        "`inv --list` of a homelab against that of a `tasks.py` with one empty task.",
        (Method(ours, partial(listed, scene.many.root)), Method(empty, partial(listed, scene.empty))),
        (Figure("inv --list / that of one empty task", "x", partial(_ratio, ours, empty), 1.15),),
    )


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
            Figure("no-op / ssh docker ps + sha256sum", "x", partial(_ratio, OURS, FLOOR), 1.25),
            Figure("peak memory of a no-op", "MB", partial(_peak, OURS), PEAK),
        ),
        prepare=partial(scene.deploy, scene.many),
    )


def _counting(scene: Scene) -> Experiment:
    ground = scene.ground

    def prepare() -> None:
        scene.deploy(scene.many)
        ground.log_sessions()

    def count(name: str, one: Round) -> float:
        return one[OURS].counts[name]

    def tasks(one: Round) -> float:
        return one[OURS].counts["tasks"] / one[FLOOR].counts["tasks"]

    return Experiment(
        "counts",
        "What a no-op causes on the host: SSH logins, commands (channels with one each), and tasks (processes and "
        "threads, sshd's own included) against the same OpenSSH process as above.",
        (
            Method(OURS, partial(ground.counted, partial(ground.inv, scene.many, "deploy-all"))),
            Method(FLOOR, partial(ground.counted, partial(ground.ssh, LOOK))),
        ),
        (
            Figure("SSH connections of a no-op", "", partial(count, "connections"), 1),
            Figure("commands of a no-op", "", partial(count, "commands"), 1),
            Figure("tasks on the host of a no-op", "", partial(count, "tasks")),
            Figure("the same / ssh docker ps + sha256sum", "x", tasks),
        ),
        prepare=prepare,
    )


def _changed(scene: Scene) -> Experiment:
    """The stack's own `up -d` is measured on a copy that is no part of the homelab, by the host's own clock."""
    ground, name = scene.ground, scene.changing
    up = "cd /tmp/alone && docker compose --project-name alone up --detach --quiet-pull"
    tags = {"1": "2", "2": "1"}
    now = ["1"]

    def put() -> None:
        text = scene.many.compose(name, now[0])
        ground.ssh(f"mkdir -p /tmp/alone && printf %s {shlex.quote(text)} >/tmp/alone/compose.yml")

    def prepare() -> None:
        scene.deploy(scene.many)
        put()
        ground.ssh(up)

    def flip() -> None:
        now[0] = tags[now[0]]
        put()

    def extra(one: Round) -> float:
        return (one[CHANGED].seconds - one[OURS].seconds) / one[UP].seconds

    return Experiment(
        "changed",
        "One service gets another image: what that costs more than a no-op, in units of that stack's own "
        "`docker compose up -d` (a copy of it gets the other image, timed on the host itself).",
        (
            Method(OURS, partial(ground.inv, scene.many, "deploy-all")),
            Method(CHANGED, partial(ground.inv, scene.many, "deploy-all"), reset=partial(scene.many.flip, name)),
            Method(UP, partial(ground.clocked_there, up), reset=flip),
        ),
        (Figure("(one changed - no-op) / its own up -d", "x", extra, 1.3),),
        prepare=prepare,
    )


def _cold(scene: Scene) -> Experiment:
    ground, many = scene.ground, scene.many
    xargs = _xargs(many)
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
                partial(ground.ssh, xargs),
                reset=ground.forget,
                check=partial(ground.expect, many, ordered=False),
            ),
        ),
        (
            Figure("cold / unordered xargs -P4", "x", partial(_ratio, OURS, XARGS), 1.10),
            Figure("peak memory of a cold deploy", "MB", partial(_peak, OURS), PEAK),
        ),
        prepare=partial(scene.deploy, many),
        costly=True,
    )


def _xargs(homelab: Homelab) -> str:
    pairs = "\n".join(f"{CHECKOUT}/{homelab.folder(name)} {name}" for name in homelab.needs)
    one = 'cd "$0" && docker compose --project-name "$1" up --detach'
    return f"printf '%s\\n' {shlex.quote(pairs)} | xargs -P4 -n2 bash -c {shlex.quote(one)}"


def _levels(scene: Scene) -> Experiment:
    """The critical path has no SSH and no Python in it: nothing can be faster."""
    ground, chain = scene.ground, scene.chain
    ups = "; ".join(_up(f"{CHECKOUT}/{chain.folder(name)}", name) for name in chain.needs)
    path = partial(ground.clocked_there, ups, plus=READY_AFTER * len(chain.needs))
    return Experiment(
        "levels",
        "Five levels of services that are ready 1 s after their start, with a health check at Docker's default "
        "interval of 30 s: against the sum of each level's own `docker compose up -d` (timed on the host itself) and "
        "its second.",
        (
            Method(
                OURS,
                partial(ground.inv, chain, "deploy-all"),
                reset=ground.forget,
                check=partial(ground.expect, chain, ordered=True),
            ),
            Method(PATH, path, reset=ground.forget, check=partial(ground.expect, chain, ordered=True)),
        ),
        (Figure("five levels / critical path", "x", partial(_ratio, OURS, PATH), 1.15),),
        prepare=partial(scene.deploy, chain),
        costly=True,
    )


def _up(folder: str, project: str) -> str:
    return f"cd {folder} && docker compose --project-name {project} up --detach"


def _planning(scene: Scene) -> Iterator[Experiment]:
    """CPU seconds of survey and plan alone, in a process of their own, as the memory figures ask for a small parent."""
    few, many = scene.planned

    def plan(services: int, kind: str) -> Sample:
        text = clock(sys.executable, "-m", "scripts.bench_planning", str(services), kind, folder=TOP)[1]
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
        )


def chosen(found: Iterable[Experiment], names: Iterable[str]) -> tuple[Experiment, ...]:
    """Those whose name begins with one of `names`; all where there are none. Raises BenchFailed."""
    found, names = tuple(found), tuple(names)
    known = ", ".join(experiment.name for experiment in found)
    for name in names:
        if not any(experiment.name.startswith(name) for experiment in found):
            raise BenchFailed(f"no experiment {name!r}; there is {known}")
    return tuple(e for e in found if not names or e.name.startswith(tuple(names)))
