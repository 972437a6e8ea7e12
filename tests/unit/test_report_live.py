"""Progress while it happens: the region as a pure value, lines in a pipe, and a real pseudo-terminal."""

from __future__ import annotations

import io
import os
import pty
import re

from homelab_tasks.outcome import Outcome, Phase, Progress
from homelab_tasks.plan import Plan, Step
from homelab_tasks.report.board import Board, board_of, region
from homelab_tasks.report.live import live
from homelab_tasks.report.terminal import Style

from .report_builders import NARROW, PIPE, a_plan, a_step, done, failed, screen, skipped

VPN, PLEX, WEB = a_step("vpn"), a_step("plex", host="hl15", after="vpn@nas"), a_step("web")


def events(*outcomes: Outcome) -> list[Progress]:
    return [Progress(outcome.step, Phase.ENDED, outcome) for outcome in outcomes]


def board(plan: Plan, *told: Progress) -> Board:
    shown = board_of(plan, 100.0)
    for progress in told:
        shown = shown.after(progress, 101.0)
    return shown


def test_the_region_shows_what_is_open_and_what_it_waits_for() -> None:
    shown = board(a_plan(VPN, PLEX, WEB), Progress(VPN, Phase.WORKING), Progress(VPN, Phase.CHECKING))
    assert "\n".join(region(shown, 104.0, 24, NARROW)) == screen("""
▸ vpn   nas   checking health  3 s
· plex  hl15  waiting for vpn
· web   nas   waiting for its turn
0 of 3 done, 4.0 s
""")


def test_what_waits_names_the_nearest_of_what_it_waits_for() -> None:
    tdarr = a_step("tdarr", after="vpn@nas")
    plex = a_step("plex", after="vpn@nas tdarr@nas")
    shown = board(a_plan(VPN, tdarr, plex), Progress(VPN, Phase.WORKING))
    assert "\n".join(region(shown, 104.0, 24, NARROW)) == screen("""
▸ vpn    nas  updating  3 s
· tdarr  nas  waiting for vpn
· plex   nas  waiting for tdarr
0 of 3 done, 4.0 s
""")


def test_a_failure_stays_named_while_the_rest_goes_on() -> None:
    told = events(failed(VPN), skipped(PLEX, "needs vpn, which failed"))
    shown = board(a_plan(VPN, PLEX, WEB), *told, Progress(WEB, Phase.PULLING))
    assert "\n".join(region(shown, 104.0, 24, NARROW)) == screen("""
▸ web   nas   pulling  3 s
0 of 3 done, 4.0 s, 1 failed: vpn, 1 skipped
""")


def test_the_region_takes_half_of_the_terminal_at_most() -> None:
    steps = [a_step(f"service-{n}") for n in range(60)]
    shown = board(a_plan(*steps), *(Progress(step, Phase.WORKING) for step in steps[:4]))
    lines = region(shown, 104.0, 24, NARROW)
    assert len(lines) == 12
    assert [line[0] for line in lines[:10]] == [*"▸▸▸▸", *"······"]
    assert lines[10:] == ["  ... and 50 waiting", "0 of 60 done, 4.0 s"]


def test_no_line_of_the_region_reaches_the_edge_of_the_terminal() -> None:
    steps = [a_step("a-service-with-quite-a-long-name", after="vpn another-service"), VPN, a_step("another-service")]
    for width in (20, 33, 40, 80):
        assert max(map(len, region(board(a_plan(*steps)), 104.0, 24, Style(width=width)))) < width


def test_a_pipe_gets_a_line_for_each_event_that_matters() -> None:
    out = io.StringIO()
    tell = live(a_plan(VPN, PLEX, WEB), out, PIPE)
    for progress in (
        Progress(VPN, Phase.WORKING),
        Progress(VPN, Phase.CHECKING),
        *events(failed(VPN, log=["starting", "\033[31mno route\033[0m"]), skipped(PLEX, "needs vpn, which failed")),
        Progress(WEB, Phase.PULLING),
        *events(done(WEB)),
    ):
        tell(progress)
    assert out.getvalue().strip() == screen("""
▸ vpn   nas   updating
✗ vpn   nas   failed: container web is unhealthy (3.2 s)
      starting
      no route
– plex  hl15  skipped: needs vpn, which failed
▸ web   nas   pulling
✓ web   nas   updated, healthy in 1.3 s
""")


def test_what_cannot_be_tried_is_said_once_and_at_the_beginning() -> None:
    why = "cannot reach hl15 (no answer within 10 s); is it on?"
    lost = [a_step(name, host="hl15", blocked=why) for name in ("plex", "tdarr")]
    out = io.StringIO()
    tell = live(a_plan(*lost), out, Style(live=True))
    for progress in events(*(failed(step, why) for step in lost)):
        tell(progress)
    assert out.getvalue() == f"✗ {why} (not tried: plex, tdarr)\n"


def test_a_terminal_keeps_what_ended_and_nothing_of_the_region() -> None:
    written = on_a_terminal(Style(width=80, live=True), VPN, PLEX, WEB)
    assert "waiting for vpn" in written
    assert final_screen(written) == screen("""
✗ vpn   nas   failed: container web is unhealthy (3.2 s)
      no route
✓ web   nas   updated, healthy in 1.3 s
""")
    assert written.rfind("\033[?25h") > written.rfind("\033[?25l")


def on_a_terminal(style: Style, first: Step, dependent: Step, other: Step) -> str:
    """What the first step's failure and the other's success write to a pseudo-terminal."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w", encoding="utf-8") as out, os.fdopen(ours, "rb", buffering=0) as terminal:
        tell = live(a_plan(first, dependent, other), out, style)
        tell(Progress(first, Phase.WORKING))
        for progress in events(
            failed(first, log=["no route"]), skipped(dependent, "needs vpn, which failed"), done(other)
        ):
            tell(progress)
        out.write("\0")  # a terminal hands its output over in pieces: this is the last of them
        out.flush()
        written = b""
        while not written.endswith(b"\0"):
            written += terminal.read(100_000)
        return written[:-1].decode()


def final_screen(written: str) -> str:
    """The lines that a terminal shows in the end; knows the few codes that a live region uses."""
    lines, row = [""], 0
    for code, text in re.findall(r"(\x1b\[[0-9;?]*[A-Za-z]|\r|\n)|([^\x1b\r\n]+)", written):
        if code == "\n":
            row += 1
            lines += [""] * (row + 1 - len(lines))
        elif code.endswith("A"):
            row -= int(code[2:-1] or 1)
        elif code.endswith("K") or text:
            lines[row] = text
    return "\n".join(line.rstrip() for line in lines).rstrip("\n")
