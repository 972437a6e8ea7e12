"""Journals of hosts become one list of runs, whatever somebody has done to them."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from homelab_tasks.errors import Refused
from homelab_tasks.history import Change, Ending, Journal, Run, about, merge, parse
from homelab_tasks.report.history import history_json, history_text
from homelab_tasks.tasks.history import Remembering
from tests.unit.report_builders import BEFORE, COMMIT, NARROW, PIPE, screen

UPDATED = {"step": "plex@nas", "verb": "update", "status": "done", "why": ""}


def begin(run: str = "r1", at: str = "2026-01-31T21:14:05Z", **fields: Any) -> dict[str, Any]:
    who = {"run": run, "at": at, "by": "ann@desk"}
    what = {"title": "deploy plex", "from": BEFORE, "to": COMMIT, "steps": [{"step": "plex@nas", "verb": "update"}]}
    return {"event": "begin", **who, **what, **fields}


def end(run: str = "r1", at: str = "2026-01-31T21:14:17Z", **fields: Any) -> dict[str, Any]:
    came = {"ok": True, "interrupted": False, "seconds": 12.3, "steps": [UPDATED]}
    return {**begin(run, at), "event": "end", **came, **fields}


def said(*lines: dict[str, Any] | str, older: Iterable[dict[str, Any]] = (), holder: str = "", count: int = 0) -> str:
    """What a host prints that has these lines in its journal."""
    text = "".join(f"{line if isinstance(line, str) else json.dumps(line)}\n" for line in lines)
    old = "".join(f"{json.dumps(line)}\n" for line in older)
    parts = [f"\036holder\n{holder}\n" if holder else "", f"\036older {old.count(chr(10))}\n{old}" if old else ""]
    return "".join([*parts, f"\036newer {count or len(lines)}\n{text}", "\036end\n"])


def runs(*lines: dict[str, Any] | str, **more: Any) -> tuple[Run, ...]:
    return parse("nas", said(*lines, **more)).runs


def test_a_begin_and_its_end_are_one_run() -> None:
    assert runs(begin(), end()) == (
        Run(
            "r1",
            "2026-01-31T21:14:05Z",
            "ann@desk",
            "deploy plex",
            {"nas": (BEFORE, COMMIT)},
            Ending.DONE,
            12.3,
            changes=(Change("plex", "nas", "update", "done"),),
        ),
    )


@pytest.mark.parametrize(
    ("fields", "ending", "reverted"),
    [
        ({"ok": False}, Ending.FAILED, False),
        ({"ok": False, "interrupted": True}, Ending.INTERRUPTED, False),
        ({"ok": False, "reverted": True, "left": []}, Ending.PUT_BACK, True),
        ({"ok": False, "reverted": True, "left": ["plex@nas"]}, Ending.FAILED, True),
        ({"ok": False, "interrupted": True, "reverted": True}, Ending.INTERRUPTED, True),
        ({"ok": True, "later": ["a later version"], "reverted": "yes"}, Ending.DONE, False),
        ({"ok": "true", "seconds": "long"}, Ending.FAILED, False),
    ],
)
def test_the_end_says_how_it_ended(fields: dict[str, Any], ending: Ending, reverted: bool) -> None:  # noqa: FBT001
    (run,) = runs(begin(), end(**fields))
    assert (run.ending, run.reverted) == (ending, reverted)


def test_a_begin_without_an_end_was_killed_unless_somebody_holds_the_lock() -> None:
    (lost,) = runs(begin())
    assert (lost.ending, lost.changes) == (Ending.LOST, (Change("plex", "nas", "update", ""),))
    holder = "ann@desk, pid 7, since 2026-01-31T21:14:01Z: deploy plex"
    first, second = runs(begin("r1"), begin("r2"), holder=holder)
    assert (first.ending, second.ending) == (Ending.LOST, Ending.RUNNING)
    (done,) = runs(begin(), end(), holder=holder)
    assert done.ending is Ending.DONE


@pytest.mark.parametrize(
    "holder",
    [
        "ann@desk, pid 7, since 2026-01-31T21:15:00Z: deploy plex",
        "ben@couch, pid 7, since 2026-01-31T21:14:01Z: deploy plex",
        "ann@desk, pid 7, since 2026-01-31T21:14:01Z: stop plex",
        "",
    ],
)
def test_a_run_that_has_only_locked_yet_does_not_wake_a_dead_one(holder: str) -> None:
    (lost,) = runs(begin(), holder=holder)
    assert lost.ending is Ending.LOST


def test_journals_of_before_runs_had_ids_are_read_too() -> None:
    events = (begin(), end(), begin(at="2026-02-01T08:00:00Z"))
    old = [{key: value for key, value in event.items() if key != "run"} for event in events]
    assert [(run.at, run.ending) for run in runs(*old)] == [
        ("2026-01-31T21:14:05Z", Ending.DONE),
        ("2026-02-01T08:00:00Z", Ending.LOST),
    ]


def test_an_end_whose_begin_has_rotated_away_is_a_run_of_its_own() -> None:
    (run,) = runs(end())
    assert (run.at, run.ending, run.silent) == ("2026-01-31T21:14:17Z", Ending.DONE, ())


def test_the_older_part_comes_first_and_a_run_may_lie_across_both() -> None:
    found = runs(end("r1"), begin("r2"), end("r2"), older=[begin("r1")])
    assert [(run.id, run.ending) for run in found] == [("r1", Ending.DONE), ("r2", Ending.DONE)]


def test_a_torn_last_line_is_no_news() -> None:
    journal = parse("nas", said(begin(), end()).replace("\036end", '{"event":"beg\036end'))
    assert (len(journal.runs), journal.notes) == (1, ())


@pytest.mark.parametrize(
    "line", ["garbage", "[1]", '{"event":"begin"}', '{"event":1,"at":"2026-01-31"}', '{"event":"end","at":"soon"}', ""]
)
def test_a_line_that_is_no_entry_is_named_and_left_out(line: str) -> None:
    journal = parse("nas", said(begin(), line, end(), count=103))
    assert journal.notes == ("nas: journal.jsonl line 102 of .git/homelab: no entry, left out",)
    assert [run.ending for run in journal.runs] == [Ending.DONE]


def test_what_a_later_version_writes_besides_is_passed_over() -> None:
    journal = parse("nas", said(begin(), {"event": "pinned", "at": "2026-01-31T21:14:05Z"}, end(sworn=True)))
    assert ([run.ending for run in journal.runs], journal.notes) == ([Ending.DONE], ())


SKIPPED = {"step": "plex@nas", "verb": "update", "status": "skipped"}
NEEDS = SKIPPED | {"why": "needs pihole on pi: cannot reach pi (no answer)", "cause": "pihole@pi"}


@pytest.mark.parametrize(
    ("steps", "told"),
    [
        ([NEEDS], "deploy plex on nas: skipped plex; needs pihole on pi: cannot reach pi (no answer)"),
        ([SKIPPED | {"why": "needs vpn, which failed"}], "deploy plex on nas: skipped plex"),
    ],
)
def test_one_that_was_skipped_for_another_host_says_why(steps: list[dict[str, Any]], told: str) -> None:
    lines = history_text(runs(begin(), end(ok=False, steps=steps)), (), style=PIPE).splitlines()
    assert lines[1].strip() == told


def test_a_cause_that_its_own_host_has_written_down_is_said_once() -> None:
    cause = {"step": "pihole@pi", "verb": "update", "status": "failed", "why": "container web is unhealthy"}
    nas = parse("nas", said(begin(), end(ok=False, steps=[NEEDS | {"why": "needs pihole on pi: container web ..."}])))
    pi = parse("pi", said(begin(), end(ok=False, steps=[cause])))
    told = history_text(list(merge([nas, pi])), (), style=PIPE).splitlines()[1].strip()
    assert told == "deploy plex on nas, pi: skipped plex@nas; failed pihole@pi; container web is unhealthy"


def test_what_was_put_aside_is_named() -> None:
    kept = "plex has an earlier .env again; the newer one is kept: nas:/opt/homelab/.git/homelab/aside/t/.env"
    (run,) = runs(begin(), end(ok=False, reverted=True, aside=[kept]))
    assert history_text([run], (), style=PIPE).endswith(f"deploy plex on nas: updated plex; {kept}")
    assert json.loads(history_json([run], (), ()))["runs"][0]["aside"] == [kept]


def test_a_host_without_a_checkout_has_no_history() -> None:
    assert parse("nas", "\036end\n") == Journal("nas")


def test_an_answer_that_was_cut_short_is_noted() -> None:
    assert parse("nas", said(begin(), end())[:-9]).notes == ("nas: the journal was cut short on the way",)


@given(st.text(alphabet=st.sampled_from('\036\n{}[]":,0 abeginendrutsaolder'), max_size=200), st.binary(max_size=50))
def test_nothing_that_a_host_says_ends_it(text: str, more: bytes) -> None:
    journal = parse("nas", f"\036newer 3\n{text}\n{more.decode('latin-1')}\n\036end\n")
    assert sorted(run.id for run in merge([journal])) == sorted({run.id for run in journal.runs})


def a_run(name: str, host: str, at: str, **fields: Any) -> Run:
    return Run(name, at, "ann@desk", "deploy", {host: (BEFORE, COMMIT)}, **{"ending": Ending.DONE, **fields})


def ids(*journals: tuple[Run, ...]) -> list[str]:
    return [run.id for run in merge(Journal(f"h{n}", found) for n, found in enumerate(journals))]


def test_one_run_on_several_hosts_is_one() -> None:
    here = a_run("r", "h1", "2026-01-31T21:14:05Z", seconds=2.0, changes=(Change("plex", "h1", "update", "done"),))
    there = a_run("r", "h2", "2026-01-31T21:14:05Z", seconds=2.0, changes=(Change("vpn", "h2", "create", "done"),))
    (run,) = merge([Journal("h1", (here,)), Journal("h2", (there,))])
    assert run.moves == {"h1": (BEFORE, COMMIT), "h2": (BEFORE, COMMIT)}
    assert [change.service for change in run.changes] == ["plex", "vpn"]


def test_a_host_that_was_lost_on_the_way_knows_the_begin_only() -> None:
    here, there = a_run("r", "h1", "2026-01-31T21:14:05Z"), a_run("r", "h2", "2026-01-31T21:14:05Z")
    there = replace(there, ending=Ending.LOST, silent=("h2",))
    (run,) = merge([Journal("h1", (here,)), Journal("h2", (there,))])
    assert (run.ending, run.silent) == (Ending.DONE, ("h2",))


def test_the_newest_run_is_the_first() -> None:
    early, late = a_run("early", "h1", "2026-01-31T21:00:00Z"), a_run("late", "h2", "2026-01-31T22:00:00Z")
    assert ids((early,), (late,)) == ["late", "early"]
    assert ids((late,), (early,)) == ["late", "early"]


def test_the_order_of_a_hosts_journal_counts_more_than_the_clocks_of_those_who_deployed() -> None:
    """Ben's laptop is an hour behind: his run came after Ann's, and says that it came before."""
    ann, ben = a_run("ann", "h1", "2026-01-31T21:30:00Z"), a_run("ben", "h1", "2026-01-31T20:31:00Z")
    other = a_run("other", "h2", "2026-01-31T21:00:00Z")
    assert ids((ann, ben), (other,)) == ["other", "ben", "ann"]


def test_journals_that_contradict_each_other_still_give_every_run_once() -> None:
    one, two = a_run("one", "h1", "2026-01-31T21:00:00Z"), a_run("two", "h1", "2026-01-31T22:00:00Z")
    assert ids((one, two), (two, one)) == ["two", "one"]


@given(st.lists(st.lists(st.integers(0, 9), unique=True), max_size=4))
def test_whatever_the_order_every_run_comes_once(orders: list[list[int]]) -> None:
    hosts = [tuple(a_run(f"r{n}", "h", f"2026-01-31T21:0{n}:00Z") for n in order) for order in orders]
    assert sorted(ids(*hosts)) == sorted({f"r{n}" for order in orders for n in order})


def test_runs_are_found_by_what_they_changed() -> None:
    plex = a_run("plex", "h1", "2026-01-31T21:00:00Z", changes=(Change("plex", "h1", "update", "done"),))
    blog = a_run("blog", "h1", "2026-01-31T21:01:00Z", changes=(Change("blog", "h1", "update", "done"),))
    assert list(about([plex, blog], frozenset({"blog", "gone"}))) == [blog]


FAILED = Change("vpn", "h2", "create", "failed", "container web is \033[31munhealthy")
RUN = Run(
    "r1",
    "2026-01-31T21:14:05Z",
    "ann@desk",
    "deploy-all",
    {"h1": (BEFORE, COMMIT), "h2": (BEFORE, COMMIT)},
    Ending.PUT_BACK,
    12.3,
    reverted=True,
    changes=(Change("plex", "h1", "update", "done"), Change("blog", "h2", "update", "done"), FAILED),
    silent=("h2",),
)
HALF = Run(
    "r2",
    "2026-02-01T00:00:00Z",
    "ann@desk",
    "deploy",
    {"h1": (BEFORE, BEFORE)},
    Ending.FAILED,
    1.0,
    reverted=True,
    left=("plex",),
)
FIRST = Run("r0", "2026-01-30T08:00:00Z", "ben@couch", "deploy plex", {"h1": ("", COMMIT)}, Ending.LOST)


def test_the_history_is_two_lines_a_run_that_fit_80_columns() -> None:
    assert history_text([HALF, RUN, FIRST], ["h1: line 7"], style=NARROW) == screen("""
