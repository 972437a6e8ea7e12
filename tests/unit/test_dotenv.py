"""Env files are read as Docker Compose reads them, with the place of everything and every fault."""

from __future__ import annotations

from io import StringIO

import pytest
from dotenv import dotenv_values
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.dotenv import Entry, Fault, parse, quoted
from tests.unit.dotenv_cases import CASES

ENVIRONMENT = {"OUTER": "from_os"}


@pytest.mark.parametrize(("text", "values"), CASES)
def test_values_are_those_of_compose(text: str, values: dict[str, str] | None) -> None:
    parsed = parse(text, ENVIRONMENT)
    assert (None if parsed.faults else parsed.values()) == values


def test_the_environment_wins_inside_values_and_not_over_keys() -> None:
    assert parse("P=file\nA=${P}\n", {"P": "os"}).values() == {"P": "file", "A": "os"}


def test_each_entry_knows_its_place_and_its_quote() -> None:
    parsed = parse("# first\n  export A=1\n\nB = 'x\ny' # note\nC: \"z\"\nOUTER\n", ENVIRONMENT)
    assert [(e.key, e.line, e.column, e.quote, e.inherited) for e in parsed.entries] == [
        ("A", 2, 10, "", False),
        ("B", 4, 1, "'", False),
        ("C", 6, 1, '"', False),
        ("OUTER", 7, 1, "", True),
    ]


def test_an_entry_keeps_what_is_written_and_the_variables_in_it() -> None:
    *_, entry = parse("P=1\nA=$P-${Q}-${R:-$S} # note\n").entries
    assert entry.raw == "$P-${Q}-${R:-$S} # note"
    assert entry.expanded == ("P", "Q", "R", "S")
    assert entry.unset == ("Q", "S")


FAULTS = [
    ("A B=1\nC=2\n", [Fault(1, 2, "a name cannot hold a space")]),
    ("A=1\n\nB!=1\n", [Fault(3, 2, "! cannot be part of a name")]),
    ("A=1\nMIIE/x+y\n", [Fault(2, 5, "this line is no NAME=value")]),
    ("A='x\nB=1\n", [Fault(1, 3, "the quote ' that starts here is never closed")]),
    ("A=${}\n", [Fault(1, 3, "holds a ${ that is no variable: its name is missing or its } is")]),
    ("A=${B:?secret}\n", [Fault(1, 3, "needs B, which has no value here")]),
    ("export \nexport A=1\n", []),
    ("A=1\nexport ", [Fault(2, 8, "export without a name")]),
    (
        "<<<<<<< mine\nA=1\n'B'=2\n",
        [Fault(1, 1, "this line is no NAME=value"), Fault(3, 1, "' cannot be part of a name")],
    ),
]


@pytest.mark.parametrize(("text", "faults"), FAULTS)
def test_every_line_at_which_compose_stops_is_a_fault(text: str, faults: list[Fault]) -> None:
    assert list(parse(text).faults) == faults


def test_the_lines_after_a_fault_are_read() -> None:
    assert parse("A B=1\nC='x\nD=2\n").values() == {"D": "2"}


def test_no_value_shows_in_the_representation() -> None:
    parsed = parse("PASSWORD='hunter2' # hunter2\nB=${hunter2}\nTOKEN=${X:?hunter2}\nhunter2/\n")
    assert "hunter2" not in repr(parsed) + str(parsed) + repr(Entry("A", "hunter2", 1, 1))


def test_values_that_double_each_other_end_as_a_fault() -> None:
    text = "A=1234567890\n" + "A=$A$A\n" * 60
    assert "grows to more than" in parse(text).faults[0].what


def test_variables_nested_without_end_are_a_fault() -> None:
    assert "nested deeper" in parse("A=" + "${A:-" * 500 + "}" * 500).faults[0].what


WRITTEN = [
    ("", "K="),
    ("plain-1.2/x@y", "K=plain-1.2/x@y"),
    ("two words", "K='two words'"),
    ("pa$word #1", "K='pa$word #1'"),
    ("it's", 'K="it\'s"'),
    ('a\\b"c$d\ne\r', 'K="a\\\\b\\"c\\$d\\ne\\r"'),
]


@pytest.mark.parametrize(("value", "line"), WRITTEN)
def test_a_value_is_quoted_where_it_must_be(value: str, line: str) -> None:
    assert quoted("K", value) == line


@given(st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
def test_every_value_is_read_back_as_it_was(value: str) -> None:
    line = quoted("K", value)
    assert "\n" not in line
    assert parse(f"A=1\n{line}\nB=2\n").values() == {"A": "1", "K": value, "B": "2"}


@given(st.text(st.sampled_from("\\\"'$#{} \n\rna0")))
def test_every_mixture_of_signs_is_read_back_as_it_was(value: str) -> None:
    assert parse(quoted("K", value)).values() == {"K": value}


@given(st.text(st.sampled_from("A=:'\"\\$#{}-?+ \t\n\rx0!é\u2003"), max_size=60))
def test_whatever_a_file_holds_the_reader_ends_and_places_lie_inside(text: str) -> None:
    parsed = parse(text)
    lines = text.split("\n")
    places = [(e.line, e.column) for e in parsed.entries] + [(f.line, f.column) for f in parsed.faults]
    assert all(1 <= line <= len(lines) and 1 <= column <= len(lines[line - 1]) + 1 for line, column in places)


@pytest.mark.parametrize(("key", "value"), [("A B", ""), ("", ""), ("1A", ""), ("A\nB", ""), ("A", "x\0y")])
def test_what_no_line_can_say_is_refused_without_the_value(key: str, value: str) -> None:
    with pytest.raises(ValueError, match=r"name for a variable|NUL") as refused:
        quoted(key, value)
    assert "x\0y" not in str(refused.value)


PLAIN = st.dictionaries(
    st.from_regex(r"[A-Z_][A-Z0-9_]{0,9}", fullmatch=True), st.from_regex(r"[a-z0-9./:@%+-]{0,20}", fullmatch=True)
)


@given(PLAIN, st.sampled_from(["{}={}", "export {}={}", "{}='{}'", '{}="{}"', "{} = {}", "{}={} # note"]))
def test_plain_lines_are_read_as_every_other_tool_reads_them(values: dict[str, str], form: str) -> None:
    """python-dotenv differs from Compose in the odd cases, so only what nobody can doubt is compared."""
    text = "".join(f"{form.format(key, value)}\n" for key, value in values.items() if value or "#" not in form)
    assert parse(text).values() == dotenv_values(stream=StringIO(text))
