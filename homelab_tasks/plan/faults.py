"""What has to be mended before a plan may run, and what a person should know although it may."""

from __future__ import annotations

import posixpath
import re
import shlex
from collections.abc import Iterator, Mapping

from ..commands import compose
from ..commands.engine import image_name
from ..commands.resolve import Resolution, Resolved
from ..engine import missing_in
from ..model import Repo, of_checkout
from ..observe import Observation, SeenContainer
from ..repo.discover import templates_of
from .beside import left_env, missing_files
from .configs import lacking
from .facts import Facts
from .past import lost_images
from .renamed import faults_of_renamed
from .renewed import built_images
from .survey import Finding, Survey
from .taking_over import Newcomer, empty_volumes, faults_of_newcomer, strangers
from .unchangeable import other_volumes, shared_networks

_NOT_KEPT = "is not kept on the host"


def faults_of(facts: Facts, survey: Survey) -> tuple[str, ...]:
    """Everything that would make a step fail, or lose something, and can be known before: `what; the next move`."""
    repo, resolved = facts.repo, facts.resolved
    cut = [answer.problem for answer in resolved.values() if answer.problem]
    found = [
        *_never_deployed(survey),
        *cut,
        *_asked_of_engine(survey, resolved),
        *_rejected(facts, survey),
        *_lost(survey, resolved),
        *_networks(repo, survey, resolved),
        *_volumes(repo, survey, resolved),
        *_withheld(survey, resolved),
        *_taken_over(facts, survey),
        *_beside(facts, survey),
        *_declared(facts, survey),
    ]
    return tuple(dict.fromkeys(found))


def notices_of(facts: Facts, survey: Survey) -> tuple[str, ...]:
    """Variables that Compose fills with nothing, and containers of files that nobody else knows of."""
    notices = []
    for finding, found in _answers(survey, facts.resolved):
        service, host = finding.service, finding.host
        notices += [f"{service.name}: {name} is not set on {host.name}; Compose uses a blank" for name in found.blank]
        here = {container.key for container in service.stack.containers}
        strange = sorted({*((found.model or {}).get("services") or {})} - here)
        if strange and _chooses_files(facts, finding):
            what = f"{service.name}: COMPOSE_FILE in its .env on {host.name} brings {', '.join(strange)}"
            notices.append(f"{what}, which no graph has; {_INCLUDE}")
    return tuple(notices)


_INCLUDE = "name the files with include: in the compose file, or call one compose.override.yml, and take the line out"


def _chooses_files(facts: Facts, finding: Finding) -> bool:
    env = facts.seen[finding.host.name].env.get(f"{facts.repo.prefix}{finding.service.directory}/.env")
    return env is not None and "COMPOSE_FILE" in env.keys


def no_records(seen: Observation) -> str:
    """What of a host's records was passed over."""
    first, more = seen.strange[0], len(seen.strange) - 1
    lines = f"line {first}" if not more else f"line {first} and {more} more"
    return f"{seen.host}: {lines} of .git/homelab/state.jsonl: no record, left out; remove that there"


def external_names(survey: Survey, resolved: Mapping[str, Resolution], kind: str) -> Iterator[tuple[Finding, str]]:
    """External networks or volumes (`kind`), with the services that need them."""
    for finding, found in _answers(survey, resolved):
        for name, body in ((found.model or {}).get(kind) or {}).items():
            if body and body.get("external"):
                yield finding, str(body.get("name") or name)


def _answers(survey: Survey, resolved: Mapping[str, Resolution]) -> Iterator[tuple[Finding, Resolved]]:
    for finding in survey.findings:
        resolution = resolved.get(finding.host.name)
        found = resolution.services.get(finding.service.name) if resolution else None
        if found and not finding.blocked:
            yield finding, found


def _never_deployed(survey: Survey) -> Iterator[str]:
    """Without files moving, only what a deploy brought there once can be started."""
    for finding in survey.findings:
        if finding.drift.new and not finding.blocked and not survey.request.files:
            name, what = finding.service.name, "was never deployed"
            if finding.drift.unfinished:
                what = "was never deployed to the end"
            yield f"{name} {what} on {finding.host.name}; inv deploy {name}"


