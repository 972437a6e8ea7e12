"""The last lines of a run."""

from __future__ import annotations

import subprocess
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.outcome import Undone
from homelab_tasks.plan import Verb
from homelab_tasks.report.summary import summary_text

from .report_builders import NARROW, PIPE, a_plan, a_report, a_step, a_unit, done, failed, screen, skipped


def test_success_names_what_changed() -> None:
    steps = a_step("gluetun"), a_step("plex", Verb.CREATE, host="hl15"), a_step("blog", Verb.NOTE, gate=None)
    plan = a_plan(*steps, unchanged=(a_unit("wiki"),))
    assert summary_text(a_report(*map(done, steps), plan=plan), style=NARROW) == screen("""
✓ deploy-all: done in 12 s: 2 changed, 1 unchanged
  updated     gluetun on nas
  created     plex on hl15
  recorded    blog on nas (no container differs)
next  inv status
""")


def test_what_was_stopped_on_one_host_is_started_there_alone() -> None:
    stopped = a_step("plex", Verb.STOP, gate=None)
    plan = a_plan(stopped, title="stop 'p*' --host nas")
    assert summary_text(a_report(done(stopped), plan=plan), style=NARROW).endswith(
        "\nnext  inv start plex --host nas (until then it stays stopped)"
    )


def test_failure_names_the_culprit_the_skipped_and_the_next_command() -> None:
    tdarr, plex = a_step("tdarr"), a_step("plex", after="tdarr")
    overseerr, blog = a_step("overseerr", after="plex"), a_step("blog")
    report = a_report(
        done(blog),
        failed(tdarr),
        skipped(plex, "needs tdarr, which failed"),
        skipped(overseerr, "needs plex, which was skipped"),
    )
    assert summary_text(report, style=NARROW) == screen("""
✗ deploy-all: 1 failed, 2 skipped, 1 changed, after 12 s
  updated     blog
  failed      tdarr: container web is unhealthy
  skipped     plex, overseerr: need tdarr, which failed
next  inv logs tdarr --tail 50
      inv deploy-all (once that is mended: it goes on from here)
""")


def test_an_unreachable_host_is_one_failure_with_one_reason() -> None:
    why = "cannot reach hl15 (no answer within 10 s); is it on?"
    steps = [a_step(name, host="hl15", blocked=why, gate=None) for name in ("plex", "tdarr")]
    assert summary_text(a_report(*(failed(step, why) for step in steps)), style=NARROW) == screen("""
✗ deploy-all: 2 failed, after 12 s
  failed      plex, tdarr: cannot reach hl15 (no answer within 10 s); is it on?
next  inv deploy-all (once that is mended: it goes on from here)
""")


def test_what_waits_for_a_host_that_is_off_can_be_deployed_without_it() -> None:
    why = "cannot reach pi (no answer within 10 s); is it on?"
    pihole = a_step("pihole", host="pi", blocked=why, gate=None)
    caddy, plex = a_step("caddy", after="pihole@pi"), a_step("plex", after="caddy")
    report = a_report(
        failed(pihole, why),
        skipped(caddy, "needs pihole, which failed"),
        skipped(plex, "needs caddy, which was skipped"),
        plan=a_plan(pihole, caddy, plex, title="deploy plex --force"),
    )
    assert summary_text(report, style=PIPE) == screen("""
✗ deploy plex --force: 1 failed, 2 skipped, after 12 s
  failed      pihole on pi: cannot reach pi (no answer within 10 s); is it on?
  skipped     caddy, plex on nas: need pihole, which failed
next  inv deploy caddy,plex --no-deps --force (without pihole on pi)
      inv deploy plex --force (once that is mended: it goes on from here)
""")


@pytest.mark.parametrize(
    ("title", "waiting", "move"),
    [
        ("deploy plex", "plex", "inv deploy plex --no-deps"),
        ("deploy-all --host nas,pi", "plex", "inv deploy plex --no-deps --host nas,pi"),
        ("deploy plex,pihole --no-deps", "plex", "inv deploy plex --no-deps"),
        ("deploy-all", "a b c d", "inv deploy-all --host nas"),
        ("deploy-all --host nas,pi", "a b c d", ""),
        ("ensure plex", "plex", "inv ensure plex --host nas"),
        ("restart plex,pihole", "plex", ""),
        ("rollback", "plex", ""),
    ],
)
def test_the_way_on_without_another_host(title: str, waiting: str, move: str) -> None:
    pihole = a_step("pihole", host="pi", blocked="cannot reach pi", gate=None)
    steps = [a_step(name, after="pihole@pi") for name in waiting.split()]
    plan = a_plan(pihole, *steps, title=title)
    outcomes = (failed(pihole, "cannot reach pi"), *(skipped(step, "needs pihole, which failed") for step in steps))
    moves = [
        line for line in summary_text(a_report(*outcomes, plan=plan), style=PIPE).splitlines() if "without" in line
    ]
    assert moves == ([f"next  {move} (without pihole on pi)"] if move else [])


