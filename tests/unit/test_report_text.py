"""Colours, columns, phrases and log lines."""

from __future__ import annotations

import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.report.columns import flow, plain, table
from homelab_tasks.report.logs import LogPrinter
from homelab_tasks.report.phrase import clean, duration, listed, moment
from homelab_tasks.report.terminal import Style, Symbol, Tint, say, style

from .report_builders import NARROW, PIPE, screen

COLOURED = Style(width=80, colour=True)


class Terminal(io.StringIO):
    encoding = "UTF-8"

    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("environ", "colour", "live"),
    [
        ({"TERM": "xterm"}, True, True),
        ({"TERM": "xterm", "NO_COLOR": "1"}, False, True),
        ({"TERM": "xterm", "NO_COLOR": ""}, True, True),
        ({"TERM": "dumb"}, False, False),
        ({}, False, False),
    ],
)
def test_a_terminal_gets_what_it_can_and_may_show(environ: dict[str, str], colour: bool, live: bool) -> None:  # noqa: FBT001
    assert style(Terminal(), environ) == Style(width=80, colour=colour, live=live)


def test_a_pipe_gets_no_colour_and_no_width() -> None:
    assert style(io.TextIOWrapper(io.BytesIO(), "utf-8"), {"TERM": "xterm"}) == Style()


def test_what_an_ascii_stream_cannot_show_becomes_a_question_mark() -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, "ascii")
    say("✓ café", stream)
    assert raw.getvalue() == b"? caf?\n"


def test_words_wrap_below_where_they_began() -> None:
    lines = flow(Style(width=24), [("  plex  ", Tint.BOLD)], [plain("update: one two three four five")])
    assert lines == ["  plex  update: one two", "        three four five"]


def test_colour_counts_for_no_width_and_never_ends_in_blanks() -> None:
    lines = flow(Style(width=16, colour=True), [("plex  ", Tint.BOLD)], [("ab cd ef gh", Tint.RED)])
    assert lines == ["\033[1mplex  \033[0m\033[31mab cd ef\033[0m", "      \033[31mgh\033[0m"]


def test_a_table_wraps_its_last_column() -> None:
    rows = [[plain("plex"), plain("nas"), plain("one two three four")], [plain("blog"), plain("hl15"), plain("")]]
    assert "\n".join(table(Style(width=31), ("service", "host", "note"), rows)) == screen("""
service  host  note
plex     nas   one two three
               four
blog     hl15
""")


def test_a_table_folds_its_rows_where_nothing_is_left_for_the_last_column() -> None:
    rows = [[plain("plex"), plain("nas"), plain("one two three four")]]
    assert table(Style(width=24), ("service", "host", "note"), rows) == ["plex  nas one two three", "      four"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(0.04, "0.0 s"), (1.26, "1.3 s"), (9.96, "10 s"), (99.4, "99 s"), (185.0, "3 min 5 s")]
)
def test_durations(seconds: float, text: str) -> None:
    assert duration(seconds) == text


def test_a_long_list_is_counted_to_its_end() -> None:
    assert listed([*"abcdef"], 3) == "a, b, c and 3 more"
    assert listed([*"abcd"], 3) == "a, b, c, d"


def test_moments_are_to_the_minute() -> None:
    assert moment("2026-01-31T21:14:05Z") == "2026-01-31 21:14 UTC"


@pytest.mark.parametrize(
    ("line", "shown"),
    [
        ("\033[31mred\033[0m", "red"),
        ("\033[2J\033[1;1Hgone\r", "gone"),
        ("\033]0;title\007text", "text"),
        ("\033]8;;http://x\033\\link", "link"),
        ("tab\tstop", "tab stop"),
        ("bell\007 nul\0 csi\x9b2J", "bell nul csi2J"),
        ("ünïcode ✓", "ünïcode ✓"),
    ],
)
def test_lines_of_containers_cannot_steer_the_terminal(line: str, shown: str) -> None:
    assert clean(line) == shown


@given(st.text())
def test_no_line_keeps_a_control_character(text: str) -> None:
    assert all(letter >= " " and not "\x7f" <= letter <= "\x9f" for letter in clean(text) if letter != "\n")


def test_log_lines_stand_below_each_other_and_each_name_keeps_its_colour() -> None:
    out = io.StringIO()
    printer = LogPrinter(["tdarr", "plex"], out, COLOURED)
    printer.line("plex", "ready")
    printer.line("tdarr", "\033[2Jscan")
    assert out.getvalue() == "\033[36mplex  |\033[0m ready\n\033[33mtdarr |\033[0m scan\n"


def test_one_service_alone_logs_without_its_name() -> None:
    out = io.StringIO()
    LogPrinter(["plex"], out, PIPE).line("plex", "ready")
    assert out.getvalue() == "ready\n"


def test_symbols_have_stand_ins_without_unicode() -> None:
    assert [Style(unicode=False).mark(symbol) for symbol in Symbol] == ["*", "x", "-", ".", ">"]
    assert NARROW.mark(Symbol.DONE) == "✓"
