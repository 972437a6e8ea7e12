"""What a rollback leads to: the commit, and the homelab that it makes of that."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from msgspec import Struct

from .. import history
from .. import repo as repos
from ..author import now, who
from ..errors import Refused, UnknownName
from ..model import Pinned, Repo, Service
from ..plan.pinned import recorded
from . import homelab, ref
from .bring import bring, bring_deployed, bring_former
from .scene import Scene


class Aim(Struct, frozen=True):
    """The homelab as it is to be; `names` are the services that are meant, `target` the commit that they are of."""

    there: Repo
    names: frozenset[str]
    target: str
    digests: Mapping[str, str]  # of their files as they were then
    hosts: frozenset[str] = frozenset()  # only these; empty: all
    notices: tuple[str, ...] = ()


def everything(scene: Scene) -> Aim:
    """All services as at the commit; what was rolled back alone to an older one stays there, and so do older hosts."""
    target = _target(scene, [ref.Start(host, commit, commit) for host, commit in scene.deployed.items()])
    there = homelab.of_then(scene.repo, target)
    pinned = recorded(scene.fleet.seen).items()
    pins = {name: pin for name, pin in pinned if ref.leads_to(scene.root, pin.commit, target)}
    if pins:
        there = homelab.with_pins(scene.repo, target, pins, move="choose another with --to, or inv deploy-all --unpin")
    older = _older(scene, there)
    return Aim(
        there,
        names=frozenset(there.services),
        target=target,
        digests={service.name: service.digest for service in there.services.values()},
        hosts=frozenset({*(scene.asked.hosts or there.hosts)} - {*older}) if older else scene.asked.hosts,
        notices=tuple(f"{host} is at {commit[:7]}, which is older, and stays so" for host, commit in older.items()),
    )


def alone(scene: Scene, words: str) -> Aim:
    """Some services, which are pinned there: their hosts stay at the commit, with those folders of then."""
    names = _likely(scene, words)
    target = _target(scene, list(_starts(scene, names)), frozenset(names))
    services = _chosen(scene, homelab.of_then(scene.repo, target), words)
    _refuse_part(scene, services)
    wanted = {host.name for service in services for host in service.hosts}
    scene.see(host for name, host in scene.repo.hosts.items() if name in wanted)
    base = _base(scene)
    pins = {**recorded(scene.fleet.seen), **{s.name: Pinned(target, who(), now()) for s in services}}
    move = "choose a later commit, at which it does: --to HASH; or go back with everything: inv rollback"
    there = homelab.with_pins(scene.repo, base, pins, move=move)
    return Aim(
        there,
        names=frozenset(service.name for service in services),
        target=target,
        digests={service.name: service.digest for service in services},
        hosts=scene.asked.hosts,
        notices=tuple(_read_elsewhere(services, there)),
    )


def _target(scene: Scene, starts: list[ref.Start], about: frozenset[str] = frozenset()) -> str:
    word = scene.asked.to
    for one in starts:
        bring_deployed(scene, one)
    start = ref.newest(scene.root, starts, word)
    if word is None:
        runs = history.merge(scene.journals.values())
        word = ref.previous(history.about(runs, about) if about else runs, start.present, alone=bool(about))
        if not word:
            repos.select(scene.repo, scene.asked.services or "*")  # a name that nobody knows is a mistyped one
            left_out = "".join(f" ({note})" for note in scene.left_out)
            what = f"no deploy before that of {start.present[:7]} is remembered{left_out}"
            raise Refused(f"{what}, so there is nothing to go back to", move="say where to, if you know: --to HASH")
        bring_former(scene, word)
        return ref.commit_of(scene.root, word, start.commit)
    if ref.is_lacking(scene.root, word):
        bring(scene, word)
    target = ref.commit_of(scene.root, word, start.commit)
    ref.refuse_forward(scene.root, target, scene.deployed, scene.was)
    return target


def _older(scene: Scene, there: Repo) -> Mapping[str, str]:
    """Hosts that are behind the commit and have services that were others there: those would go forward."""
    found = {name: at for name, at in scene.deployed.items() if at != there.base}
    found = {name: at for name, at in found.items() if ref.leads_to(scene.root, at, there.base)}
    digests = {service.name: service.digest for service in there.services.values()}
    records = {name: scene.fleet.seen[name].records.values() for name in found}
    return {name: at for name, at in found.items() if any(r.digest != digests.get(r.service) for r in records[name])}


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


def _base(scene: Scene) -> str:
    """The commit at which the hosts are, and stay: one that lacks what is newer gets it, as with any deploy."""
    return ref.newest(scene.root, [ref.Start(host, at, at) for host, at in scene.deployed.items()], "HEAD").commit


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
