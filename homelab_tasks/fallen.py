"""One more look at the end of a run: what came up in it, and is not up any more or not well."""

from __future__ import annotations

import math
import re
import time
from collections.abc import Iterable, Mapping
from typing import Any

from .health import PROJECT, Verdict, has_finished, last_words, seconds, words_of_check
from .record import RecordedContainer
from .runner import Runner

_SLACK = 0.5  # seconds that the clocks of two machines may differ without a container being inspected for it
_UNITS = {"second": 1, "minute": 60, "hour": 3600}


def fallen(
    runner: Runner, known: Iterable[RecordedContainer], started: Mapping[str, str], skew: float = 0.0
) -> Mapping[str, Verdict]:
    """Of containers that were up in this run, those that are not any more: id -> what became of it.

    `started` says of a container when the start was by which it was found to be up: a loop of restarts is mostly
    `running`. One look is for all; only what it shows to be suspicious is inspected. Raises ConnectionError.
    """
    from docker.errors import APIError
    from requests.exceptions import RequestException

    meant = {c.id: c for c in known if not c.finished}
    found: dict[str, Verdict] = {}
    try:
        api = runner.docker()
        for listed in api.containers(all=True, filters={"label": [PROJECT]}):
            ident = listed["Id"]
            since = started.get(ident, "")
            if ident in meant and (_down(listed) or _restarted(listed, since, time.time() + skew)):
                facts = api.inspect_container(ident)
                if why := _why(listed, facts, since):
                    log = (*last_words(api, ident), *words_of_check(facts))
                    found[ident] = Verdict(why=f"container {meant[ident].key} {why}", log=log)
    except (RequestException, APIError) as error:
        raise ConnectionError(str(error)) from error
    return found


def _down(listed: Mapping[str, Any]) -> bool:
    return listed["State"] in ("restarting", "exited", "dead") or "(unhealthy)" in listed["Status"]


def _restarted(listed: Mapping[str, Any], since: str, now: float) -> bool:
    """It is up for a shorter time than since it was found to be up."""
    return bool(since) and now - seconds(since) > _up_at_most(listed["Status"]) + _SLACK


def _up_at_most(status: str) -> float:
    """Seconds, as coarse as Docker says it: `Up Less than a second`, `Up 5 seconds (healthy)`, `Up About a minute`."""
    if status.startswith("Up Less than a second"):
        return 1
    said = re.match(r"Up (?:About )?(an?|\d+) (second|minute|hour)", status)
    return ((int(said[1]) if said[1].isdigit() else 1) + 1) * _UNITS[said[2]] if said else math.inf


def _why(listed: Mapping[str, Any], facts: Mapping[str, Any], since: str) -> str:
    """What became of it; "" where nothing did that nobody meant: a person's `docker restart` counts from 0 again."""
    status = listed["Status"]
    if listed["State"] in ("restarting", "exited", "dead"):
        return "" if has_finished(facts) else f"was up and is not any more: {status[:1].lower()}{status[1:]}"
    if "(unhealthy)" in status:
        return "was up and is unhealthy by now"
    count = facts["RestartCount"]
    if not count or facts["State"]["StartedAt"] == since:
        return ""
    return f"was up and was restarted since by Docker, {'once' if count == 1 else f'{count} times'} in all"
