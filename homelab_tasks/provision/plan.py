"""What a host lacks, as a plan: pure, from what was seen and what the repo says."""

from __future__ import annotations

from collections.abc import Iterator

from ..commands import setup as commands
from ..commands.sudo import Rights
from ..model import Host, Repo, System, Transport
from ..observe import not_silent
from .folders import NIXOS, checkout_steps, data_steps, flake_folder, folder_faults, nixos_steps, secret_steps
from .packages import package_faults, package_steps
from .seen import Docker, Kind, Seen
from .step import Act, Plan, Step


def plan_setup(repo: Repo, host: Host, seen: Seen) -> Plan:
    """All steps in the order in which they work, and what only a person can mend."""
    steps = (
        *package_steps(seen),
        *_group_steps(seen),
        *checkout_steps(repo, host, seen),
        *data_steps(repo, host, seen),
        *secret_steps(repo, host, seen),
        *nixos_steps(repo, host, seen),
    )
    faults = (*_system_faults(host, seen), *package_faults(host, seen), *_group_faults(host, seen))
    plan = Plan(host, seen, steps, (*faults, *folder_faults(host, seen)), tuple(_notes(repo, host, seen)))
    if plan.needs_root and seen.rights is Rights.NONE:
        what = f"{seen.user} cannot become root on {host.name}: there is no sudo"
        return Plan(host, seen, steps, plan.faults, plan.notes, f"{what}; run the commands above there as root")
    if any(seen.spot(path).kind is Kind.FILE for path in (host.path, host.data)):
        return Plan(host, seen, (), plan.faults, plan.notes)
    return plan


def _group_steps(seen: Seen) -> Iterator[Step]:
    """What installs Docker makes the group, so a group that is not there yet may be by then."""
    outside = seen.docker in (Docker.DENIED, Docker.MISSING) and "docker" not in seen.groups
    if outside and seen.rights is not Rights.ROOT and not seen.nixos and _will_have_group(seen):
        why = "who is in it may use Docker, which is as good as root"
        yield Step(f"add {seen.user} to the group docker", why, (Act(commands.join_docker(seen.user)),))


def _will_have_group(seen: Seen) -> bool:
    return seen.docker_group or (seen.docker is Docker.MISSING and any("docker" in s.what for s in package_steps(seen)))


def _group_faults(host: Host, seen: Seen) -> Iterator[str]:
    if seen.docker is not Docker.DENIED:
        return
    if "docker" in seen.groups:
        local = host.transport is Transport.LOCAL
        move = "log in again, as this session is older" if local else "on the host: ls -l /var/run/docker.sock"
        yield f"{seen.user} is in the group docker on {host.name}, and may not use Docker; {move}"
    elif seen.nixos:
        option = f'users.users.{seen.user}.extraGroups = [ "docker" ]'
        yield f"{seen.user} may not use Docker on {host.name}; in its NixOS configuration: {option}"
    elif not seen.docker_group:
        yield f"{seen.user} may not use Docker on {host.name}, and there is no group docker; make one for its socket"


def _system_faults(host: Host, seen: Seen) -> Iterator[str]:
    if seen.before:
        yield "; ".join(not_silent(host, seen.before))
    if host.system is System.NIXOS and not seen.nixos:
        runs = seen.release.name or "another system"
        yield f"{host.name} runs {runs}, and hosts.yaml says system: nixos; set system: none there"


def _notes(repo: Repo, host: Host, seen: Seen) -> Iterator[str]:
    if seen.nixos and host.system is System.NONE:
        yield f"{host.name} runs NixOS; with system: nixos in hosts.yaml its system is deployed too"
    if flake_folder(repo, host) and seen.nixos and seen.spot(NIXOS).kind is Kind.FOLDER:
        yield f"hardware-configuration.nix of {host.name} belongs into the repo: it is in the folder that is kept"
