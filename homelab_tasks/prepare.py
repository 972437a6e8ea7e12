"""What comes before the first container changes: resolve, lock, deliver; each on all hosts at once."""

from __future__ import annotations

import os
import re
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Future
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from msgspec.structs import replace

from . import repo as repos
from . import undelivered
from .background import in_background
from .commands import git
from .commands import resolve as resolving
from .commands.resolve import Resolution
from .errors import HomelabError
from .fleet import Fleet, env_files, in_parallel, one_machine, watched
from .model import Host, Repo, Source
from .plan import Delivery, Plan
from .plan.beside import beside, places
from .plan.survey import Finding, Survey
from .runner import SESSIONS, Result, Runner

# The rest is imported while Compose resolves.
if TYPE_CHECKING:
    from .command import Command
    from .crew import Crew
    from .ledger import Held, Ledger
    from .observe import Observation


EMPTY_TAR = bytes(1024)


def resolve(fleet: Fleet, survey: Survey) -> Callable[[], Mapping[str, Resolution]]:
    """Ask Compose on each host what it makes of the services that need something done.

    What is given waits for the answers. A host that is lost meanwhile becomes unfit.
    """
    repo = fleet.repo
    hosts = [repo.hosts[name] for name in dict.fromkeys(f.host.name for f in survey.findings if not f.blocked)]
    asked = [f for f in survey.findings if not f.blocked and not f.drift.settled]
    tree = repos.archive(repo, _paths(asked)) if asked else EMPTY_TAR

    def order(host: Host) -> Command:
        found, seen = survey.on(host), fleet.seen[host.name]
        kept = {f.service.name for f in found if f.drift.settled}
        then = {f.service.name: f.past.env for f in found if f.past}
        services, wanted = [f.service for f in found], places(repo, found, seen)
        return resolving.resolve(host, repo, services, seen.compose, tree, kept, then, wanted)

    asking = {h.name: in_background(partial(fleet.runners[h.name].run, order(h))) for h in hosts}
    return partial(_resolved, fleet, asking)


def files_here(repo: Repo, findings: Iterable[Finding]) -> frozenset[str]:
    """What containers mount and no commit has, from the homelab's root, if it is a file on this machine."""
    paths = {path for finding in findings for path in beside(finding.service)}
    return frozenset(path for path in paths if Path(repo.root, path).is_file())


def _resolved(fleet: Fleet, asking: Mapping[str, Future[Result]]) -> Mapping[str, Resolution]:
    answers: dict[str, Resolution] = {}
    for name, coming in asking.items():
        host, result = fleet.repo.hosts[name], coming.result()
        if result.ok:
            answers[name] = resolving.parse(host, result.text)
        else:
            fleet.lose(name, _unresolved(host, result))
    return answers


def _unresolved(host: Host, result: Result) -> str:
    from .observe import no_scratch  # it works in a folder for what is temporary

    why = None if result.lost else no_scratch(host, result.stderr)
    return "; ".join(why) if why else _failure(host, "asking Compose", result)


@contextmanager
def locking(fleet: Fleet, hosts: Iterable[Host], title: str) -> Iterator[Callable[[], dict[str, Ledger]]]:
    """Begin to lock hosts and to see them again under the lock, while something else is done; at the end they are free.

    What is given waits for it: all of `hosts` are locked, or none. It raises Locked and Unwritable; a host that is lost
    meanwhile becomes unfit.
    """
    from .ledger import open_ledger

    name = holder(title)

    def take(host: Host, runner: Runner, seen: Observation) -> Held:
        outgoing = in_background(partial(_outgoing, fleet.repo, host, seen))
        files = watched(fleet.repo, host)
        held = open_ledger(runner, name, fleet.repo.branch, files, turn=seen.turn)
        fleet.received[host.name] = in_background(partial(_receive, runner, outgoing))
        return held

    taking = {h.name: in_background(partial(take, h, fleet.runners[h.name], fleet.seen[h.name])) for h in hosts}
    try:
        yield partial(_all_or_none, fleet, taking)
    finally:
        for future in taking.values():
            if future.done() and not future.exception():
                future.result().ledger.close()


def holder(title: str) -> str:
    """How a lock names this run."""
    from .author import now, who

    return f"{who()}, pid {os.getpid()}, since {now()}: {title}"


def _all_or_none(fleet: Fleet, taking: Mapping[str, Future[Held]]) -> dict[str, Ledger]:
    ledgers: dict[str, Ledger] = {}
    refused: list[HomelabError] = []
    for name, future in taking.items():
        try:
            held = future.result()
        except HomelabError as error:
            refused.append(_our_own(fleet, name, taking, error) or error)
        except ConnectionError as error:
            fleet.lose(name, f"{name} was lost while locking ({error}); run the same again")
        else:
            if name not in fleet.unfit:  # it may have been lost to something else meanwhile
                ledgers[name] = held.ledger
                if held.seen:
                    fleet.see(fleet.repo.hosts[name], held.seen)
    if refused:
        raise refused[0]
    return ledgers


def _our_own(fleet: Fleet, name: str, taking: Iterable[str], error: HomelabError) -> HomelabError | None:
    """The lock of this very run, which it took by another name of the same machine."""
    from .author import who
    from .ledger import Locked

    hosts = fleet.repo.hosts
    if not isinstance(error, Locked) or not error.holder.startswith(f"{who()}, pid {os.getpid()}, "):
        return None
    others = [other for other in taking if other != name and hosts[other].path == hosts[name].path]
    return one_machine(hosts[others[0]], hosts[name]) if len(others) == 1 else None


