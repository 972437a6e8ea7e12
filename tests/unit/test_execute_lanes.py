"""Steps that are not to run at once although nothing else keeps them apart, and steps that ended before."""

from __future__ import annotations

from homelab_tasks.execute import execute
from homelab_tasks.outcome import Outcome, Phase, Status
from homelab_tasks.plan import Plan
from homelab_tasks.runner import Result

from .builders import a_host
from .test_execute import DONE, NAS, SKIPPED, a_step, crews, run, statuses

PI = a_host("pi")


def test_steps_of_one_lane_run_one_at_a_time_on_whatever_hosts() -> None:
    seen = list[Phase]()
    hosts = {"one": NAS, "two": PI, "three": NAS}
    steps = [a_step(name, lane="systems", host=host, entry=None) for name, host in hosts.items()]
    report, _ = run(*steps, tell=lambda progress: seen.append(progress.phase))
    assert statuses(report) == {"one": DONE, "two": DONE, "three": DONE}
    assert seen == [Phase.WORKING, Phase.ENDED] * 3


def test_a_failure_in_a_lane_spares_the_next_one() -> None:
    steps = a_step("one", lane="systems"), a_step("two", lane="systems", host=PI)
    report, _ = run(*steps, one=lambda: Result(1))
    assert statuses(report) == {"one": Status.FAILED, "two": DONE}


def test_what_needs_a_step_that_failed_before_is_skipped() -> None:
    system, other = a_step("system"), a_step("other")
    steps = system, other, a_step("web", "system"), a_step("blog", "other")
    before = Outcome(system, Status.FAILED, why="boom"), Outcome(other, DONE)
    with crews(*steps) as made:
        report = execute(Plan("deploy", steps=steps), made, lambda _: None, before)
    assert statuses(report) == {"system": Status.FAILED, "other": DONE, "web": SKIPPED, "blog": DONE}
