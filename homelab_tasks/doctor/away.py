"""One host: what it said of itself, judged; pure."""

from __future__ import annotations

import posixpath
import shlex
from collections.abc import Iterator, Mapping
from itertools import combinations

from ..engine import missing_in
from ..inspection import OLDEST, Answer, Folder, Inspection, Sudo, nearly_full, too_old
from ..model import Host, Repo, System
from ..observe import READ_ONLY, Checkout, barred, no_scratch
from ..runner import Unreachable
from .finding import Finding, notice, ok, problem

_WRONG_CLOCK, _ODD_CLOCK = 30.0, 3.0  # seconds
_STALE_LOCK = 600  # seconds: no Git command of a delivery takes that long


def judge(repo: Repo, host: Host, answer: Answer) -> tuple[Finding, ...]:
    """Everything about one host; a dead one is one problem."""
    if isinstance(answer, Unreachable):
        return (problem(host.name, "reachable", answer.why, answer.move or "is it on, and on this network?"),)
    return (
        ok(host.name, "reachable", f"as {answer.user}, in {answer.trip:.1f} s"),
        *_deployable(host, answer),
        *_tools(host, answer),
        *_engine(repo, host, answer),
        _sudo(host, answer),
        *_folder(host, answer),
        *_checkout(repo, host, answer),
        *_scratch(host, answer),
        *_disks(host, answer),
        *_clock(host, answer),
    )


def same_machines(answers: Mapping[str, Answer]) -> Iterator[Finding]:
    """Hosts that show the same checkout."""
    found = [(name, answer.seen) for name, answer in answers.items() if isinstance(answer, Inspection)]
    for (one, seen), (other, too) in combinations(found, 2):
        if seen.same_checkout(too):
            yield problem(other, "machine", f"{one} is the same one", "keep one of them in hosts.yaml")


def _deployable(host: Host, found: Inspection) -> Iterator[Finding]:
    """What a deploy would refuse, in its own words."""
    for said in found.seen.problems:
        what, _, move = said.partition("; ")
        yield problem(host.name, "deploys", what, move)
    if found.few_sessions:
        what, _, move = found.few_sessions.partition("; ")
        yield problem(host.name, "sessions", what, move)


def _tools(host: Host, found: Inspection) -> Iterator[Finding]:
    old = {tool: (there, oldest) for tool, there, oldest in too_old(found)}
    for tool, (there, oldest) in old.items():
        yield problem(host.name, tool, f"{there} is too old", f"on {host}: install {oldest} or later")
    fit = [
        f"{tool} {found.versions[tool]}" for tool in (*OLDEST, "flock") if tool in found.versions and tool not in old
    ]
    if fit:
        yield ok(host.name, "tools", ", ".join(fit))
    if host.system is System.NIXOS:
        if found.nixos:
            yield ok(host.name, "nixos", found.nixos)
        else:
            yield problem(host.name, "nixos", "this is no NixOS", f"remove system: nixos of {host} from hosts.yaml")


def _engine(repo: Repo, host: Host, found: Inspection) -> Iterator[Finding]:
    engine = found.engine
    if not engine:
        return  # why is among the problems of a deploy
    yield ok(host.name, "docker", f"engine {engine.version} answers {found.user}")
    yield from _too_old_for_services(repo, host, engine.version)
    if engine.cgroup == "1":
        move = f"on {host}: boot with systemd.unified_cgroup_hierarchy=1, or a newer system"
        yield notice(host.name, "cgroups", "version 1, which Docker and systemd give up", move)
    if not engine.live_restore:
        move = _setting(host, '"live-restore": true')
        yield notice(host.name, "live-restore", "off: containers stop whenever dockerd restarts", move)
    if engine.logging == "json-file" and found.logs_limited is False:
        move = _setting(host, '"log-opts": {"max-size": "10m", "max-file": "3"}')
        yield notice(host.name, "logs", "without a limit: they may fill the disk", move)


def _too_old_for_services(repo: Repo, host: Host, engine: str) -> Iterator[Finding]:
    """One of them is named: the engine is to be mended, not each of them."""
    own = (service for _, service in sorted(repo.services.items()) if host in service.hosts)
    lacking = [found for service in own if (found := missing_in(engine, service, host))]
    if lacking:
        others = f" (one of {len(lacking)} services)" if len(lacking) > 1 else ""
        yield problem(host.name, "engine", f"{lacking[0].place}: {lacking[0].what}{others}", lacking[0].move)


def _setting(host: Host, line: str) -> str:
    if host.system is System.NIXOS:
        return f"set virtualisation.docker.daemon.settings: {line}"
    return f"on {host}: add {line} to /etc/docker/daemon.json, then sudo systemctl reload docker"


