"""What services had when their host was at a commit, as its journal tells: env files and images. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence

from msgspec import Struct, field
from msgspec.structs import replace

from ..history import Change, Journal, Run
from ..plan import Verb
from ..plan.past import Past


class Then(Struct, frozen=True):
    """One host at the last time that it was at a commit, or one of several."""

    known: Mapping[str, Past] = field(default_factory=dict)  # service -> how it was
    digests: Mapping[str, str] = field(default_factory=dict)  # and of which files
    touched: frozenset[str] = frozenset()  # services that something was done to since
    found: bool = False  # the journal tells of such a time


def then(journal: Journal, commits: Collection[str]) -> Then:
    """The host of `journal` as it was at the end of the last time that it was at one of `commits`."""
    runs = [run for run in journal.runs if not run.reverted]  # what was put back never was
    end = _end(runs, journal.host, commits)
    if end is None:
        return Then(touched=frozenset(_touched(runs)))
    changes = _last(runs[:end])
    kept = _kept(runs[end:])
    known = {name: replace(_past(change), kept=kept.get(name, "")) for name, change in changes.items()}
    digests = {name: change.digest for name, change in changes.items()}
    return Then(known, digests, frozenset(_touched(runs[end:])), found=True)


def _end(runs: Sequence[Run], host: str, commits: Collection[str]) -> int | None:
    """How many runs had ended when the host left the commits for the last time; None where it never was there."""
    end = None
    for number, run in enumerate(runs):
        before, after = run.moves.get(host, ("", ""))
        if after in commits and run.ended:
            end = number + 1
        elif before in commits:
            end = number
    return end


def _last(runs: Iterable[Run]) -> Mapping[str, Change]:
    """Service -> how it came up last, of those that were not removed since."""
    found: dict[str, Change] = {}
    for change in (change for run in runs for change in run.changes if change.status == "done"):
        if change.verb == Verb.REMOVE.value:
            found.pop(change.service, None)
        elif change.env is not None:
            found[change.service] = change
    return found


def _touched(runs: Iterable[Run]) -> Iterable[str]:
    return (change.service for run in runs for change in run.changes if change.status != "skipped")


def _kept(since: Iterable[Run]) -> Mapping[str, str]:
    """Service -> what its hook kept when it was left: of several the first."""
    changes = [change for run in since for change in run.changes if change.kept]
    return {change.service: change.kept for change in reversed(changes)}


def _past(change: Change) -> Past:
    env = {path: hashed for path, hashed in (change.env or {}).items() if hashed}
    return Past(env, dict(change.images))