def _asked_of_engine(survey: Survey, resolved: Mapping[str, Resolution]) -> Iterator[str]:
    for finding, _ in _answers(survey, resolved):
        lacking = missing_in(resolved[finding.host.name].stock.version, finding.service, finding.host)
        if lacking:
            yield str(lacking)


def _rejected(facts: Facts, survey: Survey) -> Iterator[str]:
    for finding, found in _answers(survey, facts.resolved):
        if found.model is None:
            yield _sentence(facts, finding, found.error) + (_ANYWAY if _of_then(survey, found.error) else "")


_ANYWAY = "; leave it as it is now with --force"


def _of_then(survey: Survey, error: str) -> bool:
    return survey.request.back and error.endswith(_NOT_KEPT)


def _taken_over(facts: Facts, survey: Survey) -> Iterator[str]:
    others: dict[str, Mapping[str, tuple[SeenContainer, ...]]] = {}
    for finding, found in _answers(survey, facts.resolved):
        first = finding.drift.new and not finding.drift.unfinished
        called = _other_project(facts, finding)
        if not (first or called) or not survey.request.files or found.model is None:
            continue
        name, seen = finding.host.name, facts.seen[finding.host.name]
        if name not in others:
            others[name] = strangers(facts.repo, finding.host, seen)
        new = Newcomer(facts.repo, finding, found, facts.resolved[name], seen, others[name])
        if called:
            yield from empty_volumes(new, called, f"and {called}, as its compose project was called, has volume")
        else:
            yield from faults_of_newcomer(new)
            yield from faults_of_renamed(new)


def _other_project(facts: Facts, finding: Finding) -> str:
    """The compose project that the service was deployed as, "" if that is still its name."""
    record = facts.seen[finding.host.name].records.get(finding.service.name)
    return record.project if record and record.digest and record.project != finding.service.project else ""


def _beside(facts: Facts, survey: Survey) -> Iterator[str]:
    for finding, found in _answers(survey, facts.resolved):
        yield from left_env(facts, finding)
        yield from missing_files(facts, finding, found.model or {})


def _declared(facts: Facts, survey: Survey) -> Iterator[str]:
    for finding, found in _answers(survey, facts.resolved):
        yield from _read_too_early(facts.repo, finding)
        yield from (_without_value(facts, finding, name) for name in lacking(found.model or {}, found.unset))
        yield from other_volumes(facts, finding, found)
        yield from shared_networks(facts, finding, found)


def _read_too_early(repo: Repo, finding: Finding) -> Iterator[str]:
    """Env files of the commit under the path that they will have: what Compose is asked about lies in another folder,
    so it would answer with those of now. Of what is brought back nobody can change the text.
    """
    service, host = finding.service, finding.host
    for path in service.stack.host_env_files if not finding.past else ():
        inside = of_checkout(path, host, repo.prefix)
        if inside in service.files:
            what = f"{service.name}: env_file {path} is a file of the repo, read on {host.name} before it comes there"
            yield f"{what}; write ./{inside.removeprefix(f'{service.directory}/')}"


def _lost(survey: Survey, resolved: Mapping[str, Resolution]) -> Iterator[str]:
    for finding, found in _answers(survey, resolved):
        if not finding.past or survey.request.force:
            continue
        for name in lost_images(finding.past, found, resolved[finding.host.name]):
            what = f"{finding.service.name}: the image that {name} was then is gone from {finding.host.name}"
            yield f"{what}, and the name means another one now; take that one with --force"


