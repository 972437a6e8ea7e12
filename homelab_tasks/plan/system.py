"""The step that brings a host's NixOS to the commit, or back to a system that ran before. Pure."""

from __future__ import annotations

import posixpath
from collections.abc import Iterator

from msgspec.structs import replace

from ..commands import nixos
from ..model import Host
from ..observe import Observation
from ..record import SystemRecord
from . import Step, Switch, Verb, system_key
from .facts import Facts
from .survey import Survey
from .system_drift import folder, no_nixos

_LANE = "systems"  # one at a time: should one lock everybody out, the others are not touched meanwhile


def systems(survey: Survey, facts: Facts) -> Iterator[Step]:
    """A step for each finding: all are built before anything is changed, and activated one by one."""
    reboot = survey.request.reboot
    for finding in survey.systems:
        host = finding.host
        step = replace(_step(host), causes=finding.causes, blocked=finding.blocked)
        if not finding.blocked:
            build = nixos.build(_folder(host, facts.seen[host.name]), flake(host, facts.repo.prefix))
            switch = replace(_switch(host, reboot=reboot), files=facts.repo.systems[host.name], commit=facts.repo.base)
            step = replace(step, build=build, commands=(switch,))
        yield step


def restore(host: Host, seen: Observation, to: SystemRecord, *, cause: str, reboot: bool = False) -> Step:
    """The step back to exactly the system of a record; nothing is built. Where its store path is gone by then, the
    step fails before it changes anything.
    """
    why = "" if seen.system else no_nixos(host)
    switch = replace(_switch(host, reboot=reboot), system=to.system, files=to.files, commit=to.commit)
    return replace(_step(host), causes=(cause,), blocked=why, commands=() if why else (switch,))


def flake(host: Host, prefix: str) -> str:
    """The flake as `nixos-rebuild` on the host is given it."""
    name = host.flake.partition("#")[2]
    path = posixpath.normpath(f"{host.path}/{prefix}{folder(host)}")
    return f"{path}#{name}" if name else path


def _step(host: Host) -> Step:
    return Step(system_key(host), Verb.SYSTEM, "the system", host, lane=_LANE)


def _switch(host: Host, *, reboot: bool) -> Switch:
    return Switch(nixos.activate(host.confirm_timeout, reboot=reboot), nixos.keep(), host.confirm_timeout)


def _folder(host: Host, seen: Observation) -> str:
    return seen.folder or f"{host.path}/.git/homelab"
