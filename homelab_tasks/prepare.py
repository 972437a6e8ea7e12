"""Everything that comes before the first container changes: resolve, lock, pull, deliver; each on all hosts at once."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from . import repo as repos
from .commands import docker, git
from .commands import resolve as resolving
from .commands.resolve import Resolution
from .errors import HomelabError, Refused
from .execute import Crew
from .fleet import Fleet, env_files, in_parallel
from .ledger import Held, open_ledger
from .model import Host, Repo, Source
from .plan import Delivery, Plan, Step
from .plan.survey import Finding, Survey
from .runner import Result


def resolve(fleet: Fleet, survey: Survey) -> Mapping[str, Resolution]:
    """What Compose on each host makes of the services that need something done. A host lost meanwhile becomes unfit."""
    repo = fleet.repo
    hosts = [repo.hosts[name] for name in dict.fromkeys(f.host.name for f in survey.findings if not f.blocked)]
    if not hosts:
        return {}
    tree = repos.archive(repo, _paths(survey.findings))

    def ask(host: Host) -> Result:
        services = [f.service for f in survey.on(host)]
        seen = fleet.seen[host.name]
        return fleet.runners[host.name].run(resolving.resolve(host, repo, services, seen.compose, tree))

    answers: dict[str, Resolution] = {}
    for host, result in zip(hosts, in_parallel(ask, hosts), strict=True):
        if result.ok:
            answers[host.name] = resolving.parse(host, result.text)
        else:
            fleet.lose(host.name, _failure(host, "asking Compose", result))
    return answers


def lock(fleet: Fleet, plan: Plan, who: str) -> dict[str, Held]:
    """Lock every host that the plan changes, and see it again under the lock. All or none.

    Raises Locked, Unwritable, and Refused for a host that was lost.
    """
    hosts = [
        fleet.repo.hosts[name] for name in dict.fromkeys(step.host.name for step in plan.steps if not step.blocked)
    ]
    branch = fleet.repo.branch

    def take(host: Host) -> Held | HomelabError:
        try:
            return open_ledger(fleet.runners[host.name], who, branch, env_files(fleet.repo, host))
        except ConnectionError as error:
            return Refused(f"connection to {host.name} lost ({error})", move="run the same again")
        except HomelabError as error:
            return error

    taken = dict(zip([h.name for h in hosts], in_parallel(take, hosts), strict=True))
    held = {name: answer for name, answer in taken.items() if isinstance(answer, Held)}
    errors = [answer for answer in taken.values() if isinstance(answer, HomelabError)]
    if errors:
        for answer in held.values():
            answer.ledger.close()
        raise errors[0]
    return held


def crews(fleet: Fleet, held: Mapping[str, Held], who: str) -> dict[str, Crew]:
    """What the walk over the plan needs at each host."""
    return {
        name: Crew(fleet.runners[name], answer.ledger, dict(answer.seen.records), who, fleet.skew.get(name, 0))
        for name, answer in held.items()
    }


@dataclass(frozen=True, slots=True)
class _Pull:
    host: Host
    image: str
    service: str


def pull(fleet: Fleet, plan: Plan) -> tuple[str, ...]:
    """Fetch the images that hosts lack; what went wrong, one sentence an image."""
    pulls = list(
        dict.fromkeys(_Pull(s.host, image, s.subject) for s in plan.steps if not s.blocked for image in s.pulls)
    )
    seen: dict[tuple[str, str], _Pull] = {}
    for wanted in pulls:
        seen.setdefault((wanted.host.name, wanted.image), wanted)

    def fetch(wanted: _Pull) -> str:
        result = fleet.runners[wanted.host.name].run(docker.pull(wanted.image))
        if result.ok:
            return ""
        return f"{wanted.service}: {_failure(wanted.host, f'pulling {wanted.image}', result)}"

    return tuple(filter(None, in_parallel(fetch, list(seen.values()))))


def deliver(fleet: Fleet, deliveries: Sequence[Delivery]) -> tuple[str, ...]:
    """Bring the commit to each host's checkout; what went wrong, one sentence a host."""
    repo = fleet.repo
    bundles = {delivery.commit: b"" for delivery in deliveries}
    for have in bundles:
        if any(d.commit == have and d.host.source is Source.PUSH for d in deliveries):
            bundles[have] = repos.bundle(repo, have)

    def send(delivery: Delivery) -> str:
        host = delivery.host
        result = fleet.runners[host.name].run(git.take(host, repo, bundles[delivery.commit]))
        return "" if result.ok else _delivery_failed(host, repo, result)

    return tuple(filter(None, in_parallel(send, list(deliveries))))


def block(plan: Plan, unfit: Mapping[str, str]) -> Plan:
    """The same plan, in which the steps on `unfit` hosts cannot be tried."""
    steps = tuple(_blocked(step, unfit) for step in plan.steps)
    return replace(plan, steps=steps)


def _blocked(step: Step, unfit: Mapping[str, str]) -> Step:
    why = unfit.get(step.host.name, "")
    return replace(step, blocked=step.blocked or why)


def _paths(findings: Iterable[Finding]) -> set[str]:
    wanted: set[str] = set()
    for finding in findings:
        if not finding.blocked:
            wanted |= {finding.service.directory, *finding.service.stack.reads, *finding.service.stack.files}
    return wanted


def _delivery_failed(host: Host, repo: Repo, result: Result) -> str:
    said = result.stderr
    if "did not arrive" in said:
        return f"commit {repo.commit[:7]} is not at the origin of {host.name}; git push, then run the same again"
    if "would be overwritten" in said:
        files = [line.strip() for line in said.splitlines() if line.startswith("\t")]
        return f"files on {host.name} are in the way of the commit: {', '.join(files)}; move them away there"
    return _failure(host, "delivering the commit", result)


def _failure(host: Host, doing: str, result: Result) -> str:
    if result.lost:
        return f"{host.name} was lost while {doing} ({result.stderr.strip()}); run the same again"
    if "No space left" in result.stderr:
        return f"the disk of {host.name} is full ({doing}); free some space there: inv cleanup"
    if result.exit == 124:
        return f"{doing} on {host.name} took too long and was ended; look at its load and network"
    lines = [line.strip() for line in (result.stderr or result.text).splitlines() if line.strip()]
    return f"{doing} on {host.name} failed ({lines[-1] if lines else f'exit status {result.exit}'})"
