"""Waiting until a project is up: Docker's own word where it has one, and its health test run early by us.

Docker runs a health check for the first time one whole `interval` after the start. Running the same test ourselves
reports the same truth sooner (interval 10 s: 1.3 s instead of 10.8 s). A failing early test means "not yet".
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field

from .checks import ask
from .early import LONGEST, SHORTEST, EarlyTests
from .plan import Gate
from .record import RecordedContainer
from .runner import Runner

PROJECT = "com.docker.compose.project"
KEY = "com.docker.compose.service"
STEADY_AFTER_RESTART = 5.0  # seconds a container without a health check must run once it was restarted
TOO_MANY_RESTARTS = 5  # Docker waits 0.1 s, then twice as long each time: 3 s in all
LONG_AGO = 30.0  # seconds; restarts before a start as old as this are history
LOG_LINES = 12
INTERRUPTED = "interrupted"  # why a wait ended that was cancelled


class Start(Struct, frozen=True):
    """A start of a container: when, as Docker writes it, and how often Docker had restarted it by then."""

    at: str
    restarts: int = 0


class Verdict(Struct, frozen=True):
    """How a wait ended: `why` is "" when all is well, `log` the last lines of the container that is to blame.

    `started` has of each container the start by which it was found to be up.
    """

    containers: tuple[RecordedContainer, ...] = ()
    started: Mapping[str, Start] = field(default_factory=dict)
    why: str = ""
    log: tuple[str, ...] = ()


class Watch(Struct):
    """What a waiting thread shares with those who may wake or end it. `skew` is the host's clock minus ours."""

    wake: threading.Event = field(default_factory=threading.Event)
    cancelled: threading.Event = field(default_factory=threading.Event)
    skew: float = 0.0


class _State(Struct, frozen=True):
    """One container at one look. `waits` says what it lacks, `broken` that it will not come."""

    key: str
    waits: str = ""
    due: float = 0.0  # seconds until it may be up, where that is known
    broken: str = ""
    finished: bool = False


def wait(runner: Runner, gate: Gate, watch: Watch) -> Verdict:
    """Wait until every container of the project is up and every check answers. Raises ConnectionError."""
    from docker.errors import APIError
    from requests.exceptions import RequestException

    try:
        return _wait(runner, gate, watch)
    except RequestException as error:
        host = runner.host.name
        what = f"the docker daemon on {host} stopped answering while its health was awaited"
        raise ConnectionError(f"{what}; on {host}: sudo systemctl start docker") from error
    except APIError as error:
        return Verdict(why=f"the docker daemon says: {error.explanation}")


def _wait(runner: Runner, gate: Gate, watch: Watch) -> Verdict:
    started = time.monotonic()
    api = runner.docker()
    early = EarlyTests(api, watch.cancelled)
    ids = [c["Id"] for c in _containers(api, gate.project) if not gate.keys or c["Labels"][KEY] in gate.keys]
    pending: dict[str, _State] = {ident: _State("") for ident in ids}
    before: dict[str, int] = {}
    done: dict[str, RecordedContainer] = {}
    up: dict[str, Start] = {}
    while pending and not watch.cancelled.is_set():
        watch.wake.clear()
        for ident in list(pending):
            facts = api.inspect_container(ident)
            restarts = facts["RestartCount"] - before.setdefault(ident, _history(facts, watch))
            state = _judge(facts, gate, watch, restarts, early)
            if state.broken:
                log = (*last_words(api, ident), *words_of_check(facts))
                return Verdict(why=f"container {state.key} {state.broken}", log=log)
            pending[ident] = state
            if not state.waits:
                done[ident] = _recorded(facts, finished=state.finished)
                up[ident] = Start(facts["State"]["StartedAt"], facts["RestartCount"])
                del pending[ident]
        waited = time.monotonic() - started
        if pending and waited > gate.timeout:
            ident, state = next(iter(pending.items()))
            why = f"container {state.key} {state.waits} after {gate.timeout:g} s"
            return Verdict(why=why, log=(*last_words(api, ident), *words_of_check(api.inspect_container(ident))))
        if pending:
            watch.wake.wait(_pause(pending.values(), waited))
    refused = "" if pending else _ask_all(runner, gate, watch, started)
    if refused:
        return Verdict(why=refused, log=last_words(api, ids[0]) if ids else ())
    there = tuple(done[ident] for ident in ids if ident in done)
    return Verdict(there, up, why=INTERRUPTED if pending else "")


def _pause(pending: Iterable[_State], waited: float) -> float:
    """Seconds until the next look: when somebody is known to need it, else longer and longer."""
    grown = max(SHORTEST, waited / 10)
    return min(LONGEST, *(state.due or grown for state in pending))


def last_words(api: Any, ident: str) -> tuple[str, ...]:
    """The last lines that a container wrote."""
    text: bytes = api.logs(ident, tail=LOG_LINES, stdout=True, stderr=True)
    return tuple(text.decode("utf-8", "replace").splitlines())