def crews(fleet: Fleet, ledgers: Mapping[str, Ledger], who: str) -> dict[str, Crew]:
    """What the walk over the plan needs at each host."""
    from .crew import Crew

    return {
        name: Crew(fleet.runners[name], ledger, dict(fleet.seen[name].records), who, fleet.skew.get(name, 0))
        for name, ledger in ledgers.items()
    }


def reserve(fleet: Fleet, plan: Plan) -> Callable[[], None]:
    """Begin to ask the hosts whose containers change for the sessions of a deploy; what is given waits for that.

    A host that takes fewer becomes unfit, as no deploy there would come to its end.
    """
    changing = dict.fromkeys(step.host.name for step in plan.steps if step.gate and not step.blocked)
    asking = {name: in_background(partial(fleet.runners[name].reserve, SESSIONS)) for name in changing}
    return partial(_reserved, fleet, asking)


def _reserved(fleet: Fleet, asking: Mapping[str, Future[None]]) -> None:
    for name, answer in asking.items():
        try:
            answer.result()
        except ConnectionError as error:
            fleet.lose(name, str(error))


def _outgoing(repo: Repo, host: Host, seen: Observation) -> bytes:
    """The commits that the host lacks, as a bundle. No origin has a commit that was made of others."""
    if seen.commit == repo.commit or (host.source is Source.ORIGIN and not repo.made_of):
        return b""
    return repos.bundle(repo, seen.commit, seen.base)


def _receive(runner: Runner, outgoing: Future[bytes]) -> Result | None:
    """Bring them there; they lie in its Git folder until a checkout, or for nothing."""
    bundled = outgoing.result()
    return runner.run(git.receive(runner.host, bundled)) if bundled else None


def deliver(fleet: Fleet, deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """Bring each host's checkout to the commit; what went wrong, one sentence a host."""
    still = [d.host for d in deliveries if d.host.name in fleet.seen]

    def check_out(host: Host) -> str:
        received = fleet.received[host.name].result() if host.name in fleet.received else None
        if received is not None and not received.ok:
            return _undelivered(fleet, host, received)
        result = _check_out(fleet, host)
        fleet.notes += [
            f"{host.name}: a file in the way of the commit was kept as {path}" for path in result.text.splitlines()
        ]
        return _undelivered(fleet, host, result)

    return tuple(filter(None, in_parallel(check_out, still)))


def undeliverable(repo: Repo, deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """What can be known of that before: the history of this clone is not whole, and some hosts have none of it."""
    first = [d.host.name for d in deliveries if not d.commit and d.host.source is Source.PUSH]
    if not first or not repos.is_shallow(Path(repo.root)):
        return ()
    return (f"the first delivery to {', '.join(first)} is the whole history, and {undelivered.SHALLOW}",)


def _undelivered(fleet: Fleet, host: Host, result: Result) -> str:
    if result.ok:
        return ""
    shallow = repos.is_shallow(Path(fleet.repo.root))
    why = undelivered.sentence(host, fleet.repo.base, result.stderr, shallow=shallow)
    return why or trouble_of(fleet, host, "delivering the commit", result)


def _check_out(fleet: Fleet, host: Host) -> Result:
    """Also where the host should have the commit, and has thrown it away: then it gets all of its history again."""
    repo, runner = fleet.repo, fleet.runners[host.name]
    result = runner.run(git.take(host, repo, env_files(repo, host)))
    if result.ok or "did not arrive" not in result.stderr or host.source is Source.ORIGIN:
        return result
    again = runner.run(git.receive(host, repos.bundle(repo)))
    return runner.run(git.take(host, repo, env_files(repo, host))) if again.ok else again


def block(plan: Plan, unfit: Mapping[str, str]) -> Plan:
    """The same plan, in which nothing is tried on the hosts that were lost meanwhile."""
    lost = {step.key: unfit[step.host.name] for step in plan.steps if step.host.name in unfit}
    return replace(plan, steps=tuple(replace(step, blocked=lost.get(step.key, step.blocked)) for step in plan.steps))


def _paths(findings: Iterable[Finding]) -> set[str]:
    wanted: set[str] = set()
    for finding in findings:
        if not finding.blocked:
            wanted |= {finding.service.directory, *finding.service.stack.reads, *finding.service.stack.files}
    return wanted


def trouble_of(fleet: Fleet, host: Host, doing: str, result: Result, *, move: str = "") -> str:
    """What went wrong, or "": also where the host was lost, which is its own trouble and not the others'."""
    if result.ok:
        return ""
    if result.lost:
        fleet.lose(host.name, _failure(host, doing, result))
        return ""
    return _failure(host, doing, result, move=move)


def _failure(host: Host, doing: str, result: Result, *, move: str = "") -> str:
    if result.lost:
        return f"{host.name} was lost while {doing} ({result.stderr.strip()}); run the same again"
    if "No space left" in result.stderr:
        return f"the disk of {host.name} is full ({doing}); free some space there: inv cleanup"
    if result.exit == 124:
        return f"{doing} on {host.name} took too long and was ended; look at its load and network"
    if left := re.search(r"Unable to create '(.+\.lock)': File exists", result.stderr):
        return f"Git's own lock {left[1]} lies on {host.name}; if no git works there: rm {shlex.quote(left[1])}"
    lines = [line.strip() for line in (result.stderr or result.text).splitlines() if line.strip()]
    of_git = [line.partition(": ")[2] for line in lines if line.startswith(("error: ", "fatal: "))]
    said = [*of_git, *lines[-1:], f"exit status {result.exit}"][0]
    what = f"{doing} on {host.name} failed ({said})"
    return f"{what}; {move}" if move else what
