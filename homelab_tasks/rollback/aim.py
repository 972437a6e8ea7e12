"""What a rollback leads to: the commit, and the homelab that it makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from .. import history
from .. import repo as repos
from ..author import now, who
from ..errors import Refused, UnknownName
from ..model import Pinned, Repo, Service
from ..plan.pinned import recorded
from . import homelab, ref
from .asked import Scene


@dataclass(frozen=True, slots=True)
class Aim:
    """The homelab as it is to be; `names` are the services that are meant, `target` the commit that they are of."""

    there: Repo
    names: frozenset[str]
    target: str
    notices: tuple[str, ...] = ()


def everything(scene: Scene) -> Aim:
    """All services as at the commit; what was rolled back alone to an older one stays there."""
    target = _target(scene, [ref.Start(host, commit, commit) for host, commit in scene.deployed.items()])
    there = homelab.of_then(scene.repo, target)
    pinned = recorded(scene.fleet.seen).items()
    pins = {name: pin for name, pin in pinned if ref.leads_to(scene.root, pin.commit, target)}
    if pins:
        there = homelab.with_pins(scene.repo, target, pins)
    return Aim(there, frozenset(there.services), target)


def alone(scene: Scene, words: str) -> Aim:
    """Some services, which are pinned there: their hosts stay at the commit, with those folders of then."""
    names = _likely(scene, words)
    target = _target(scene, list(_starts(scene, names)), frozenset(names))
    services = _chosen(scene, homelab.of_then(scene.repo, target), words)
    _refuse_part(scene, services)
    base = _base(scene, services)
    pins = {**recorded(scene.fleet.seen), **{s.name: Pinned(target, who(), now()) for s in services}}
    there = homelab.with_pins(scene.repo, base, pins)
    return Aim(there, frozenset(s.name for s in services), target, tuple(_read_elsewhere(services, there)))


def _target(scene: Scene, starts: list[ref.Start], about: frozenset[str] = frozenset()) -> str:
    word = scene.asked.to
    start = ref.one_of(starts, word)
    for one in starts:
        ref.refuse_unknown(scene.root, one.commit, one.where)
    if word is None:
        runs = history.merge(scene.journals.values())
        word = ref.previous(history.about(runs, about) if about else runs, start.present)
        if not word:
            what = f"no deploy before that of {start.present[:7]} is remembered, so there is nothing to go back to"
            raise Refused(what, move="say where to, if you know: --to HASH")
    target = ref.commit_of(scene.root, word, start.commit)
    for name, commit in scene.deployed.items():
        ref.refuse_forward(scene.root, target, commit, name)
    return target


def _likely(scene: Scene, words: str) -> list[str]:
    """The names as they are here; of services that are not, the words."""
    try:
        return [service.name for service in repos.select(scene.repo, words)]
    except UnknownName:
        return [word.strip() for word in words.split(",")]


def _starts(scene: Scene, names: Iterable[str]) -> Iterator[ref.Start]:
    """Of services that are nowhere by now, the hosts tell."""
    looks = [(host, scene.fleet.seen[host]) for host in scene.deployed]
    here = [(host, seen, seen.records[name]) for host, seen in looks for name in names if name in seen.records]
    for host, seen, record in here:
        at = record.pinned.commit if record.pinned else seen.base
        yield ref.Start(f"{record.service} on {host}", at, seen.base if record.unfinished else record.commit)
    if not here:
        yield from (ref.Start(host, commit, commit) for host, commit in scene.deployed.items())


def _base(scene: Scene, services: Iterable[Service]) -> str:
    """The commit at which the hosts of these services are, and stay."""
    names = dict.fromkeys(host.name for service in services for host in service.hosts)
    at = {name: scene.deployed[name] for name in names if name in scene.deployed}
    if len({*at.values()}) != 1:
        where = ", ".join(f"{host} is at {commit[:7]}" for host, commit in at.items()) or "nothing is deployed there"
        raise Refused(where, move="inv deploy-all brings all hosts to one commit; then run the same again")
    return next(iter(at.values()))


def _chosen(scene: Scene, then: Repo, words: str) -> tuple[Service, ...]:
    try:
        return repos.select(then, words)
    except UnknownName as error:
        homelab.refuse_missing(scene.repo, error.name, then)
        raise


def _refuse_part(scene: Scene, services: Iterable[Service]) -> None:
    for service in services if scene.asked.hosts else ():
        others = [host.name for host in service.hosts if host.name not in scene.asked.hosts]
        if others:
            what = f"{service.name} runs on {', '.join(others)} too, and is pinned on all of its hosts or on none"
            raise Refused(what, move="leave --host out")


def _read_elsewhere(services: Iterable[Service], there: Repo) -> Iterator[str]:
    for service in services:
        if there.services[service.name].digest != service.digest:
            yield f"{service.name} also reads files outside of its folder, which stay as they are now"