def words_of_check(facts: Mapping[str, Any]) -> tuple[str, ...]:
    """What the container's own health check said when it last failed."""
    results = (facts["State"].get("Health") or {}).get("Log") or ()
    failed = [result for result in results[-1:] if result["ExitCode"] != 0]
    lines = [line.strip() for result in failed for line in result["Output"].splitlines() if line.strip()]
    return tuple(f"health check: {line}" for line in lines[-3:])


def words_of_failure(runner: Runner, project: str) -> tuple[str, ...]:
    """The last lines of the container of a project that looks worst, () if there is none. Raises ConnectionError."""
    from docker.errors import APIError
    from requests.exceptions import RequestException

    try:
        api = runner.docker()
        worst = [c for c in _containers(api, project) if c["State"] != "running" or "unhealthy" in c["Status"]]
        return last_words(api, worst[0]["Id"]) if worst else ()
    except RequestException as error:
        raise ConnectionError(str(error)) from error
    except APIError:
        return ()  # the daemon has none to tell: the container went away meanwhile


def _containers(api: Any, project: str) -> list[Mapping[str, Any]]:
    found = api.containers(all=True, filters={"label": [f"{PROJECT}={project}"]})
    return [c for c in found if c["Labels"].get("com.docker.compose.oneoff") != "True"]


def _history(facts: Mapping[str, Any], watch: Watch) -> int:
    """Restarts that were over before anything was done: Docker counts them for as long as the container lives."""
    return facts["RestartCount"] if _age(facts, watch) > LONG_AGO else 0


def _age(facts: Mapping[str, Any], watch: Watch) -> float:
    return time.time() + watch.skew - seconds(facts["State"]["StartedAt"])


def _judge(facts: Mapping[str, Any], gate: Gate, watch: Watch, restarts: int, early: EarlyTests) -> _State:
    state, key = facts["State"], facts["Config"]["Labels"][KEY]
    policy = facts["HostConfig"]["RestartPolicy"]["Name"]
    if state["Status"] in ("exited", "dead"):
        if has_finished(facts):
            early_end = _is_tested(facts) and key not in gate.jobs
            why = "ended with status 0 before it was healthy" if early_end else ""
            return _State(key, broken=why, finished=not early_end)
        if policy in ("", "no") or restarts >= TOO_MANY_RESTARTS or state["Status"] == "dead":
            return _State(key, broken=f"ended with status {state['ExitCode']}")
    if restarts >= TOO_MANY_RESTARTS:
        return _State(key, broken=f"restarts again and again, exit status {state['ExitCode']}")
    if state["Status"] != "running":
        return _State(key, waits=f"is {state['Status']}")
    if _is_tested(facts):
        return _health(facts, key, early)
    needed = max(gate.settle, STEADY_AFTER_RESTART) if restarts else gate.settle
    lacking = needed - _age(facts, watch)
    return _State(key, waits="has not run long enough", due=lacking) if lacking > 0 else _State(key)


def has_finished(facts: Mapping[str, Any]) -> bool:
    """It ended well, and nobody is to start it again."""
    state, policy = facts["State"], facts["HostConfig"]["RestartPolicy"]["Name"]
    return bool(state["Status"] == "exited" and state["ExitCode"] == 0 and policy in ("", "no", "on-failure"))


def _is_tested(facts: Mapping[str, Any]) -> bool:
    return bool("Health" in facts["State"] and facts["State"]["Health"]["Status"] != "none")


def _health(facts: Mapping[str, Any], key: str, early: EarlyTests) -> _State:
    match facts["State"]["Health"]["Status"]:
        case "healthy":
            return _State(key)
        case "unhealthy":
            return _State(key, broken="is unhealthy")
        case _:
            if early.passes(facts):
                return _State(key)
            return _State(key, waits="is not healthy", due=early.due(facts["Id"]))


def _ask_all(runner: Runner, gate: Gate, watch: Watch, started: float) -> str:
    """Ask the checks of `service.yaml` in turn until each has answered; what the last refusal was, or ""."""
    for check in gate.checks:
        while refusal := ask(runner, check, gate.directory):
            waited = time.monotonic() - started
            if watch.cancelled.is_set():
                return INTERRUPTED
            if waited > gate.timeout:
                return f"{check.kind.value} {check.target}: {refusal} after {gate.timeout:g} s"
            watch.cancelled.wait(min(LONGEST, max(SHORTEST, waited / 10)))
    return ""


def _recorded(facts: Mapping[str, Any], *, finished: bool) -> RecordedContainer:
    name = facts["Name"].removeprefix("/")
    return RecordedContainer(facts["Id"], facts["Config"]["Labels"][KEY], name, facts["Image"], finished)


def seconds(timestamp: str) -> float:
    """Docker's RFC 3339 with nanoseconds, as seconds since 1970."""
    from datetime import datetime

    head, _, fraction = timestamp.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{head}+00:00").timestamp() + float(f"0.{fraction or 0}")
