"""Asks the hosts: all at once, one round trip each, a dead one as soon as it shows."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from functools import partial

from msgspec.structs import replace

from ..background import in_background
from ..command import Command, host_script, host_text
from ..fleet import env_files
from ..model import Host, Repo
from ..observe import FIELDS, ran_nothing
from ..runner import SESSIONS, Result, Runner, Unreachable, connect_all
from .parse import parse
from .seen import Inspection

Answer = Inspection | Unreachable
_TIMEOUT = 45  # seconds on the host; what may hang there has less


def inspect(repo: Repo, hosts: Iterable[Host]) -> Mapping[str, Answer]:
    """What each host is like, by its name."""
    hosts = tuple(hosts)
    opening = connect_all(hosts)
    asking = {host.name: in_background(partial(_ask, repo, host, opening[host.name])) for host in hosts}
    return {name: answer.result() for name, answer in asking.items()}


def order(repo: Repo, host: Host) -> Command:
    """The command that asks everything at once."""
    given = (host.path, host.data, host_text("look"), "\t".join(FIELDS))
    return host_script("inspect", *given, *env_files(repo, host), timeout=_TIMEOUT)


def _ask(repo: Repo, host: Host, opening: Future[Runner | Unreachable]) -> Answer:
    runner = opening.result()
    if isinstance(runner, Unreachable):
        return runner
    try:
        result = runner.run(order(repo, host))
        answered = time.time()
        few = _few_sessions(runner)
    finally:
        runner.close()
    if not result.ok or not result.text:
        return _failed(host, result)
    found = parse(host, result.text)
    skew = found.seen.clock - answered if found.seen.clock else 0.0
    return replace(found, skew=skew, trip=result.seconds, few_sessions=few)


def _few_sessions(runner: Runner) -> str:
    try:
        runner.reserve(SESSIONS)
    except ConnectionError as error:
        return str(error)
    return ""


def _failed(host: Host, result: Result) -> Unreachable:
    if result.exit == 127:
        return Unreachable(host, "bash is not installed there", "install it there")
    if result.exit == 124:
        return Unreachable(host, f"no answer within {_TIMEOUT} s", "look whether docker and the disk work there")
    if not result.lost and (other := ran_nothing(host, result.text, result.stderr)):
        return Unreachable(host, *other)
    said = [line.strip() for line in result.stderr.splitlines() if line.strip()]
    why = "the connection was lost" if result.lost else said[-1] if said else f"exit status {result.exit}"
    return Unreachable(host, why, "try again" if result.lost else "mend that there first")
