"""Which commit is meant: a word of Git's, counted from what is deployed, or the last deploy that succeeded."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from .. import repo as repos
from ..errors import HomelabError, Refused
from ..history import Ending, Run

_FROM_DEPLOYED = re.compile(r"(HEAD|@)(?=$|[~^])")
_DEPLOYS = frozenset({"deploy", "deploy-group", "deploy-all", "update-services", "update-system"})


def is_relative(word: str) -> bool:
    """Whether it counts from what is deployed: `HEAD~1`, `@^`."""
    return bool(_FROM_DEPLOYED.match(word))


def commit_of(root: Path, word: str, deployed: str) -> str:
    """The commit that `word` means where `deployed` is what runs. Raises Refused."""
    if "@{" in word:
        what = f"--to {word}: the reflog of this machine does not tell what was deployed"
        raise Refused(what, move="give HEAD~1, a tag, a hash, or see inv history")
    try:
        return repos.locate(root, _FROM_DEPLOYED.sub(deployed, word, count=1)).commit
    except HomelabError as error:
        if not is_relative(word):
            raise Refused(f"--to: no commit {word!r}", move="git fetch, or see git log --oneline") from error
        what = f"--to {word}: there is no such commit before {deployed[:7]}, which is deployed"
        raise Refused(what, move=f"see git log --oneline {deployed[:7]}") from error


def refuse_unknown(root: Path, deployed: str, where: str) -> None:
    """Raises Refused where this machine does not have the commit that is deployed."""
    try:
        repos.locate(root, deployed)
    except HomelabError as error:
        what = f"{where} is at {deployed[:7]}, which this checkout does not know"
        raise Refused(what, move="git fetch, then run the same again") from error


def refuse_forward(root: Path, target: str, deployed: str, where: str) -> None:
    """Raises Refused where `target` is not part of what led to `deployed`."""
    if not leads_to(root, target, deployed):
        what = f"{target[:7]} is not before what is deployed on {where} ({deployed[:7]})"
        raise Refused(what, move="inv deploy goes forward")


def leads_to(root: Path, older: str, newer: str) -> bool:
    """Whether `older` is `newer`, or one of the commits before it."""
    apart = repos.distance(root, newer, older)
    return apart is not None and not apart.behind


def previous(runs: Iterable[Run], present: str) -> str:
    """The commit of the last deploy that succeeded before the one of `present`; "" where none is remembered.

    `runs` come newest first. What was put back counts as never deployed, and a rollback is no deploy.
    """
    begun = False
    for run in runs:
        afters = {after for _, after in run.moves.values()}
        if run.title.split(" ")[0] not in _DEPLOYS or run.reverted:
            continue
        begun = begun or present in afters  # however that one went
        if begun and run.ending is Ending.DONE and present not in afters and any(afters):
            return max(afters)
    return ""


@dataclass(frozen=True, slots=True)
class Start:
    """What is deployed on one host, as far as the request is about it."""

    where: str
    commit: str  # from which `HEAD` counts
    present: str  # that of the deploy that brought it


def one_of(starts: Iterable[Start], word: str | None) -> Start:
    """The one that all hosts are at, from which the word counts. Raises Refused where they are not at one, or at none.

    Where the word does not count from there, any will do.
    """
    known = list(starts)
    if not known:
        raise Refused("nothing is deployed there, so there is nothing to go back to", move="inv deploy-all")
    apart = {start.commit if word else start.present for start in known}
    if len(apart) > 1 and (word is None or is_relative(word)):
        where = ", ".join(f"{s.where} is at {(s.commit if word else s.present)[:7]}" for s in known)
        raise Refused(f"{where}: there is no one deploy to count from", move="say which: --to HASH, or one --host")
    return known[0]
