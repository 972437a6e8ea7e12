"""Where a rollback leads to, and how services were then, as journals tell."""

from __future__ import annotations

from pathlib import Path

import pytest
from msgspec.structs import replace

from homelab_tasks.errors import Refused
from homelab_tasks.history import Change, Ending, Journal, Run
from homelab_tasks.plan.past import Past
from homelab_tasks.rollback.ref import Start, is_lacking, is_relative, newest, previous, refuse_forward
from homelab_tasks.rollback.then import Then, then

from .scratch import git

A, B, C, D = ("a" * 40, "b" * 40, "c" * 40, "d" * 40)
DONE, FAILED, LOST = Ending.DONE, Ending.FAILED, Ending.LOST


def a_run(title: str, before: str, after: str, ending: Ending = DONE, *changes: Change, reverted: bool = False) -> Run:
    moves = {"nas": (before, after)}
    run = Run(f"{title} {after}", "2026-01-31T21:14:05Z", "ann@desk", title, moves, ending)
    return replace(run, changes=changes, reverted=reverted)


def plex(env_hash: str = "t1", image: str = "i1", verb: str = "update", status: str = "done") -> Change:
    """What a run did to plex; it had these settings and that image, and the files `d1`, afterwards."""
    env = {"services/plex/.env": env_hash} if status == "done" and verb != "remove" else None
    images = {"web": image} if env else {}
    return Change("plex", "nas", verb, status, env=env, images=images, digest="d1" if env else "")


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
        ([a_run("deploy-all", "", A), a_run(f"rollback --to {B[:10]}", A, B)], ""),
    ],
)
def test_the_deploy_before_is_the_last_that_succeeded_before_that_of_now(runs: list[Run], expected: str) -> None:
    assert previous(reversed(runs), present=B) == expected


def test_what_was_rolled_back_does_not_count() -> None:
    there_and_back = [
        a_run("deploy-all", "", A),
        a_run("deploy-all", A, B),
        a_run("deploy-all", B, C),
        a_run(f"rollback --to {B[:10]}", C, B),
    ]
    assert previous(reversed(there_and_back), present=B) == A
    onward = [*there_and_back, a_run("deploy-all", B, D)]
    assert previous(reversed(onward), present=D) == B[:10]
    assert previous(reversed([*onward, a_run(f"rollback --to {B[:10]}", D, B)]), present=B) == A
    failed = a_run(f"rollback --to {B[:10]}", C, B, FAILED, reverted=True)
    assert previous(reversed([*there_and_back[:3], failed]), present=C) == B


def test_a_rollback_of_some_services_is_no_news_of_the_others() -> None:
    runs = [
        a_run("deploy-all", "", A),
        a_run("deploy-all", A, B),
        a_run(f"rollback --to {A[:10]} --service plex", B, B),
        a_run("deploy plex", B, C),
    ]
    assert previous(reversed(runs), present=C) == B
    assert previous(reversed(runs), present=C, alone=True) == A[:10]
    assert previous(reversed(runs[:3]), present=A, alone=True) == ""


@pytest.mark.parametrize(
    ("word", "relative"),
    [
        *((word, True) for word in ("HEAD", "HEAD~1", "HEAD^", "@", "@~2", "@^2")),
        *((word, False) for word in ("HEADS", "main", "main~1", "v1.0", A[:7], "@{1}", "origin/HEAD", "")),
    ],
)
def test_only_head_counts_from_what_is_deployed(word: str, relative: bool) -> None:  # noqa: FBT001
    assert is_relative(word) is relative


def commits(checkout: Path) -> tuple[str, str, str]:
    """Two one after the other, and one beside the second."""
    first = git(checkout, "rev-parse", "HEAD")
    others = [git(checkout, "commit-tree", f"{first}^{{tree}}", "-p", first, "-m", word) for word in ("next", "beside")]
    return first, others[0], others[1]


def test_a_word_counts_from_the_host_that_all_others_led_to(checkout: Path) -> None:
    old, new, _ = commits(checkout)
    behind = [Start("h1", old, old), Start("h2", new, new), Start("h3", old, old)]
    for word in (None, "HEAD~1"):
        assert newest(checkout, behind, word) == behind[1]
    pinned = [Start("plex on h1", old, new), Start("plex on h2", new, old)]
    assert (newest(checkout, pinned, None), newest(checkout, pinned, "@")) == (pinned[0], pinned[1])


def test_hosts_of_which_none_is_after_the_others_are_named_where_it_matters(checkout: Path) -> None:
    _, new, beside = commits(checkout)
    apart = [Start("h1", new, new), Start("h2", beside, beside)]
    assert newest(checkout, apart, "v1") == apart[0]
    for word in (None, "HEAD~1"):
        with pytest.raises(Refused) as caught:
            newest(checkout, apart, word)
        assert str(caught.value) == (
            f"h1 is at {new[:7]}, h2 is at {beside[:7]}: none of them comes after the others; "
            "say which: --to HASH, or one --host"
        )


