"""Everything that comes before the first container changes: resolve, lock, pull, deliver; each on all hosts at once."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from . import repo as repos
from .commands import docker, git
from .commands import resolve as resolving
from .commands.resolve import Resolution
from .errors import HomelabError
from .fleet import Fleet, env_files, in_parallel
from .model import Host, Source
from .plan import Delivery, Plan
from .plan.survey import Finding, Survey
from .runner import Result

# The rest is imported while Compose resolves.
if TYPE_CHECKING:
    from .execute import Crew
    from .ledger import Held


EMPTY_TAR = bytes(1024)


def resolve(fleet: Fleet, survey: Survey) -> Mapping[str, Resolution]:
    """What Compose on each host makes of the services that need something done. A host lost meanwhile becomes unfit."""
    repo = fleet.repo
    hosts = [repo.hosts[name] for name in dict.fromkeys(f.host.name for f in survey.findings if not f.blocked)]
    if not hosts:
        return {}
    asked = [f for f in survey.findings if not f.blocked and not f.drift.settled]
    tree = repos.archive(repo, _paths(asked)) if asked else EMPTY_TAR

    def ask(host: Host) -> Result:
        found, seen = survey.on(host), fleet.seen[host.name]
        kept = {f.service.name for f in found if f.drift.settled}
        order = resolving.resolve(host, repo, [f.service for f in found], seen.compose, tree, kept)
        return fleet.runners[host.name].run(order)

    answers: dict[str, Resolution] = {}
    for host, result in zip(hosts, in_parallel(ask, hosts), strict=True):
        if result.ok:
            answers[host.name] = resolving.parse(host, result.text)
        else:
            fleet.lose(host.name, _failure(host, "asking Compose", result))
    return answers


def lock(fleet: Fleet, plan: Plan, who: str) -> dict[str, Held]:
    """Lock every host that the plan changes, and see it again under the lock: all of them, or none.

    A host that is lost meanwhile becomes unfit. Raises Locked and Unwritable.
    """
    from .ledger import Held, open_ledger

    names = dict.fromkeys(step.host.name for step in plan.steps if not step.blocked)
    hosts = [fleet.repo.hosts[name] for name in names]

    def take(host: Host) -> Held | HomelabError | ConnectionError:
        try:
            return open_ledger(fleet.runners[host.name], who, fleet.repo.branch, env_files(fleet.repo, host))
        except (HomelabError, ConnectionError) as error:
            return error

    taken = dict(zip(names, in_parallel(take, hosts), strict=True))
    held = {name: answer for name, answer in taken.items() if isinstance(answer, Held)}
    for name, answer in taken.items():
        if isinstance(answer, ConnectionError):
            fleet.lose(name, f"{name} was lost while locking ({answer}); run the same again")
    for answer in taken.values():
        if isinstance(answer, HomelabError):
            for other in held.values():
                other.ledger.close()
            raise answer
    return held


def crews(fleet: Fleet, held: Mapping[str, Held], who: str) -> dict[str, Crew]:
    """What the walk over the plan needs at each host."""
    from .execute import Crew

    return {
        name: Crew(fleet.runners[name], answer.ledger, dict(answer.seen.records), who, fleet.skew.get(name, 0))
        for name, answer in held.items()
    }


@dataclass(frozen=True, slots=True)
class _Pull:
    host: Host
    image: str


def pull(fleet: Fleet, plan: Plan) -> tuple[str, ...]:
    """Fetch the images that hosts lack; what went wrong, one sentence an image."""
    wanted: dict[_Pull, str] = {}
    for step in plan.steps:
        if not step.blocked:
            wanted |= {_Pull(step.host, image): step.subject for image in step.pulls}

    def fetch(one: _Pull) -> str:
        result = fleet.runners[one.host.name].run(docker.pull(one.image))
        move = f"check its name, and try it there: docker pull {one.image}"
        return _trouble(fleet, one.host, f"pulling {one.image} for {wanted[one]}", result, move=move)

    return tuple(filter(None, in_parallel(fetch, list(wanted))))


def deliver(fleet: Fleet, deliveries: Iterable[Delivery]) -> tuple[str, ...]:
    """Bring the commit to each host's checkout; what went wrong, one sentence a host."""
    repo, still = fleet.repo, [d for d in deliveries if d.host.name in fleet.seen]
    bundles = {d.commit: repos.bundle(repo, d.commit) for d in still if d.host.source is Source.PUSH}

    def send(delivery: Delivery) -> str:
        host = delivery.host
        result = fleet.runners[host.name].run(git.take(host, repo, bundles.get(delivery.commit, b"")))
        fleet.notes += [
            f"{host.name}: a file in the way of the commit was kept as {path}" for path in result.text.splitlines()
        ]
        return _delivery_trouble(fleet, host, result)

    return tuple(filter(None, in_parallel(send, still)))


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


def _delivery_trouble(fleet: Fleet, host: Host, result: Result) -> str:
    said = result.stderr
    if "did not arrive" in said:
        return f"commit {fleet.repo.commit[:7]} is not at the origin of {host.name}; git push, then run the same again"
    if host.source is Source.ORIGIN and (refusals := re.findall(r"(?m)^fatal: (.+)$", said)):
        word = "add" if "does not appear to be a git repository" in said else "set-url"
        move = f"on {host.name}: git -C {host.path} remote {word} origin URL"
        return f"{host.name} cannot fetch from its origin ({refusals[0]}); {move}"
    if "would be overwritten" in said:
        files = [line.strip() for line in said.splitlines() if line.startswith("\t")]
        return f"files on {host.name} are in the way of the commit: {', '.join(files)}; move them away there"
    return _trouble(fleet, host, "delivering the commit", result)


def _trouble(fleet: Fleet, host: Host, doing: str, result: Result, *, move: str = "") -> str:
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
    lines = [line.strip() for line in (result.stderr or result.text).splitlines() if line.strip()]
    what = f"{doing} on {host.name} failed ({lines[-1] if lines else f'exit status {result.exit}'})"
    return f"{what}; {move}" if move else what
