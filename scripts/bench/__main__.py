"""`./run bench`: measure against ssh, docker compose and other tools on lab hosts, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path

from scripts.bench import page, report
from scripts.bench.charts import charts
from scripts.bench.experiments import chosen, experiments
from scripts.bench.ground import Ground
from scripts.bench.machine import machine
from scripts.bench.model import BenchFailed, Experiment, Measured, measure
from scripts.bench.peers.tools import Installed, install
from scripts.bench.scene import Scene
from tests.lab import Lab, LabError

TOP = Path(__file__).resolve().parents[2]
PAGE, RAW = TOP / "docs/benchmarks.md", TOP / "docs/benchmarks/latest.json"
QUICK = 3  # so many times fewer rounds
HOSTS = 5


def main() -> int:
    """Measure and report. Gives the exit status: 1 where a target is not met."""
    parser = _parser()
    arguments = parser.parse_args()
    if arguments.write and (arguments.quick or arguments.only):
        parser.error("--write needs every experiment in full; leave out --quick and --only")
    try:
        lab = Lab.start(HOSTS)
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="homelab-bench.") as folder:
            grounds = tuple(Ground(lab, host) for host in lab.hosts)
            return _measure(Scene.make(grounds, Path(folder), quick=arguments.quick), arguments)
    except (BenchFailed, LabError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        lab.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description="measure side by side with other tools")
    parser.add_argument("--quick", action="store_true", help="few rounds of what does not take long")
    parser.add_argument(
        "--only", action="append", default=[], metavar="NAME", help="those that begin so; can be repeated"
    )
    parser.add_argument(
        "--rounds", type=int, default=0, metavar="N", help="of each, instead of 9, or less where one is slow"
    )
    parser.add_argument("--write", action="store_true", help="write docs/benchmarks.md, its JSON and its charts anew")
    return parser


def _tools() -> Installed:
    _tell("installing the peers")
    tools = install()
    for name, why in tools.missing.items():
        print(f"bench: {name} is left out, it cannot be installed: {why}", file=sys.stderr)
    return tools


def _measure(scene: Scene, arguments: argparse.Namespace) -> int:
    wanted = chosen(experiments(scene), arguments.only)
    if any(one.peers for one in wanted):
        scene = replace(scene, tools=_tools())
        wanted = chosen(experiments(scene), arguments.only)
    if arguments.quick and not arguments.only:
        _tell_left_out(wanted)
    if not arguments.only:
        wanted = tuple(one for one in wanted if (one.quick if arguments.quick else not one.spare))
    found, broken = _each(scene, wanted, arguments)
    print(*filter(None, (report.table(found), report.times(found), report.counts(found))), sep="\n\n")
    if arguments.write:
        _write(found, {**machine(scene.ground), **scene.tools.versions, **broken})
    missed = [f for m in found for f in m.experiment.figures if report.missed(m, f)]
    return 1 if missed or broken else 0


def _each(
    scene: Scene, wanted: tuple[Experiment, ...], arguments: argparse.Namespace
) -> tuple[list[Measured], dict[str, str]]:
    """What was measured, and why the rest was not: one method that fails does not cost half an hour of the others."""
    found, broken, shuffle = [], {}, random.Random()  # noqa: S311 - nothing secret
    for one in wanted:
        try:
            found.append(_timed(partial(measure, one, _rounds(one, arguments), shuffle, _tell), one.name))
        except BenchFailed as error:
            broken[f"{one.name}, not measured"] = str(error).splitlines()[0]
            print(f"bench: {one.name}: {error}", file=sys.stderr)
        scene.forget()
    return found, broken


def _timed(run: Callable[[], Measured], name: str) -> Measured:
    begin = time.monotonic()
    measured = run()
    _tell("")
    print(f"bench: {name} took {time.monotonic() - begin:.0f} s", file=sys.stderr)
    return measured


def _tell_left_out(wanted: tuple[Experiment, ...]) -> None:
    names = [one.name for one in wanted if not one.quick]
    if names:
        print(f"bench: too long for --quick: {', '.join(names)}", file=sys.stderr)


def _rounds(experiment: Experiment, arguments: argparse.Namespace) -> int:
    if arguments.rounds:
        return int(arguments.rounds)
    return max(1, experiment.rounds // QUICK) if arguments.quick else experiment.rounds


def _write(found: list[Measured], about: Mapping[str, str]) -> None:
    RAW.parent.mkdir(exist_ok=True)
    RAW.write_text(report.as_json(found, about))
    for old in RAW.parent.glob("*.svg"):
        old.unlink()
    for measured, picture in charts(found):
        (RAW.parent / f"{measured.experiment.name}.svg").write_text(picture)
    PAGE.write_text(page.markdown(found, about, PAGE.read_text()))
    print(f"\nwritten: {PAGE.relative_to(TOP)}, {RAW.relative_to(TOP)} and its charts")


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