def _sudo(host: Host, found: Inspection) -> Finding:
    if found.user == "root" or found.sudo is Sudo.FREE:
        return ok(host.name, "sudo", "without a password" if found.user != "root" else "not needed: the user is root")
    how = "asks for a password" if found.sudo is Sudo.ASKS else "is not installed"
    if host.system is System.NIXOS:
        move = "set security.sudo.wheelNeedsPassword = false; for who deploys"
        return problem(host.name, "sudo", f"{how}, and nobody is there to ask when a system is switched", move)
    return ok(host.name, "sudo", f"{how}; deploys need none, inv setup does")


def _folder(host: Host, found: Inspection) -> Iterator[Finding]:
    path, user, seen = shlex.quote(host.path), found.user or "$USER", found.seen
    match found.folder:
        case Folder.FOREIGN | Folder.MISSING if found.barred == READ_ONLY:
            yield problem(host.name, "path", *barred(host, found.barred, mount=found.mount, user=user))
        case Folder.FOREIGN:
            move = f"on {host}: sudo chown -R {user}: {path}"
            yield problem(host.name, "path", f"{host.path} may not be written by {user}", move)
        case Folder.MISSING:
            move = f"on {host}: sudo install -d -o {user} {path}"
            yield problem(host.name, "path", f"{host.path} is not there, and {user} may not make it", move)
        case Folder.MAKEABLE:
            yield ok(host.name, "path", f"{host.path} is made by the first deploy")
        case Folder.WRITABLE:
            at = f"at {seen.base[:7]}" if seen.checkout is Checkout.GIT and seen.commit else "nothing deployed yet"
            yield ok(host.name, "path", f"{host.path}, {at}")


def _checkout(repo: Repo, host: Host, found: Inspection) -> Iterator[Finding]:
    path, user, seen = shlex.quote(host.path), found.user or "$USER", found.seen
    if found.foreign:
        move = f"on {host}: sudo chown -R {user}: {shlex.quote(posixpath.join(host.path, '.git'))}"
        yield problem(host.name, "records", f"{found.foreign} may not be written by {user}", move)
    if seen.holder:
        yield notice(host.name, "lock", f"held by {seen.holder}", "wait for the end of that run")
    if found.index_lock is not None and found.index_lock > _STALE_LOCK:
        lock = shlex.quote(posixpath.join(host.path, ".git/index.lock"))
        yield problem(host.name, "lock", f"Git's own, left for {found.index_lock // 60} min", f"on {host}: rm {lock}")
    if seen.interrupted:
        what = f"the delivery of {seen.interrupted[:7]} did not end"
        yield notice(host.name, "delivery", what, f"inv deploy-all --host {host}")
    if seen.strayed and seen.commit != repo.commit:
        what = f"{seen.commit[:7]} is checked out there, and {seen.delivered[:7]} was delivered"
        yield problem(host.name, "commit", what, f"inv deploy-all --host {host}")
    dirty = [path for path in seen.dirty if path.startswith(repo.prefix)]
    if dirty and not seen.interrupted:
        what = f"edited there: {', '.join(dirty[:3])}{', ...' if len(dirty) > 3 else ''}"
        yield problem(host.name, "edits", what, f"on {host}: git -C {path} diff; commit it here, or undo it there")


def _scratch(host: Host, found: Inspection) -> Iterator[Finding]:
    if why := no_scratch(host, found.scratch):
        yield problem(host.name, "scratch", *why)


def _disks(host: Host, found: Inspection) -> Iterator[Finding]:
    full = {disk.mount for disk in nearly_full(found)}
    for disk in {disk.mount: disk for disk in reversed(found.disks)}.values():
        said = f"{disk.free / 1e9:.1f} of {disk.size / 1e9:.0f} GB free on {disk.mount}"
        if disk.mount in full:
            yield problem(host.name, "disk", said, f"inv cleanup --host {host}")
        else:
            yield ok(host.name, "disk", said)


def _clock(host: Host, found: Inspection) -> Iterator[Finding]:
    off = abs(found.skew)
    said = f"{off:.0f} s {'ahead of' if found.skew > 0 else 'behind'} this machine's"
    sync = f"on {host}: sudo timedatectl set-ntp true"
    if off > max(_WRONG_CLOCK, found.trip):
        yield problem(host.name, "clock", said, f"{sync}; or is it this machine's that is wrong?")
    elif off > max(_ODD_CLOCK, found.trip):
        yield notice(host.name, "clock", said, sync)
    else:
        yield ok(host.name, "clock", "the same as here")
    if found.synced is False:
        yield notice(host.name, "time sync", "is not synchronised", sync)
