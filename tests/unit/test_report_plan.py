"""A plan as people read it."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.plan import Change, Delivery, Plan, Verb
from homelab_tasks.report.plan import plan_text

from .builders import a_host
from .report_builders import BEFORE, NARROW, PIPE, a_plan, a_step, a_unit, screen


def test_a_dry_run_shows_each_host_with_steps_causes_changes_and_order() -> None:
    plan = a_plan(
        a_step("proxy", Verb.NETWORK, causes=("listed in hosts.yaml",), asked="needed by gluetun", gate=None),
        a_step("gluetun", causes=("changed since 1a2b3c4",), changes=(Change("", "image 1.40.2 -> 1.41.0"),)),
        a_step("plex", Verb.CREATE, host="hl15", after="gluetun@nas", causes=("new on hl15",), pulls=("plex:1.41",)),
        deliveries=(Delivery(a_host("nas"), BEFORE), Delivery(a_host("hl15"), "")),
        unchanged=(a_unit("blog"), a_unit("wiki")),
    )
    assert plan_text(plan, style=NARROW, dry_run=True) == screen("""
deploy-all at 5d6e7f8

hl15: first delivery, 5d6e7f8
  + plex  create: new on hl15, requested; after gluetun (on nas)
      pulls plex:1.41

nas: 1a2b3c4 -> 5d6e7f8
  + proxy    make network: listed in hosts.yaml, needed by gluetun
  ~ gluetun  update: changed since 1a2b3c4, requested
      image 1.40.2 -> 1.41.0

3 to change (1 make network, 1 update, 1 create), 2 unchanged; nothing was
changed
to do it: inv deploy-all
""")


def test_several_that_only_their_group_puts_first_are_called_by_the_group() -> None:
    infra = [a_step(name) for name in ("caddy", "gluetun", "pihole")]
    by_group = (("caddy@nas", "infrastructure"), ("pihole@nas", "infrastructure"))
    plex = a_step("plex", after="caddy gluetun pihole", by_group=by_group)
    blog = a_step("blog", after="caddy", by_group=(("caddy@nas", "infrastructure"),))
    plan = a_plan(*infra, plex, blog)
    assert "  ~ plex     update: requested; after gluetun, group infrastructure\n" in plan_text(plan, style=NARROW)
    assert "  ~ blog     update: requested; after caddy\n" in plan_text(plan, style=NARROW)
    assert "; after caddy, gluetun, pihole\n" in plan_text(plan, style=NARROW, verbose=True)


def test_nothing_to_do_is_one_sentence() -> None:
    plan = a_plan(unchanged=(a_unit("blog"), a_unit("plex", host="hl15")))
    assert plan_text(plan, style=NARROW) == "nothing to do: 2 services on 2 hosts are as the repo says (5d6e7f8)"


def test_nothing_to_do_for_one_service_names_it() -> None:
    plan = a_plan(unchanged=(a_unit("blog"),))
    assert plan_text(plan, style=NARROW) == "nothing to do: blog on nas is as the repo says (5d6e7f8)"


def test_nothing_to_stop_says_why() -> None:
    plan = Plan("stop plex", unchanged=(a_unit("plex", "not running"),))
    assert plan_text(plan, style=NARROW) == "nothing to do: plex is not running on nas"


def test_what_is_not_there_is_said_of_each_host() -> None:
    units = a_unit("tautulli", "not deployed"), a_unit("prometheus", "not deployed", host="pi")
    told = plan_text(Plan("destroy", unchanged=units), style=PIPE)
    assert told == "nothing to do: tautulli is not deployed on nas; prometheus is not deployed on pi"


def test_nothing_to_roll_back_does_not_claim_that_the_repo_says_so() -> None:
    units = [a_unit(name, "as it was then", host=host) for name, host in (("plex", "nas"), ("blog", "pi"))]
    assert plan_text(a_plan(unchanged=units), style=PIPE) == (
        "nothing to do: 2 services on 2 hosts are as they were at 5d6e7f8"
    )
    assert plan_text(a_plan(unchanged=units[:1]), style=PIPE) == "nothing to do: plex on nas is as it was at 5d6e7f8"


def test_what_is_pinned_is_not_as_the_repo_says() -> None:
    plan = a_plan(unchanged=(a_unit("sonarr", "pinned at 1a2b3c4"), a_unit("blog"), a_unit("plex")))
    assert plan_text(plan, style=PIPE) == (
        "nothing to do: 2 services on nas are as the repo says (5d6e7f8); sonarr is pinned at 1a2b3c4 on nas"
    )


def test_what_is_held_gone_or_noticed_is_said_also_when_nothing_is_to_do() -> None:
    plan = a_plan(
        unchanged=(a_unit("blog"),),
        held=(a_unit("plex", "stopped by ann@desk, 2026-01-31T21:14:05Z"),),
        gone=(a_unit("old", "no longer in the repo"), a_unit("older", "no longer in the repo")),
        notices=("wiki: TOKEN is not set on nas; Compose uses a blank",),
    )
    assert plan_text(plan, style=NARROW) == screen("""
