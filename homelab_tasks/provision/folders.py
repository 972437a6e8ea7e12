"""The folders of a host, with their owners and modes; nothing that is there is ever deleted."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from ..commands import setup as commands
from ..fleet import env_files
from ..model import Host, Repo, Service, System
from ..observe import writable_again
from .seen import Kind, Seen, Spot
from .step import Act, Step

_OTHERS = 0o077
_MORE_THAN_600 = 0o177
_OTHERS_WRITE = 0o002
NIXOS = "/etc/nixos"


def data_folder(host: Host, service: Service) -> str:
    """Where a service keeps its data: `data/plex`, `data/sonarr/anime`."""
    return "/".join([host.data, service.app, *([service.instance] if service.instance else [])])


def flake_folder(repo: Repo, host: Host) -> str:
    """The folder of the host's flake in its checkout; "" where the flake is elsewhere, or the host has none."""
    folder = host.flake.partition("#")[0]
    if host.system is not System.NIXOS or ":" in folder or folder.startswith("/"):
        return ""
    return f"{host.path}/{repo.prefix}{folder}".rstrip("/")


def paths(repo: Repo, host: Host) -> tuple[str, ...]:
    """All that is to be looked at."""
    ours = (host.path, f"{host.path}/.git", *_records(host), host.data, *_service_folders(repo, host))
    return tuple(dict.fromkeys((*ours, NIXOS, *_secrets(repo, host))))


def checkout_steps(repo: Repo, host: Host, seen: Seen) -> Iterator[Step]:
    """The checkout and what is recorded in it, all of the user."""
    spot, git, state, *locks = (seen.spot(path) for path in (host.path, f"{host.path}/.git", *_records(host)))
    foreign = [s for s in (spot, git, state, *locks) if s.kind is not Kind.NONE and s.owner != seen.user]
    if spot.kind is Kind.NONE:
        make = Act(commands.make_folders([host.path], seen.owner), root=not spot.writable)
        yield Step(f"make {host.path}", f"the checkout lies there, and is {seen.user}'s", (make,))
    elif foreign and git.kind is Kind.NONE:
        yield Step(f"own {host.path}", f"it is {spot.owner}'s", (Act(commands.own([host.path], seen.owner)),))
    elif foreign:
        words = f"chown -R {seen.owner} {host.path}/.git, and what Git tracks in {host.path}"
        act = Act(commands.own_checkout(host.path, seen.owner), words=f"sudo {words}")
        yield Step(f"own {host.path}", f"the checkout is {foreign[0].owner}'s", (act,))
    yield from _state_steps(repo, host, seen, git, state)


def _state_steps(repo: Repo, host: Host, seen: Seen, git: Spot, state: Spot) -> Iterator[Step]:
    folder = _state(host)
    why = f"records of deploys lie there, for {seen.user} only"
    make = Act(commands.make_folders([folder], seen.owner, mode="700"), root=False)
    if git.kind is Kind.NONE:
        init = Act(commands.init_checkout(host.path, repo.branch or "main"), root=False)
        yield Step(f"make {folder}", why, (init, make))
    elif state.kind is Kind.NONE and git.kind is Kind.FOLDER:
        yield Step(f"make {folder}", why, (make,))
    elif state.mode & _OTHERS:
        yield Step(f"close {folder}", f"others may look into it ({state.mode:o})", (_chmod([folder], "700"),))


def data_steps(repo: Repo, host: Host, seen: Seen) -> Iterator[Step]:
    """The root of the services' data, and a folder for each of them. On NixOS what is there is the configuration's."""
    root = seen.spot(host.data)
    if root.kind is Kind.NONE:
        make = Act(commands.make_folders([host.data], seen.owner), root=not root.writable)
        yield Step(f"make {host.data}", "services keep their data there", (make,))
    elif root.owner != seen.user and not root.writable and not seen.nixos:
        yield Step(f"own {host.data}", f"it is {root.owner}'s", (Act(commands.own([host.data], seen.owner)),))
    elif root.mode & _OTHERS_WRITE and not seen.nixos:
        yield Step(f"close {host.data}", f"everybody may write it ({root.mode:o})", (_chmod([host.data], "o-w"),))
    lacking = [] if seen.nixos else [p for p in _service_folders(repo, host) if seen.spot(p).kind is Kind.NONE]
    if lacking:
        above = root.kind is Kind.FOLDER and all(seen.spot(path).writable for path in lacking)
        make = Act(commands.make_folders(lacking, seen.owner), root=not above)
        yield Step(f"make {_few(lacking)}", "data of the services on this host", (make,))


def secret_steps(repo: Repo, host: Host, seen: Seen) -> Iterator[Step]:
    """`.env` files that somebody else than the user may read, or that the user may not."""
    there = [path for path in _secrets(repo, host) if seen.spot(path).kind is Kind.FILE]
    foreign = [path for path in there if seen.spot(path).owner != seen.user]
    wide = [path for path in there if seen.spot(path).mode & _MORE_THAN_600]
    acts = [Act(commands.own(foreign, seen.owner))] if foreign else []
    acts += [Act(commands.mode(wide, "600"), root=bool(foreign))] if wide else []
    if acts:
        files = _few([path for path in there if path in foreign or path in wide])
        yield Step(f"close {files}", f"secrets, for {seen.user} only", tuple(acts))


def nixos_steps(repo: Repo, host: Host, seen: Seen) -> Iterator[Step]:
    """`/etc/nixos` as a link to the flake of the checkout; what is there is kept aside."""
    target = flake_folder(repo, host)
    spot = seen.spot(NIXOS)
    if not target or not seen.nixos or (spot.kind is Kind.LINK and spot.target == target):
        return
    acts = [Act(commands.link(target, NIXOS))]
    why = "so that nixos-rebuild reads the checkout"
    if spot.kind is not Kind.NONE:
        kept = f"{NIXOS}.{seen.clock}"
        acts.insert(0, Act(commands.keep_aside(NIXOS, kept)))
        why += f"; what is there is kept as {kept}"
    yield Step(f"link {NIXOS} to {target}", why, tuple(acts))


def folder_faults(host: Host, seen: Seen) -> Iterator[str]:
    """What is in the way, and is nobody's to remove but a person's."""
    for path in (host.path, host.data):
        if seen.spot(path).kind is Kind.FILE:
            yield f"{path} on {host.name} is no folder; move it away there"
        elif path in seen.read_only:
            yield f"{path} on {host.name} is read-only; {writable_again(host, seen.read_only[path])}"


def _service_folders(repo: Repo, host: Host) -> tuple[str, ...]:
    mine = (s for s in repo.services.values() if host.name in {h.name for h in s.hosts})
    return tuple(sorted({data_folder(host, service) for service in mine}))


def _secrets(repo: Repo, host: Host) -> tuple[str, ...]:
    return tuple(f"{host.path}/{path}" for path in env_files(repo, host))


def _state(host: Host) -> str:
    return f"{host.path}/.git/homelab"


def _records(host: Host) -> tuple[str, ...]:
    """Their folder, and what each run opens in it first: some are root's after a run of root."""
    return tuple(f"{_state(host)}{name}" for name in ("", "/lock", "/working"))


def _chmod(paths: Iterable[str], mode: str) -> Act:
    return Act(commands.mode(paths, mode))


def _few(paths: list[str], most: int = 3) -> str:
    more = f" and {len(paths) - most} more" if len(paths) > most + 1 else ""
    return ", ".join(paths if not more else paths[:most]) + more
