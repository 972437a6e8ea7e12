"""The one look at the end of a run: what it finds, and that it inspects nothing where all is well."""

from __future__ import annotations

import time
from typing import Any, cast

import pytest

from homelab_tasks.fallen import fallen
from homelab_tasks.record import RecordedContainer
from homelab_tasks.runner import Runner

THEN = "2024-05-01T10:00:00.5Z"
NOW = 1714557600.5 + 30  # half a minute later


class Listing:
    """A runner whose Engine lists one container; `asked` counts the closer looks at it."""

    def __init__(self, status: str, state: str = "running", **facts: Any) -> None:
        self.listed = {"Id": "c1", "State": state, "Status": status}
        inspected = {"Status": state, "ExitCode": 3, "StartedAt": THEN, **facts}
        self.facts = {
            "RestartCount": inspected.pop("RestartCount", 0),
            "State": inspected,
            "HostConfig": {"RestartPolicy": {"Name": "no"}},
        }
        self.asked = 0

    def docker(self) -> Any:
        return self

    def containers(self, **_: Any) -> list[dict[str, str]]:
        return [self.listed]

    def inspect_container(self, _: str) -> dict[str, Any]:
        self.asked += 1
        return self.facts

    def logs(self, _ident: str, **_: Any) -> bytes:
        return b"bye\n"


def became(host: Listing, since: str = THEN) -> str:
    """What the look says of the container, "" if it is up, at a time half a minute after `THEN`."""
    known = [RecordedContainer("c1", "web", "plex-web-1", "sha256:aa")]
    found = fallen(cast("Runner", host), known, {"c1": since} if since else {}, skew=NOW - time.time())
    return found["c1"].why if found else ""


UNHEALTHY: dict[str, Any] = {"Health": {"Status": "unhealthy", "Log": [{"ExitCode": 1, "Output": "no answer\n"}]}}


@pytest.mark.parametrize(
    ("host", "why"),
    [
        (Listing("Exited (3) 2 seconds ago", "exited"), "is not any more: exited (3) 2 seconds ago"),
        (Listing("Restarting (1) 1 second ago", "restarting"), "is not any more: restarting (1) 1 second ago"),
        (Listing("Exited (0) 2 seconds ago", "exited", ExitCode=0), ""),
        (Listing("Up 30 seconds (unhealthy)", "running", **UNHEALTHY), "is unhealthy by now"),
        (Listing("Up 2 seconds", RestartCount=4, StartedAt="later"), "was restarted since by Docker, 4 times in all"),
        (Listing("Up 1 second", RestartCount=1, StartedAt="later"), "was restarted since by Docker, once in all"),
        (Listing("Up 2 seconds", StartedAt="later"), ""),  # by a person
    ],
)  # fmt: skip
def test_what_is_not_up_any_more_is_found(host: Listing, why: str) -> None:
    assert became(host) == (f"container web was up and {why}" if why else "")
    assert host.asked == 1


@pytest.mark.parametrize(
    "status",
    ["Up 29 seconds", "Up 30 seconds (healthy)", "Up 31 seconds (health: starting)", "Up About a minute", "Up"],
)
def test_of_what_is_well_nothing_more_is_asked(status: str) -> None:
    host = Listing(status)
    assert (became(host), host.asked) == ("", 0)


def test_a_restart_before_it_was_found_to_be_up_is_history() -> None:
    host = Listing("Up 20 seconds", RestartCount=2)
    assert (became(host), became(host, since="")) == ("", "")


def test_what_its_health_check_said_last_is_shown() -> None:
    known = [RecordedContainer("c1", "web", "plex-web-1", "sha256:aa")]
    found = fallen(cast("Runner", Listing("Up 9 seconds (unhealthy)", "running", **UNHEALTHY)), known, {})
    assert found["c1"].log == ("bye", "health check: no answer")
