"""A deploy of everything, in a process of its own, that stops at one point, says so, and goes on when a line comes.

`python -m tests.hosts.faults.driver POINT`, in the homelab's folder.
"""

from __future__ import annotations

import sys
from collections import Counter
from pathlib import Path

from homelab_tasks import pipeline
from homelab_tasks.errors import HomelabError
from homelab_tasks.outcome import Progress, Tell
from homelab_tasks.plan import Plan
from homelab_tasks.report import as_json
from homelab_tasks.request import Request
from homelab_tasks.stage import Stage

REACHED = "reached"


class Stopping:
    """An audience that has the run wait at `point`: the name of a stage, or `WORKING 2`, the second step that works;
    `BACK WORKING 1` while it goes back.
    """

    def __init__(self, point: str = "") -> None:
        self._point = point
        self._told = Counter[str]()
        self._word = ""

    def stage(self, text: str) -> None:
        """Nothing to show."""

    def at(self, stage: Stage) -> None:
        self._pass(stage.name)

    def approve(self, _: Plan) -> bool:
        return True

    def goes_back(self, _: Plan) -> None:
        self._word = "BACK "

    def tell(self, _: Plan) -> Tell:
        return self._hear

    def _hear(self, progress: Progress) -> None:
        name = f"{self._word}{progress.phase.name}"
        self._told[name] += 1
        self._pass(f"{name} {self._told[name]}")

    def _pass(self, point: str) -> None:
        if point == self._point:
            sys.stdout.write(f"{REACHED}\n")
            sys.stdout.flush()
            sys.stdin.readline()


def deploy(root: Path, audience: Stopping) -> str:
    """Deploy everything; why not all is as the repo says then, or "". Raises HomelabError."""
    repo = pipeline.load(root)
    request = Request("deploy-all", frozenset(repo.services), everything=True)
    run = pipeline.deploy(repo, request, pipeline.Options(), audience)
    if run.report is None:
        return str(run.plan.faults or "")
    return "" if run.report.ok else as_json.run(run.plan, run.report)


def main() -> int:
    """Exit status 1 if it failed or was refused."""
    try:
        failed = deploy(Path.cwd(), Stopping(sys.argv[1]))
    except HomelabError as error:
        sys.stderr.write(f"error: {error}\n")
        return 1
    sys.stderr.write(failed)
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
