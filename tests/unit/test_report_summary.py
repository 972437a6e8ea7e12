"""The last lines of a run."""

from __future__ import annotations

import subprocess
import sys

from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.plan import Verb
from homelab_tasks.report.summary import summary_text

from .report_builders import NARROW, a_plan, a_report, a_step, a_unit, done, failed, screen, skipped


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
