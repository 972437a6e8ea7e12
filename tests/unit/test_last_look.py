"""The one look at the end of a run: what it finds, and that it inspects nothing where all is well."""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import UTC, datetime
from threading import Event
from typing import Any, cast

import pytest

from homelab_tasks.health import Start, Watch
from homelab_tasks.last_look import fallen
from homelab_tasks.record import RecordedContainer
from homelab_tasks.runner import Runner

THEN = Start("2024-05-01T10:00:00.5Z")
NOW = 1714557600.5 + 30  # half a minute later


class Listing:
    """A runner whose Engine lists one container; `asked` counts the closer looks at it, which see `facts` in turn."""

    def __init__(self, status: str, *facts: Mapping[str, Any]) -> None:
        self.listed = {"Id": "c1", "State": facts[0]["State"]["Status"] if facts else "running", "Status": status}
        self.facts = facts
        self.asked = 0

    def docker(self) -> Any:
        return self

    def containers(self, **_: Any) -> list[dict[str, str]]:
        return [self.listed]

    def inspect_container(self, _: str) -> Mapping[str, Any]:
        self.asked += 1
        return self.facts[min(self.asked, len(self.facts)) - 1]

    def logs(self, _ident: str, **_: Any) -> bytes:
        return b"bye\n"


def facts(status: str = "running", restarts: int = 0, ran: float = 30, **state: Any) -> Mapping[str, Any]:
    """What an inspection says of a container that has run for so many seconds."""
    started = datetime.fromtimestamp(NOW - ran, UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")
    return {
        "RestartCount": restarts,
        "State": {"Status": status, "ExitCode": 3, "StartedAt": started, **state},
        "HostConfig": {"RestartPolicy": {"Name": "no"}},
    }


def became(host: Listing, since: Start | None = THEN, clock: Event | None = None) -> str:
    """What the look says of the container, "" if it is up, at a time half a minute after `THEN`."""
    known = [RecordedContainer("c1", "web", "plex-web-1", "sha256:aa")]
    watch = Watch(skew=NOW - time.time(), cancelled=clock or Event())
    found = fallen(cast("Runner", host), known, {"c1": since} if since else {}, watch)
    return found["c1"].why if found else ""


class Hurry(Event):
    """Time that passes at once; `waited` is how much of it."""

    def __init__(self) -> None:
        super().__init__()
        self.waited: list[float | None] = []

    def wait(self, timeout: float | None = None) -> bool:
        self.waited.append(timeout)
        return False


UNHEALTHY: dict[str, Any] = {"Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no answer\n"}]}}
AGAIN = Listing("Restarting (3) 1 second ago", facts("restarting", restarts=4))
LOOP = Listing("Up 2 seconds", facts(restarts=4, ran=2))


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (Listing("Exited (3) 2 seconds ago", facts("exited")), "is not any more: exited (3)"),
        (Listing("Exited (0) 2 seconds ago", facts("exited", ExitCode=0)), ""),
        (Listing("Up 30 seconds (unhealthy)", facts(**UNHEALTHY)), "is unhealthy by now"),
        (AGAIN, "was restarted since by Docker, 4 times"),
        (LOOP, "was restarted since by Docker, 4 times"),
        (Listing("Up 6 seconds", facts(restarts=1, ran=6)), ""),
        (Listing("Up 2 seconds", facts(ran=2)), ""),  # by a person
    ],
)  # fmt: skip
def test_what_is_not_up_any_more_is_found(host: Listing, why: str) -> None:
    assert became(host) == (f"container web was up and {why}" if why else "")
    assert host.asked == 1


@pytest.mark.parametrize(
    ("then", "why"),
    [
        (facts(restarts=1, ran=5.1), ""),
        (facts(restarts=2, ran=0.1), "was restarted since by Docker, 2 times"),
        (facts("exited", restarts=1), "is not any more: exited (3)"),
        (facts(restarts=1, ran=5, **UNHEALTHY), "is unhealthy by now"),
    ],
)
def test_one_restart_is_no_failure_unless_more_follows_within_five_seconds(then: Mapping[str, Any], why: str) -> None:
    clock = Hurry()
    host = Listing("Up 2 seconds", facts(restarts=1, ran=2), then)
    assert became(host, clock=clock) == (f"container web was up and {why}" if why else "")
    assert (host.asked, clock.waited) == (2, [1.0])


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (Listing("Up 1 second", facts(restarts=1, ran=1)), ""),
        (Listing("Restarting (3) 1 second ago", facts("restarting", restarts=1)), "is not any more: restarting (3)"),
    ],
)
def test_a_look_that_is_interrupted_says_what_it_knows(host: Listing, why: str) -> None:
    interrupted = Event()
    interrupted.set()
    assert became(host, clock=interrupted) == (f"container web was up and {why}" if why else "")
    assert host.asked == 1


@pytest.mark.parametrize(
    "status",
    ["Up 29 seconds", "Up 30 seconds (healthy)", "Up 31 seconds (health: starting)", "Up About a minute", "Up"],
)
def test_of_what_is_well_nothing_more_is_asked(status: str) -> None:
    host = Listing(status)
    assert (became(host), host.asked) == ("", 0)


def test_restarts_before_it_was_found_to_be_up_are_history() -> None:
    assert became(Listing("Up 6 seconds", facts(restarts=3, ran=6)), Start(THEN.at, 2)) == ""
    assert became(Listing("Up 2 seconds", facts(restarts=4, ran=2)), None) == ""


def test_what_restarts_and_was_not_found_to_be_up_in_this_run_is_not_waited_for() -> None:
    host = Listing("Restarting (3) 1 second ago", facts("restarting", restarts=1))
    assert (became(host, None), host.asked) == ("container web was up and is not any more: restarting (3)", 1)


def test_what_its_health_check_said_last_is_shown() -> None:
    known = [RecordedContainer("c1", "web", "plex-web-1", "sha256:aa")]
    found = fallen(cast("Runner", Listing("Up 9 seconds (unhealthy)", facts(**UNHEALTHY))), known, {}, Watch())
    assert found["c1"].log == ("bye", "health check: no answer")
