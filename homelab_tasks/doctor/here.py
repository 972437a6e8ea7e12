"""This machine: what deploys from it need, and what makes them better."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence, Sized
from pathlib import Path

from ..inspection import version
from ..model import Host, Transport
from ..problem import Severity
from ..repo.loader import Examined
from ..repo.source import git_top
from .finding import HERE, Finding, notice, ok, problem

_OLDEST_GIT = "2.29"
_LEAST_FREE = 500 * 1024**2


def look(examined: Examined, hosts: Sequence[Host]) -> tuple[Finding, ...]:
    """Everything about this machine."""
    root = Path(examined.repo.root)
    return (
        ok(HERE, "python", f"{platform.python_version()} ({sys.executable})"),
        *_git(root),
        *_repo(root, examined),
        *_ssh(hosts),
        *_compose(),
        _nix(hosts),
        _terminal(),
        *_disks(root),
    )


def _git(root: Path) -> Iterator[Finding]:
    said = _output("git", "--version")
    if not version(said):
        yield problem(HERE, "git", "not installed", "install git, e.g. sudo apt install git")
        return
    number = ".".join(map(str, version(said)))
    if version(said) < version(_OLDEST_GIT):
        yield problem(HERE, "git", f"{number} is too old", f"install {_OLDEST_GIT} or later")
    else:
        yield ok(HERE, "git", number)
    name, mail = (_output("git", "-C", str(root), "config", "--get", f"user.{key}") for key in ("name", "email"))
    if name and mail:
        yield ok(HERE, "git user", f"{name} <{mail}>")
    else:
        lacking = "name" if not name else "email"
        yield notice(HERE, "git user", f"user.{lacking} is not set", f'git config --global user.{lacking} "..."')


def _repo(root: Path, examined: Examined) -> Iterator[Finding]:
    if not git_top(root):
        move = "git init && git add --all && git commit"
        yield problem(HERE, "repo", f"{root} is in no Git repo, and only commits are deployed", move)
    wrong = [found for found in examined.problems if found.severity is Severity.ERROR]
    if wrong:
        yield problem(HERE, "repo", f"{_number(wrong, 'error')} in the files of {root}", "inv validate")
    elif git_top(root):
        services, hosts = _number(examined.repo.services, "service"), _number(examined.repo.hosts, "host")
        yield ok(HERE, "repo", f"{root}, {services} on {hosts}")


def _number(things: Sized, name: str) -> str:
    return f"{len(things)} {name}{'' if len(things) == 1 else 's'}"


def _ssh(hosts: Sequence[Host]) -> Iterator[Finding]:
    if not any(host.transport is Transport.SSH for host in hosts):
        return
    from ..runner.outlook import outlooks

    found, in_agent = outlooks(hosts)
    files = dict.fromkeys(path for outlook in found for path in outlook.key_files)
    locked = dict.fromkeys(path for outlook in found for path in outlook.locked)
    said = [*([f"{in_agent} in the agent"] if in_agent else []), *(_short(path) for path in files)]
    if not said:
        yield problem(HERE, "ssh keys", "none in ~/.ssh, none in an agent", "ssh-keygen -t ed25519")
    elif locked and not in_agent:
        what = f"{', '.join(_short(path) for path in locked)} asks for its passphrase at each run"
        yield notice(HERE, "ssh keys", what, f"ssh-add {_short(next(iter(locked)))}")
    else:
        yield ok(HERE, "ssh keys", ", ".join(said))
    for outlook in found:
        if outlook.problem:
            yield problem(HERE, "ssh config", f"{outlook.host}: {outlook.problem}", "mend ~/.ssh/config")
    strangers = [outlook for outlook in found if not outlook.known and not outlook.problem]
    for outlook in strangers:
        move = f"inv setup {outlook.host}, which shows it and asks"
        yield problem(HERE, "known_hosts", f"the host key of {outlook.host} is not known", move)
    known = [outlook.host.name for outlook in found if outlook not in strangers and not outlook.problem]
    if known:
        yield ok(HERE, "known_hosts", f"knows {', '.join(known)}")


def _compose() -> Iterator[Finding]:
    said = _output("docker", "compose", "version", "--short") or _output("docker-compose", "version", "--short")
    if version(said):
        yield ok(HERE, "compose", f"{said}: inv validate asks it")
    else:
        move = "install the plugin docker-compose-v2; no daemon is needed"
        yield notice(HERE, "compose", "not installed: inv validate does without", move)


def _nix(hosts: Sequence[Host]) -> Finding:
    nixos = [host.name for host in hosts if host.flake]
    found = version(_output("nix", "--version") or _output("nix-instantiate", "--version"))
    if found:
        return ok(HERE, "nix", ".".join(map(str, found)))
    if not nixos:
        return ok(HERE, "nix", "not needed: no host is NixOS")
    return notice(HERE, "nix", "not installed: inv validate --deep cannot evaluate a host", "install nix")


def _terminal() -> Finding:
    if not sys.stdout.isatty():
        return ok(HERE, "terminal", "none: plain lines, and nothing is asked")
    if (sys.stdout.encoding or "").lower().replace("-", "") != "utf8":
        return notice(HERE, "terminal", f"{sys.stdout.encoding}: symbols are replaced", "export LANG=C.UTF-8")
    return ok(HERE, "terminal", f"{os.environ.get('TERM', 'no TERM')}, {sys.stdout.encoding}")


def _disks(root: Path) -> Iterator[Finding]:
    for topic, path in (("disk", root), ("temporary files", Path(tempfile.gettempdir()))):
        free = shutil.disk_usage(path).free
        said = f"{free / 1e9:.1f} GB free for {path}"
        yield ok(HERE, topic, said) if free >= _LEAST_FREE else problem(HERE, topic, said, "make room there")


def _output(*words: str) -> str:
    """What a program prints; "" where it is not here, or fails."""
    try:
        done = subprocess.run(words, capture_output=True, text=True, errors="replace", timeout=10, check=False)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""


def _short(path: Path) -> str:
    home = Path.home()
    return f"~/{path.relative_to(home)}" if path.is_relative_to(home) else str(path)