nothing to do: blog on nas is as the repo says (5d6e7f8)

left stopped  plex on nas, stopped by ann@desk since 2026-01-31 21:14 UTC; inv
              start plex
left behind   old, older on nas, no longer in the repo; --prune removes them
note: wiki: TOKEN is not set on nas; Compose uses a blank
""")


def test_faults_are_listed_and_nothing_is_changed() -> None:
    plan = a_plan(a_step("blog"), faults=("plex: services/plex/.env is missing on nas; make it there",))
    assert plan_text(plan, style=NARROW) == screen("""
deploy-all at 5d6e7f8

nas
  ~ blog  update: requested

✗ plex: services/plex/.env is missing on nas; make it there

1 to change (1 update); nothing was changed
1 fault to mend first (marked ✗), then: inv deploy-all
""")


def test_steps_that_cannot_be_tried_share_one_reason() -> None:
    why = "cannot reach hl15 (no answer within 10 s); is it on?"
    plan = a_plan(a_step("plex", host="hl15", blocked=why), a_step("tdarr", host="hl15", blocked=why))
    assert plan_text(plan, style=NARROW, dry_run=True) == screen("""
deploy-all at 5d6e7f8

hl15
  ✗ cannot be tried: cannot reach hl15 (no answer within 10 s); is it on? (plex,
    tdarr)

0 to change, 2 cannot be tried; nothing was changed
to do it: inv deploy-all
""")


def test_verbose_names_what_is_unchanged_and_folds_no_change() -> None:
    changes = tuple(Change("web", f"environment + KEY{n}") for n in range(12))
    plan = a_plan(a_step("plex", changes=changes), unchanged=(a_unit("blog"), a_unit("wiki")))
    brief, full = plan_text(plan, style=PIPE), plan_text(plan, style=PIPE, verbose=True)
    assert "      and 4 more changes (--verbose)\n" in brief
    assert "KEY11" not in brief
    assert "      web: environment + KEY11\n" in full
    assert "\nunchanged on nas: blog, wiki\n" in full


def test_a_pipe_gets_whole_lines() -> None:
    plan = a_plan(a_step("plex", causes=tuple(f"cause number {n}" for n in range(20))))
    assert "cause number 0, cause number 1, " in plan_text(plan, style=PIPE).splitlines()[3]
    assert "cause number 19, requested" in plan_text(plan, style=PIPE).splitlines()[3]


WORDS = st.text(alphabet="abcdefgh-./:0123456789", min_size=1, max_size=30)
TEXTS = st.lists(WORDS, max_size=20).map(" ".join)


@given(st.lists(st.tuples(WORDS, TEXTS, TEXTS, WORDS), max_size=6), TEXTS)
def test_no_line_is_wider_than_the_terminal(parts: list[tuple[str, str, str, str]], notice: str) -> None:
    steps = [a_step(n, causes=(cause,), changes=(Change("", change),), pulls=(p,)) for n, cause, change, p in parts]
    plan = a_plan(*steps, notices=(notice,), faults=(notice,), held=tuple(a_unit(n, c) for n, c, *_ in parts))
    assert max(map(len, plan_text(plan, style=NARROW, verbose=True).splitlines())) <= 80


def test_what_will_be_asked_is_said_beforehand() -> None:
    text = plan_text(a_plan(a_step(), asks=("restart 2 of 3 running services?",)), style=NARROW, dry_run=True)
    assert "note: asks first: restart 2 of 3 running services?" in text.splitlines()
