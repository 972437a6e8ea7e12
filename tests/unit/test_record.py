"""Records: what one run writes, the next one reads, whatever happened to the file in between."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks import record
from homelab_tasks.model import Pinned
from homelab_tasks.record import Held, Record, RecordedContainer

from .builders import a_record

TEXT = st.text(max_size=8)
TEXTS = st.dictionaries(TEXT, TEXT, max_size=2)
CONTAINERS = st.builds(RecordedContainer, TEXT, TEXT, TEXT, TEXT, st.booleans())
RECORDS = st.builds(
    Record,
    *[TEXT] * 5,
    env=TEXTS,
    containers=st.lists(CONTAINERS, max_size=2).map(tuple),
    borrows=TEXTS,
    at=TEXT,
    by=TEXT,
    held=st.none() | st.builds(Held, TEXT, TEXT),
    pinned=st.none() | st.builds(Pinned, TEXT, TEXT, TEXT),
    unfinished=st.booleans(),
)


@given(RECORDS)
def test_what_is_written_is_read_again(whole: Record) -> None:
    assert record.read(whole.line() + "\n") == {whole.service: whole}
    assert "\n" not in whole.line()


def test_the_last_line_of_a_service_counts() -> None:
    lines = [a_record("plex", digest="old"), a_record("blog"), a_record("plex", digest="new")]
    found = record.read("\n".join(r.line() for r in lines))
    assert {name: r.digest for name, r in found.items()} == {"plex": "new", "blog": "digest-blog"}


def test_a_removed_service_is_gone_until_it_is_deployed_again() -> None:
    gone = a_record("plex").line() + "\n" + a_record("plex", removed=True).line() + "\n"
    assert record.read(gone) == {}
    assert record.read(gone + a_record("plex").line()) == {"plex": a_record("plex")}


def test_a_torn_line_leaves_the_older_record() -> None:
    whole = a_record("plex", digest="old")
    new = a_record("plex", digest="new").line()
    for length in range(len(new)):
        assert record.read(f"{whole.line()}\n{new[:length]}") == {"plex": whole}


@pytest.mark.parametrize(
    "fields",
    [
        {"service": ["plex"]},
        {"service": None},
        {"env": [1]},
        {"env": {"a": 1}},
        {"borrows": "x"},
        {"containers": [{"id": 1, "key": "a", "name": "b", "image": "c"}]},
        {"containers": None},
        {"held": {"by": 1, "at": "now"}},
        {"held": "ann"},
        {"invented": 1},
    ],
)
def test_a_line_of_another_shape_is_passed_over(fields: dict[str, object]) -> None:
    plain = json.loads(a_record("plex").line())
    assert record.read(json.dumps({**plain, **fields})) == {}


@given(
    st.text()
    | st.recursive(st.none() | st.integers() | TEXT, lambda v: st.lists(v) | st.dictionaries(TEXT, v)).map(json.dumps)
)
def test_reading_never_raises(text: str) -> None:
    record.read(text)


def test_nesting_without_end_is_passed_over() -> None:
    assert record.read("[" * 100_000) == {}


@given(st.lists(RECORDS, max_size=4))
def test_compaction_keeps_the_meaning(records: list[Record]) -> None:
    last = {r.service: r for r in records}
    assert record.read(record.compact(last.values())) == last
