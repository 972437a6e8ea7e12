"""What ran before a failed run and is down at its end."""

from __future__ import annotations

from typing import Any

import pytest

from homelab_tasks.observe import Observation
from homelab_tasks.record import RecordedContainer
from homelab_tasks.undo.fallen import Fallen, fallen, maybe_stopped, start_again

from .builders import a_container, a_host, a_record, a_repo, a_service, an_observation

REPO = a_repo(a_service("plex"), a_service("blog"))


def a_look(*, plex: dict[str, Any] | None, **record: Any) -> Observation:
    """A host on which blog runs, and the container of plex is so."""
    containers = [a_container("blog"), *([] if plex is None else [a_container(**plex)])]
    records = {"blog": a_record("blog"), "plex": a_record("plex", **record)}
    return an_observation("blog", "plex", containers=tuple(containers), records=records)


ENDED = {"state": "exited", "exit": 0}
JOB = (RecordedContainer("id-plex", "plex", "plex-plex-1", "sha256:plex", finished=True),)
KILLED = {"state": "exited", "exit": 137}
TOLD = "plex on nas ran before, and has ended with status 0 while Docker was restarted"


@pytest.mark.parametrize(
    ("before", "now", "found"),
    [
        (a_look(plex={}), a_look(plex={}), ""),
        (a_look(plex={}), a_look(plex=KILLED), "plex"),
        (a_look(plex={}), a_look(plex={"state": "exited", "exit": 1}), "plex"),
        (a_look(plex={}), a_look(plex={"state": "dead"}), "plex"),
        (a_look(plex={}), a_look(plex={"state": "created"}), "plex"),
        (a_look(plex={}), a_look(plex=ENDED), ""),
        (a_look(plex={}), a_look(plex=None), "plex"),
        (a_look(plex={}), a_look(plex={"id": "made anew"}), ""),
        (a_look(plex={}), a_look(plex={"state": "restarting"}), ""),
        (a_look(plex={"state": "exited", "exit": 1}), a_look(plex={"state": "exited", "exit": 1}), ""),
        (a_look(plex={}, digest=""), a_look(plex=None), ""),
    ],
)
def test_what_ran_and_does_not_any_more_has_fallen(before: Observation, now: Observation, found: str) -> None:
    assert fallen(before, now) == {name: {"plex"} for name in found.split()}


@pytest.mark.parametrize(
    ("before", "now", "told"),
    [
        (
            a_look(plex={}),
            a_look(plex=ENDED),
            [f"{TOLD}; if it is no job: inv ensure plex"],
        ),
        (a_look(plex={}), a_look(plex=KILLED), []),
        (a_look(plex=ENDED), a_look(plex=ENDED), []),
        (a_look(plex={}, containers=JOB), a_look(plex=ENDED), []),
        (a_look(plex={}), a_look(plex=ENDED | {"id": "made anew"}), []),
    ],
)
def test_what_docker_may_have_stopped_with_status_0_is_told(before: Observation, now: Observation, told: Any) -> None:
    assert list(maybe_stopped(REPO, before, now)) == told


def test_it_is_started_without_changing_a_file() -> None:
    seen = {"nas": a_look(plex={"state": "exited", "exit": 137})}
    plan, left = start_again([Fallen(a_host(), REPO, {"plex": frozenset(["plex"])})], seen, "put back")
    assert [(step.key, step.verb.value, step.cause) for step in plan.steps] == [
        ("plex@nas", "start", "container plex is exited, exit status 137, requested")
    ]
    assert (plan.deliveries, left) == ((), ())


def test_a_job_that_has_ended_well_beside_it_is_not_run_again() -> None:
    job = a_container("plex", id="id-job", key="job", state="exited", exit=0)
    down = a_container("plex", **KILLED)
    seen = {"nas": an_observation("plex", containers=(down, job))}
    plan, _ = start_again([Fallen(a_host(), REPO, {"plex": frozenset(["plex"])})], seen, "put back")
    (step,) = plan.steps
    (command,) = step.commands
    assert str(command).endswith("up --detach --no-deps --remove-orphans --quiet-pull plex")
    assert step.gate and (step.gate.keys, step.cause) == (frozenset({"plex"}), "container plex is down, requested")


@pytest.mark.parametrize("repo", [None, a_repo(a_service("blog"))])
def test_what_no_repo_knows_is_told(repo: Any) -> None:
    seen = {"nas": a_look(plex=None)}
    plan, left = start_again([Fallen(a_host(), repo, {"plex": frozenset(["plex"])})], seen, "put back")
    assert (plan.steps, left) == ((), ("plex on nas ran before, and is down now; inv ensure plex",))
