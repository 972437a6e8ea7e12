"""`./run bench`: measure against plain ssh, xargs and docker compose on a lab host, and write docs/benchmarks.md."""

from __future__ import annotations

import argparse
import random
import sys
import tempfile
from pathlib import Path

TOP = Path(__file__).resolve().parents[1]
if __name__ == "__main__":
    sys.path[0] = str(TOP)  # started as a file, with its folder as the first place to import from

from scripts import bench_report as report  # noqa: E402
from scripts.bench_experiments import chosen, experiments  # noqa: E402
from scripts.bench_ground import Ground  # noqa: E402
from scripts.bench_model import BenchFailed, Experiment, Measured, measure  # noqa: E402
from scripts.bench_scene import Scene  # noqa: E402
from tests.lab import Lab, LabError  # noqa: E402

PAGE, RAW = TOP / "docs/benchmarks.md", TOP / "docs/benchmarks/latest.json"
ROUNDS, COSTLY_ROUNDS = 15, 7
QUICK_ROUNDS, QUICK_COSTLY_ROUNDS = 3, 1


def main() -> int:
    """Measure and report. Gives the exit status: 1 where a target is not met."""
    arguments = _parser().parse_args()
    try:
        lab = Lab.start(1)
    except LabError as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    try:
        with tempfile.TemporaryDirectory(prefix="homelab-bench.") as folder:
            return _measure(Ground(lab, lab.hosts[0]), Path(folder), arguments)
    except (BenchFailed, LabError) as error:
        print(f"bench: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        lab.stop()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="./run bench", description="measure against ssh, xargs and docker compose")
    parser.add_argument("--quick", action="store_true", help="few rounds: about four minutes")
    parser.add_argument("--only", action="append", default=[], metavar="NAME", help="one experiment; can be repeated")
    parser.add_argument("--rounds", type=int, default=0, metavar="N", help="instead of 15, and of 7 where one is slow")
    parser.add_argument(
        "--write", action="store_true", help="write docs/benchmarks.md and its JSON anew (all, not --quick)"
    )
    return parser


def _measure(ground: Ground, folder: Path, arguments: argparse.Namespace) -> int:
    scene = Scene.make(ground, folder)
    shuffle = random.Random()  # noqa: S311 - nothing secret
    wanted = chosen(experiments(scene), arguments.only)
    found = [measure(one, _rounds(one, arguments), shuffle, _tell) for one in wanted]
    _tell("")
    print(report.table(found), report.times(found), sep="\n\n")
    if arguments.write:
        _write(found, ground)
    missed = [f for m in found for f in m.experiment.figures if report.missed(m, f)]
    return 1 if missed else 0


def _rounds(experiment: Experiment, arguments: argparse.Namespace) -> int:
    if arguments.rounds:
        return int(arguments.rounds)
    if arguments.quick:
        return QUICK_COSTLY_ROUNDS if experiment.costly else QUICK_ROUNDS
    return COSTLY_ROUNDS if experiment.costly else ROUNDS


def _write(found: list[Measured], ground: Ground) -> None:
    about = report.machine(ground)
    RAW.parent.mkdir(exist_ok=True)
    RAW.write_text(report.as_json(found, about))
    PAGE.write_text(report.markdown(found, about, PAGE.read_text()))
    print(f"\nwritten: {PAGE.relative_to(TOP)}, {RAW.relative_to(TOP)}")


def _tell(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)
    elif text:
        print(text, file=sys.stderr, flush=True)


if __name__ == "__main__":
    sys.exit(main())
