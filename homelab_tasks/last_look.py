"""One more look at the end of a run: what came up in it, and is not up any more or not well."""

from __future__ import annotations

import threading
import time
from collections.abc import Collection, Iterable, Iterator, Mapping
from concurrent.futures import Future
from concurrent.futures import wait as wait_for
from functools import partial
from itertools import chain
from typing import Any

from msgspec import Struct

from .background import in_background
from .crew import Crew
from .early import LONGEST
from .health import (
    PROJECT,
    STEADY_AFTER_RESTART,
    Start,
    Verdict,
    Watch,
    has_finished,
    last_words,
    seconds,
    words_of_check,
)
from .observe import seconds_up
from .plan import Step
from .record import RecordedContainer
from .runner import Runner

_SLACK = 0.5  # seconds that the clocks of two machines may differ without a container being inspected for it
_PATIENCE = STEADY_AFTER_RESTART + 3  # seconds; Docker itself pauses a while before it restarts


class LastLook:
    """On all hosts at once. Once it is `cancelled` it waits for nothing, and says what it knows."""

    def __init__(self) -> None:
        self.cancelled = threading.Event()
        self._looks: list[tuple[Step, tuple[RecordedContainer, ...], Future[Mapping[str, Verdict]]]] = []

    def begin(self, crews: Mapping[str, Crew], done: Collection[Step], up: Mapping[str, Start]) -> None:
        """Look at what came up by these steps. It is begun once."""
        for name, crew in crews.items() if not self._looks else ():
            gated = [step for step in done if step.host.name == name and step.gate and step.entry]
            known = [(step, crew.records[step.subject].containers) for step in gated if step.subject in crew.records]
            if known:
                each = tuple(chain.from_iterable(containers for _, containers in known))
                watch = Watch(cancelled=self.cancelled, skew=crew.skew)
                looking = in_background(partial(fallen, crew.runner, each, dict(up), watch))
                self._looks += [(step, containers, looking) for step, containers in known]

    def wait(self) -> None:
        """Until every host has answered."""
        wait_for([looking for _, _, looking in self._looks])

    def fallen(self) -> Iterator[tuple[Step, Verdict]]:
        """Each step of which something is not up any more, with what became of it."""
        for step, containers, looking in self._looks:
            try:
                down = looking.result()
            except ConnectionError:
                continue  # nobody knows; the next look will
            yield from ((step, verdict) for verdict in [down[c.id] for c in containers if c.id in down][:1])


class _Fate(Struct, frozen=True):
    """What became of a container: `why` is "" where it is well. Until `due` seconds are over that may change."""

    why: str = ""
    due: float = 0.0


def fallen(
    runner: Runner, known: Iterable[RecordedContainer], started: Mapping[str, Start], watch: Watch
) -> Mapping[str, Verdict]:
    """Of containers that were up in this run, those that are not any more: id -> what became of it.

    `started` says of a container by which start it was found to be up: a loop of restarts is mostly `running`.
    One look is for all; only what it shows to be suspicious is inspected, and waited for. Raises ConnectionError.
    """
    from docker.errors import APIError
    from requests.exceptions import RequestException

    meant = {c.id: c for c in known if not c.finished}
    found: dict[str, Verdict] = {}
    try:
        api = runner.docker()
        listed = api.containers(all=True, filters={"label": [PROJECT]})
        now = time.time() + watch.skew
        odd = [c["Id"] for c in listed if c["Id"] in meant and (_down(c) or _restarted(c, started.get(c["Id"]), now))]
        for ident, why, facts in _became(api, odd, started, watch):
            log = (*last_words(api, ident), *words_of_check(facts))
            found[ident] = Verdict(why=f"container {meant[ident].key} {why}", log=log)
    except (RequestException, APIError) as error:
        raise ConnectionError(str(error)) from error
    return found


def _became(
    api: Any, odd: Collection[str], started: Mapping[str, Start], watch: Watch
) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    """What became of each that is not well, and its facts: as soon as that is certain, or nobody waits any more."""
    until = time.monotonic() + _PATIENCE
    while odd:
        over = watch.cancelled.is_set() or time.monotonic() > until
        due: dict[str, float] = {}
        for ident in odd:
            facts = api.inspect_container(ident)
            fate = _fate(facts, started.get(ident), time.time() + watch.skew)
            if fate.due > 0 and not over:
                due[ident] = fate.due
            elif fate.why:
                yield ident, fate.why, facts
        odd = due.keys()
        if due:
            watch.cancelled.wait(min(LONGEST, *due.values()))


def _down(listed: Mapping[str, Any]) -> bool:
    return listed["State"] in ("restarting", "exited", "dead") or "(unhealthy)" in listed["Status"]


def _restarted(listed: Mapping[str, Any], since: Start | None, now: float) -> bool:
    """It is up for a shorter time than since it was found to be up."""
    return since is not None and now - seconds(since.at) > seconds_up(listed["Status"])[1] + _SLACK


def _fate(facts: Mapping[str, Any], since: Start | None, now: float) -> _Fate:
    """One restart by Docker is no fall, if it runs on by then. Nor is a person's: that counts from 0 again."""
    state = facts["State"]
    gone = f"was up and is not any more: {state['Status']} ({state['ExitCode']})"
    if state["Status"] in ("exited", "dead"):
        return _Fate("" if has_finished(facts) else gone)
    if (state.get("Health") or {}).get("Status") == "unhealthy":
        return _Fate("was up and is unhealthy by now")
    restarts = facts["RestartCount"] - since.restarts if since else 0
    if restarts > 1:
        return _Fate(f"was up and was restarted since by Docker, {restarts} times")
    if state["Status"] == "restarting":
        return _Fate(gone, due=LONGEST if since else 0.0)
    if restarts < 1:
        return _Fate()
    return _Fate(due=STEADY_AFTER_RESTART - (now - seconds(state["StartedAt"])))