def test_going_back_is_refused_where_it_would_be_going_forward(checkout: Path) -> None:
    old, new, beside = commits(checkout)
    refuse_forward(checkout, old, {"h1": new, "h2": beside, "h3": old})
    refuse_forward(checkout, new, {"h1": new, "h2": old})
    for deployed, host in [({"h1": old}, "h1"), ({"h1": new, "h2": beside}, "h2"), ({"h1": beside, "h2": old}, "h1")]:
        with pytest.raises(Refused) as caught:
            refuse_forward(checkout, new, deployed)
        told = f"{new[:7]} is not before what is deployed on {host} ({deployed[host][:7]}); inv deploy goes forward"
        assert str(caught.value) == told


def test_what_was_there_once_is_back_and_not_forward(checkout: Path) -> None:
    old, new, amended = commits(checkout)
    refuse_forward(checkout, new, {"h1": amended}, was={"h1": {new}})
    with pytest.raises(Refused, match="inv deploy goes forward"):  # it is where a rollback came from
        refuse_forward(checkout, new, {"h1": old}, was={"h1": {new}})
    with pytest.raises(Refused, match="is not before what is deployed on h2"):
        refuse_forward(checkout, new, {"h1": amended, "h2": amended}, was={"h1": {new}})


def test_only_a_hash_can_be_lacking_here(checkout: Path) -> None:
    old, *_ = commits(checkout)
    known = ("HEAD", "main", "nope", "v1.0", "c0ffee", old, old[:7])
    assert [word for word in (*known, C, C[:7]) if is_lacking(checkout, word)] == [C, C[:7]]


PLEX = frozenset({"plex"})
AT_ONE = {"plex": Past({"services/plex/.env": "t1"}, {"web": "i1"})}, {"plex": "d1"}
AT_TWO = {"plex": Past({"services/plex/.env": "t2"}, {"web": "i2"})}, {"plex": "d1"}
MADE = a_run("deploy-all", "", A, DONE, plex(verb="create"))


@pytest.mark.parametrize(
    ("runs", "expected"),
    [
        ([], Then()),
        ([MADE], Then(*AT_ONE, found=True)),
        ([MADE, a_run("deploy-all", A, B, DONE, plex("t2", "i2"))], Then(*AT_ONE, PLEX, found=True)),
        (  # new settings, and the same commit: the last of them count
            [
                MADE,
                a_run("deploy plex", A, A, DONE, plex("t2", "i2")),
                a_run("deploy-all", A, B, DONE, plex("t3", "i3")),
            ],
            Then(*AT_TWO, PLEX, found=True),
        ),
        ([MADE, a_run("deploy-all", A, B)], Then(*AT_ONE, found=True)),
        (  # twice at the commit: the last time counts
            [
                MADE,
                a_run("deploy-all", A, B, DONE, plex("t2", "i2")),
                a_run("rollback", B, A),
                a_run("deploy-all", A, C),
            ],
            Then(*AT_TWO, found=True),
        ),
        ([MADE, a_run("deploy-all", A, B, FAILED, plex("t2", "i2"), reverted=True)], Then(*AT_ONE, found=True)),
        ([MADE, a_run("deploy-all", A, B, FAILED, plex(status="failed"))], Then(*AT_ONE, PLEX, found=True)),
        ([MADE, a_run("deploy-all", A, B, FAILED, plex(status="skipped"))], Then(*AT_ONE, found=True)),
        ([MADE, a_run("destroy plex", A, A, DONE, plex(verb="remove"))], Then({}, found=True)),
        ([a_run("deploy-all", A, B, DONE, plex("t2", "i2"))], Then({}, {}, PLEX, found=True)),
        ([a_run("deploy-all", C, D, DONE, plex("t2", "i2"))], Then({}, {}, PLEX)),
        ([a_run("deploy-all", C, A, LOST, plex(status=""))], Then({}, {}, PLEX)),
    ],
)
def test_a_service_was_as_it_came_up_last_when_its_host_was_at_the_commit(runs: list[Run], expected: Then) -> None:
    assert then(Journal("nas", tuple(runs)), {A}) == expected


def test_of_several_commits_the_time_after_the_last_of_them_counts() -> None:
    update = a_run("deploy-all", A, B, DONE, plex("t2", "i2"))
    runs = (MADE, update, a_run("deploy-all", B, C, DONE, plex("t3", "i3")))
    assert then(Journal("nas", runs), {A, B, D}) == Then(*AT_TWO, PLEX, found=True)
