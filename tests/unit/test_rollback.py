"""Where a rollback leads to, and how services were then, as journals tell."""

from __future__ import annotations

from dataclasses import replace

import pytest

from homelab_tasks.errors import Refused
from homelab_tasks.history import Change, Ending, Journal, Run
from homelab_tasks.plan.past import Past
from homelab_tasks.rollback.ref import Start, is_relative, one_of, previous
from homelab_tasks.rollback.then import Then, then

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
DONE, FAILED, LOST = Ending.DONE, Ending.FAILED, Ending.LOST


def a_run(title: str, before: str, after: str, ending: Ending = DONE, *changes: Change, reverted: bool = False) -> Run:
    moves = {"nas": (before, after)}
    run = Run(f"{title} {after}", "2026-01-31T21:14:05Z", "ann@desk", title, moves, ending)
    return replace(run, changes=changes, reverted=reverted)


def plex(env_hash: str = "t1", image: str = "i1", verb: str = "update", status: str = "done") -> Change:
    """What a run did to plex; it had these settings and that image afterwards."""
    env = {"services/plex/.env": env_hash} if status == "done" and verb != "remove" else None
    images = {"web": image} if env else {}
    return Change("plex", "nas", verb, status, env=env, images=images)


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], ""),
        ([a_run("deploy-all", "", A)], ""),
        ([a_run("deploy-all", "", A), a_run("deploy plex", A, B)], A),
        ([a_run("deploy-all", "", A), a_run("deploy-all", A, B), a_run("deploy-all", B, B)], A),
        ([a_run("deploy-all", "", A), a_run("update-services --yes", A, B)], A),
        ([a_run("deploy-all", "", A), a_run("deploy-all", A, C, FAILED), a_run("deploy-all", C, B)], A),
        ([a_run("deploy-all", "", A), a_run("deploy-all", A, B, FAILED)], A),
        ([a_run("deploy-all", "", A), a_run("deploy-all", A, B, LOST)], A),
        ([a_run("deploy-all", "", A), a_run("deploy-all", A, C, reverted=True), a_run("deploy-all", A, B)], A),
        ([a_run("deploy-all", "", A), a_run("stop plex", C, C), a_run("deploy-all", A, B)], A),
        ([a_run("deploy-all", "", A), a_run("rollback --to c", A, C), a_run("deploy-all", C, B)], A),
        (
            [a_run("deploy-all", "", A), a_run("deploy-all", A, B), a_run("deploy-all", B, C), a_run("rollback", C, B)],
            A,
        ),
        ([a_run("deploy-all", "", A), a_run("rollback --to b", A, B)], ""),
    ],
)
def test_the_deploy_before_is_the_last_that_succeeded_before_that_of_now(runs: list[Run], expected: str) -> None:
    assert previous(reversed(runs), present=B) == expected


@pytest.mark.parametrize(
    ("word", "relative"),
    [
        *((word, True) for word in ("HEAD", "HEAD~1", "HEAD^", "@", "@~2", "@^2")),
        *((word, False) for word in ("HEADS", "main", "main~1", "v1.0", A[:7], "@{1}", "origin/HEAD", "")),
    ],
)
def test_only_head_counts_from_what_is_deployed(word: str, relative: bool) -> None:  # noqa: FBT001
    assert is_relative(word) is relative


def test_hosts_at_one_commit_have_one_start_and_others_only_where_it_does_not_matter() -> None:
    apart = [Start("h1", A, A), Start("h2", B, B)]
    assert one_of([Start("h1", A, A), Start("h2", A, A)], None).commit == A
    assert one_of(apart, "v1").commit == A
    for word in (None, "HEAD~1"):
        with pytest.raises(Refused) as caught:
            one_of(apart, word)
        assert str(caught.value) == (
            "h1 is at aaaaaaa, h2 is at bbbbbbb: there is no one deploy to count from; "
            "say which: --to HASH, or one --host"
        )
    assert one_of([Start("plex on h1", A, B), Start("plex on h2", A, C)], "HEAD~1").commit == A
    with pytest.raises(Refused):
        one_of([Start("plex on h1", A, B), Start("plex on h2", A, C)], None)


PLEX = frozenset({"plex"})
AT_ONE = {"plex": Past({"services/plex/.env": "t1"}, {"web": "i1"})}
AT_TWO = {"plex": Past({"services/plex/.env": "t2"}, {"web": "i2"})}
MADE = a_run("deploy-all", "", A, DONE, plex(verb="create"))


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], Then()),
        ([MADE], Then(AT_ONE, found=True)),
        ([MADE, a_run("deploy-all", A, B, DONE, plex("t2", "i2"))], Then(AT_ONE, PLEX, found=True)),
        (  # new settings, and the same commit: the last of them count
            [
                MADE,
                a_run("deploy plex", A, A, DONE, plex("t2", "i2")),
                a_run("deploy-all", A, B, DONE, plex("t3", "i3")),
            ],
            Then(AT_TWO, PLEX, found=True),
        ),
        ([MADE, a_run("deploy-all", A, B)], Then(AT_ONE, found=True)),
        (  # twice at the commit: the last time counts
            [
                MADE,
                a_run("deploy-all", A, B, DONE, plex("t2", "i2")),
                a_run("rollback", B, A),
                a_run("deploy-all", A, C),
            ],
            Then(AT_TWO, found=True),
        ),
        ([MADE, a_run("deploy-all", A, B, FAILED, plex("t2", "i2"), reverted=True)], Then(AT_ONE, found=True)),
        ([MADE, a_run("deploy-all", A, B, FAILED, plex(status="failed"))], Then(AT_ONE, PLEX, found=True)),
        ([MADE, a_run("deploy-all", A, B, FAILED, plex(status="skipped"))], Then(AT_ONE, found=True)),
        ([MADE, a_run("destroy plex", A, A, DONE, plex(verb="remove"))], Then({}, found=True)),
        ([a_run("deploy-all", A, B, DONE, plex("t2", "i2"))], Then({}, PLEX, found=True)),
        ([a_run("deploy-all", C, D, DONE, plex("t2", "i2"))], Then({}, PLEX)),
        ([a_run("deploy-all", C, A, LOST, plex(status=""))], Then({}, PLEX)),
    ],
)
def test_a_service_was_as_it_came_up_last_when_its_host_was_at_the_commit(runs: list[Run], expected: Then) -> None:
    assert then(Journal("nas", tuple(runs)), A) == expected