def test_what_fails_beside_it_is_no_reason_to_go_on_without_it() -> None:
    report = a_report(failed(a_step("vpn")), skipped(a_step("plex", after="vpn"), "needs vpn, which failed"))
    assert "without" not in summary_text(report, style=PIPE)


def test_what_was_sick_before_is_as_sick_as_before_and_says_what_to_try() -> None:
    sonarr = a_step("sonarr", Verb.RESTART, causes=("container web is unhealthy",))
    plex = a_step("plex")
    undone = Undone((done(plex),), seconds=2.0, sick=(sonarr,))
    report = a_report(failed(sonarr), done(plex), undone=undone)
    assert summary_text(report, style=PIPE) == screen("""
✗ deploy-all: 1 failed, after 12 s; all is as before
  failed      sonarr: container web is unhealthy
  put back    plex: as before, in 2.0 s
  as it was   sonarr: container web is unhealthy, as before; only a restart was tried
next  inv logs sonarr --tail 50
      inv deploy sonarr --force (makes new containers)
      inv deploy-all (once that is mended)
""")


def test_an_interrupted_run_says_what_state_things_are_in() -> None:
    report = a_report(
        done(a_step("gluetun")),
        failed(a_step("plex"), "interrupted"),
        skipped(a_step("tdarr", after="plex"), "interrupted"),
        interrupted=True,
    )
    assert summary_text(report, style=NARROW) == screen("""
✗ deploy-all: interrupted after 12 s: 1 unfinished, 1 not started, 1 changed
  updated     gluetun
  unfinished  plex: was updating, its health was not awaited
  skipped     tdarr: as before, nothing was started
next  inv deploy-all (goes on from here)
""")


def test_trouble_before_the_first_step_changed_nothing() -> None:
    report = a_report(plan=a_plan(a_step("plex")), trouble=("nas: plex:9 cannot be pulled; mend its name",))
    assert summary_text(report, style=NARROW) == screen("""
✗ deploy-all: nothing was changed
  nas: plex:9 cannot be pulled; mend its name
next  inv deploy-all (once that is mended)
""")


def test_what_was_stopped_says_how_it_starts_again() -> None:
    steps = a_step("plex", Verb.STOP, gate=None), a_step("tdarr", Verb.STOP, gate=None)
    report = a_report(*map(done, steps), plan=a_plan(*steps, title="stop plex,tdarr"))
    assert summary_text(report, style=NARROW) == screen("""
✓ stop plex,tdarr: done in 12 s: 2 changed
  stopped     plex, tdarr
next  inv start plex,tdarr (until then it stays stopped)
""")


def test_nothing_to_do_prints_without_any_heavy_import() -> None:
    program = """
import sys
from homelab_tasks.outcome import Report
from homelab_tasks.model import Host
from homelab_tasks.plan import Plan, Unit
from homelab_tasks.report.plan import plan_text
from homelab_tasks.report.summary import summary_text
from homelab_tasks.report.terminal import say, stage, style
stage("looking at nas")
plan = Plan("deploy-all", "5d6e7f8", unchanged=(Unit("plex", Host("nas", "nas.lan"), "unchanged"),))
say(plan_text(plan, style=style(sys.stdout)), sys.stdout)
say(summary_text(Report(plan), style=style(sys.stdout)), sys.stdout)
heavy = {"rich", "networkx", "fabric", "paramiko", "docker", "requests", "PIL"}
print(sorted(heavy & set(sys.modules)))
"""
    told = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    sentence = "nothing to do: plex on nas is as the repo says (5d6e7f8)\n"
    assert told == sentence * 2 + "[]\n"


WORDS = st.text(alphabet="abcdefgh-./:0123456789", min_size=1, max_size=30)


@given(st.lists(st.tuples(WORDS, st.lists(WORDS, max_size=12).map(" ".join), st.sampled_from("dfs")), max_size=12))
def test_no_line_is_wider_than_the_terminal(parts: list[tuple[str, str, str]]) -> None:
    steps = [(a_step(name), why, kind) for name, why, kind in parts]
    outcomes = [done(step) if kind == "d" else failed(step, why) for step, why, kind in steps if kind != "s"]
    report = a_report(*outcomes, *(skipped(step, why) for step, why, kind in steps if kind == "s"))
    logs = [line for line in summary_text(report, style=NARROW).splitlines() if "inv logs" not in line]
    assert max(map(len, logs)) <= 80
