"""Which commit is meant: a word of Git's, counted from what is deployed, or the last deploy that succeeded."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping
from pathlib import Path
from types import MappingProxyType

from msgspec import Struct

from .. import repo as repos
from ..errors import HomelabError, Refused
from ..history import Ending, Run

_HASH = re.compile(r"[0-9a-f]{7,64}")
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


def is_lacking(root: Path, word: str) -> bool:
    """Whether it is the hash of a commit, or its beginning, and this machine does not have that commit."""
    if not _HASH.fullmatch(word):
        return False
    try:
        repos.locate(root, word)
    except HomelabError:
        return True
    return False


def refuse_forward(
    root: Path, target: str, deployed: Mapping[str, str], was: Mapping[str, Collection[str]] = MappingProxyType({})
) -> None:
    """Raises Refused where `target` neither led to what is deployed (host -> commit) nor `was` there by the journal,
    as what was amended since has been. What comes after it is forward, also where it was there before.

    One host that is further is enough; then others may be behind it already.
    """
    ahead = {host for host, at in deployed.items() if at != target and leads_to(root, at, target)}
    back = {host for host, at in deployed.items() if target in was.get(host, ()) or leads_to(root, target, at)} - ahead
    for host, at in deployed.items():
        if host not in back and not (back and host in ahead):
            what = f"{target[:7]} is not before what is deployed on {host} ({at[:7]})"
            raise Refused(what, move="inv deploy goes forward")


def leads_to(root: Path, older: str, newer: str) -> bool:
    """Whether `older` is `newer`, or one of the commits before it."""
    apart = repos.distance(root, newer, older)
    return older == newer or (apart is not None and not apart.behind)


def previous(runs: Iterable[Run], present: str, *, alone: bool = False) -> str:
    """The commit that was there before that of `present`, by the last run that succeeded; "" where none is remembered.

    `runs` come newest first; with `alone` they are those about some services. What was put back was never there, and
    what a rollback took back does not count: before that comes what came before the deploy that it went back to.
    """
    begun, back_to = False, ""
    for run in (run for run in runs if not run.reverted):
        target = _led_to(run, alone=alone)
        if target and not back_to and run.ending is Ending.DONE:
            if begun and not present.startswith(target):
                return target
            begun, back_to = begun or present.startswith(target), target
        afters = {after for _, after in run.moves.values()}
        if run.title.split(" ")[0] not in _DEPLOYS or not any(after.startswith(back_to) for after in afters):
            continue
        back_to = ""
        begun = begun or present in afters  # however that one went
        if begun and run.ending is Ending.DONE and present not in afters and any(afters):
            return max(afters)
    return ""


def _led_to(run: Run, *, alone: bool) -> str:
    """Where a rollback went; "" for other runs. That of some services is no news of everything."""
    words = run.title.split(" ")
    if words[0] != "rollback" or "--to" not in words[:-1] or ("--service" in words and not alone):
        return ""
    return words[words.index("--to") + 1]


class Start(Struct, frozen=True):
    """What is deployed on one host, as far as the request is about it."""

    where: str
    commit: str  # from which `HEAD` counts
    present: str  # that of the deploy that brought it


def newest(root: Path, starts: Iterable[Start], word: str | None) -> Start:
    """The one that the word counts from: all others led to it. A deploy moves only the hosts that it has to change.

    Where the word does not count from there, any will do. Raises Refused where there is none.
    """
    known = list(starts)
    if not known:
        raise Refused("nothing is deployed there, so there is nothing to go back to", move="inv deploy-all")
    if word is not None and not is_relative(word):
        return known[0]
    at = [start.commit if word else start.present for start in known]
    for start, commit in zip(known, at, strict=True):
        if all(leads_to(root, other, commit) for other in at):
            return start
    where = ", ".join(f"{start.where} is at {commit[:7]}" for start, commit in zip(known, at, strict=True))
    raise Refused(f"{where}: none of them comes after the others", move="say which: --to HASH, or one --host")
