"""Commits that this machine does not have, because they were amended, rebased or never pushed: from hosts that do."""

from __future__ import annotations

from .. import repo as repos
from ..commands import git
from ..errors import Refused
from . import ref
from .scene import Scene


def bring(scene: Scene, commit: str) -> bool:
    """Fetch a commit, named by its hash or the beginning of that, from the first host that has it; whether one did."""
    for name, at in scene.deployed.items():
        runner = scene.fleet.runners[name]
        answer = runner.run(git.give(runner.host, commit, "" if ref.is_lacking(scene.root, at) else at))
        if answer.ok:
            repos.take_in(scene.root, answer.stdout)
            return True
    return False


def bring_deployed(scene: Scene, start: ref.Start) -> None:
    """Have what is deployed here too. Raises Refused."""
    if ref.is_lacking(scene.root, start.commit) and not bring(scene, start.commit):
        what = f"{start.where} is at {start.commit[:7]}, which this checkout does not know"
        raise Refused(what, move="git fetch, then run the same again")


def bring_former(scene: Scene, commit: str) -> None:
    """Have what was deployed before. Raises Refused."""
    if ref.is_lacking(scene.root, commit) and not bring(scene, commit):
        what = f"{commit[:7]}, which was deployed before, is neither here nor on the hosts any more"
        raise Refused(what, move="choose another that inv history shows: --to HASH")