2026-02-01 00:00 UTC  failed in 1.0 s, put back; at 1a2b3c4 by ann@desk
    deploy on h1: nothing; not put back: plex
2026-01-31 21:14 UTC  put back in 12 s; 1a2b3c4 -> 5d6e7f8 by ann@desk
    deploy-all on h1, h2: updated plex@h1, blog@h2; failed vpn@h2; container web
    is unhealthy; no end is written on h2
2026-01-30 08:00 UTC  ended without a word; nothing -> 5d6e7f8 by ben@couch
    deploy plex on h1: nothing
note: h1: line 7
""")


def test_a_pipe_gets_the_same_without_line_breaks_or_colours() -> None:
    run = a_run("r", "h1", "2026-01-31T21:14:05Z", changes=(Change("plex", "h1", "stop", "done"),) * 40)
    lines = history_text([run], [], style=PIPE).split("\n")
    assert len(lines) == 2
    assert "\033" not in lines[1]


def test_no_run_is_said_to_be_none() -> None:
    assert history_text([], [], style=NARROW) == "no run is recorded"


def test_programs_get_everything() -> None:
    told = json.loads(history_json([RUN], ["a note"], [("h3", "no answer")]))
    assert (told["notes"], told["hosts"]) == (["a note"], {"h3": "no answer"})
    (run,) = told["runs"]
    assert run["hosts"] == [{"host": h, "from": BEFORE, "to": COMMIT} for h in ("h1", "h2")]
    assert (run["outcome"], run["reverted"], run["silent"]) == ("put back", True, ["h2"])
    assert run["changes"][0] == {
        "service": "plex",
        "host": "h1",
        "verb": "update",
        "status": "done",
        "why": "",
        "kept": "",
    }


@pytest.mark.parametrize("given_", ["", "ten", "-1", "1.5"])
def test_a_limit_that_is_no_number_is_refused(given_: str) -> None:
    with pytest.raises(Refused) as caught:
        Remembering(limit=given_)
    assert str(caught.value) == f"--limit: {given_!r} is no number of runs; give one from 0 on: --limit 50"