def _sentence(facts: Facts, finding: Finding, error: str) -> str:
    service, host = finding.service, finding.host.name
    if error.endswith(_NOT_KEPT):
        path = error.partition(" as it was then")[0]
        return f"{service.name}: {path} as it was then is not kept on {host}; nothing can bring it back"
    missing = re.search(r"env file (.+?) not found", error)
    if missing:
        return f"{service.name}: {missing[1]} is missing on {host}; {_move_for(facts.repo, finding, missing[1])}"
    required = re.search(r"required variable (\w+) is missing a value", error)
    if required:
        return _without_value(facts, finding, required[1])
    unread = re.fullmatch(r".*failed to read (.+?)(?:: (line \d+))?", error)
    if unread:
        where = f"{unread[1]} on {host}" + (f", {unread[2]}" if unread[2] else "")
        return f"{service.name}: Compose cannot read {where}; mend it there"
    what = f"{service.stack.files[0]}: Compose on {host} rejects it: {error}"
    if _chooses_files(facts, finding):
        return f"{what}; COMPOSE_FILE in its .env there names files besides it: {_INCLUDE}"
    return f"{what}; mend the file and commit"


def _without_value(facts: Facts, finding: Finding, variable: str) -> str:
    service, host = finding.service, finding.host.name
    there = f"{facts.repo.prefix}{service.directory}/.env" in facts.seen[host].env
    move = f"set it: inv env.edit {service.name} --host {host}" if there else f"inv env.push {service.name}"
    return f"{service.name}: {variable} has no value on {host}; {move}"


def _move_for(repo: Repo, finding: Finding, path: str) -> str:
    """`env.push` sends a `.env`, or says how to make one; before the first delivery others lack a folder too."""
    service, host = finding.service, finding.host
    if path == f"{compose.directory(repo, host, service)}/.env":
        return f"inv env.push {service.name}"
    local = path.removeprefix(f"{host.path.rstrip('/')}/{repo.prefix}")
    template = next((template for template in templates_of(local) if template in service.files), "")
    folder = shlex.quote(posixpath.dirname(path))
    first = f"on {host.name}: mkdir -p {folder}, then " if finding.drift.new else ""
    return f"{first}make it there" + (f" from {template}" if template else "")


def _withheld(survey: Survey, resolved: Mapping[str, Resolution]) -> Iterator[str]:
    """Images that are missing, that nobody builds in this plan, and that `pull_policy` keeps from being pulled."""
    answers = list(_answers(survey, resolved))
    built = {(f.host.name, image) for f, found in answers for image in built_images(found.model or {})}
    for finding, found in answers:
        host, stock = finding.host.name, resolved[finding.host.name].stock
        for key, container in ((found.model or {}).get("services") or {}).items():
            image = str(container.get("image", ""))
            comes = (host, image) in built or (finding.past and finding.past.images.get(key) in stock.images)
            if container.get("pull_policy") == "never" and not comes and image_name(image) not in stock.images:
                what = f"{finding.service.name}: image {image} is not on {host}, and its pull_policy is never"
                yield f"{what}; build or load it there, or remove the line if a registry has it"


def _networks(repo: Repo, survey: Survey, resolved: Mapping[str, Resolution]) -> Iterator[str]:
    planned = {finding.service.name for finding in survey.findings if not finding.blocked}
    for finding, name in external_names(survey, resolved, "networks"):
        if name in resolved[finding.host.name].stock.networks or name in repo.networks:
            continue
        makers = [s.name for s in repo.services.values() if name in s.stack.makes_networks and finding.host in s.hosts]
        if set(makers) & planned:
            continue
        what = f"{finding.service.name}: network {name} does not exist on {finding.host.name}"
        if makers:
            yield f"{what}; {makers[0]} makes it: inv deploy {makers[0]}"
        else:
            yield f"{what} and no service makes it; list it under networks: in hosts.yaml"


def _volumes(repo: Repo, survey: Survey, resolved: Mapping[str, Resolution]) -> Iterator[str]:
    planned = [finding.service for finding in survey.findings if not finding.blocked]
    for finding, name in external_names(survey, resolved, "volumes"):
        host = finding.host
        if name in resolved[host.name].stock.volumes or any(name in s.stack.makes_volumes for s in planned):
            continue
        what = f"{finding.service.name}: volume {name} does not exist on {host.name}"
        makers = [s.name for s in repo.services.values() if name in s.stack.makes_volumes and host in s.hosts]
        move = (
            f"{makers[0]} makes it: inv deploy {makers[0]}"
            if makers
            else f"on {host.name}: docker volume create {name}"
        )
        yield f"{what}; {move}"
