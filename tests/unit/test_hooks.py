"""Hooks: what of service.yaml they are read from, where in a step they stand, and what they are told and say."""
# ruff: noqa: E501 - a row of a table is one line, however long its sentence

from __future__ import annotations

from typing import Any

import pytest
from msgspec.structs import replace

from homelab_tasks.errors import RepoInvalid
from homelab_tasks.history import parse
from homelab_tasks.model import Hook, Moment
from homelab_tasks.plan import Call, Gate, Plan, Step
from homelab_tasks.plan.deploy import plan_deploy
from homelab_tasks.plan.facts import Facts
from homelab_tasks.plan.hooks import hooks_of, kept_by
from homelab_tasks.plan.past import Past
from homelab_tasks.plan.survey import survey
from homelab_tasks.record import Kept, read
from homelab_tasks.repo import load
from homelab_tasks.report.plan import plan_text
from homelab_tasks.report.terminal import Style
from homelab_tasks.rollback.then import then
from tests.unit.builders import (
    Files,
    a_container,
    a_model,
    a_plan,
    a_record,
    a_repo,
    a_request,
    a_resolution,
    a_service,
    an_observation,
    resolved,
)

DUMP = Hook(Moment.BEFORE_DEPLOY, "./dump.sh")
WARM = Hook(Moment.AFTER_DEPLOY, "./warm.sh", 30)
RESTORE = Hook(Moment.BEFORE_ROLLBACK, "./restore.sh")
NEWER = {"before": a_model(plex={"image": "plex:0"})}


def hooks(text: str) -> tuple[Hook, ...]:
    files = {"hosts.yaml": "hosts: {nas: }", "services/plex/compose.yml": "services: {web: {image: nginx}}"}
    return load(Files({**files, "services/plex/service.yaml": f"hooks: {text}"})).services["plex"].hooks


def problem(text: str) -> str:
    with pytest.raises(RepoInvalid) as raised:
        hooks(text)
    (found,) = raised.value.problems
    return str(found)


def plan_of(*of: Hook, request: dict[str, Any] | None = None, **answer: Any) -> Plan:
    """A deploy of plex with these hooks, of which Compose says something else than at its last deploy."""
    repo = a_repo(a_service("plex", hooks=of))
    asked = a_request("plex", **(request or {}))
    return a_plan(repo, asked, _outdated(), answers=[resolved("plex", **(answer or NEWER))])


def _outdated() -> Any:
    record = a_record("plex", digest="older", commit="0ld" + "0" * 37)
    return an_observation("plex", records={"plex": record})


def back_to(past: Past, *of: Hook) -> Plan:
    repo = a_repo(a_service("plex", hooks=of))
    seen = {"nas": _outdated()}
    found = survey(repo, a_request("plex"), seen, {}, {"plex@nas": past})
    return plan_deploy(found, Facts(repo, seen, {"nas": a_resolution(resolved("plex", **NEWER))}))


def acts(step: Step) -> list[str]:
    """The acts of a step, each in a word."""
    return [_word(act) for act in step.commands]


def _word(act: object) -> str:
    match act:
        case Call():
            return act.hook.moment.value
        case Gate():
            return "healthy"
    return "compose"


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("", ()),
        ("{}", ()),
        ("{before_deploy: ./dump.sh}", (DUMP,)),
        ("{before_deploy: {run: ./dump.sh}}", (DUMP,)),
        ("{after_deploy: {run: ./warm.sh, timeout: 30}, before_deploy: ./dump.sh}", (DUMP, WARM)),
        ("{before_rollback: ./restore.sh, x-why: because}", (RESTORE,)),
        ("{before_deploy: }", ()),
    ],
)
def test_a_hook_is_a_command_or_a_mapping(text: str, found: tuple[Hook, ...]) -> None:
    assert hooks(text) == found


S = "services/plex/service.yaml"


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("./dump.sh", f"{S}:1:8: hooks: expected a mapping of hooks, found the text './dump.sh'"),
        ("{before_deploy: 3}", f"{S}:1:24: before_deploy: expected a command or a mapping, found the number 3; write e.g. before_deploy: ./dump.sh"),
        ("{before_deploy: ' '}", f"{S}:1:24: before_deploy: expected a command or a mapping, found the text ' '; write e.g. before_deploy: ./dump.sh"),
        ("{before_deploy: {timeout: 5}}", f"{S}:1:24: before_deploy: it runs nothing; give it run: COMMAND, or write e.g. before_deploy: ./dump.sh"),
        ("{before_deploy: {run: x, timeout: 0}}", f"{S}:1:24: before_deploy: a timeout of 0 leaves it no time; give it seconds, or a duration such as 10m"),
        ("{before_deploy: {run: x, user: root}}", f"{S}:1:33: unknown key 'user' in hooks.before_deploy; there is run, timeout"),
        ("{befor_deploy: x}", f"{S}:1:9: unknown key 'befor_deploy' in hooks; did you mean 'before_deploy'?"),
    ],
)  # fmt: skip
def test_a_hook_that_cannot_be_read_says_why(text: str, said: str) -> None:
    assert problem(text) == said


def test_hooks_stand_around_what_changes_containers_and_the_last_one_waits_for_health() -> None:
    (step,) = plan_of(DUMP, WARM, RESTORE).steps
    assert acts(step) == ["before_deploy", "compose", "healthy", "after_deploy"]


def test_without_a_hook_a_step_is_as_ever() -> None:
    (step,) = plan_of().steps
    assert (acts(step), hooks_of(step)) == (["compose"], ())


def test_a_step_that_changes_no_container_runs_no_hook() -> None:
    (step,) = plan_of(DUMP, WARM, model=a_model()).steps
    assert (step.verb.value, acts(step)) == ("note", [])


def test_what_only_starts_what_was_there_is_no_deploy() -> None:
    repo = a_repo(a_service("plex", hooks=(DUMP,)))
    gone = an_observation("plex", containers=())
    (step,) = a_plan(repo, a_request("plex", files=False), gone).steps
    assert acts(step) == ["compose"]


def test_a_hook_is_told_where_it_is_and_holds_the_lock_of_working_commands() -> None:
    (step,) = plan_of(DUMP).steps
    (call, *_) = step.commands
    assert isinstance(call, Call)
    assert str(call.command) == (
        "cd /opt/homelab/services/plex && exec timeout --kill-after=10 300 env HOMELAB_HOOK=before_deploy "
        "HOMELAB_SERVICE=plex HOMELAB_HOST=nas HOMELAB_PROJECT=plex HOMELAB_COMMIT=c0ffee0000000000000000000000000000000000 "
        "HOMELAB_FROM=0ld0000000000000000000000000000000000000 HOMELAB_RUNNING=plex HOMELAB_KEPT= COMPOSE_PROJECT_NAME=plex "
        "flock --shared /opt/homelab/.git/homelab/working "
        """sh -c 'said=$("$@" 2>&1); status=$?; printf %s "$said"; exit $status' lasting bash -c ./dump.sh plex"""
    )


def test_the_plan_shows_its_hooks() -> None:
    lines = plan_text(plan_of(DUMP, WARM), style=Style()).splitlines()
    assert [line.strip() for line in lines if "sh" in line] == ["before: ./dump.sh", "after: ./warm.sh"]


def test_what_goes_back_runs_only_the_hook_for_that_and_offers_what_was_kept() -> None:
    plan = back_to(Past(kept="old.sql"), DUMP, WARM, RESTORE)
    (step,) = plan.steps
    assert acts(step) == ["before_rollback", "compose"]
    assert "HOMELAB_KEPT=old.sql" in str(step.commands[0])
    assert plan.notices == ("plex: when this version was left, old.sql was kept on nas; before_rollback is told of it",)


def test_what_was_kept_is_offered_where_nobody_takes_it_too() -> None:
    assert back_to(Past(kept="old.sql"), DUMP).notices == (
        "plex: when this version was left, old.sql was kept on nas; put it back yourself if it is needed",
    )


@pytest.mark.parametrize(
    ("said", "kept"),
    [
        ("", ""),
        ("done\n", ""),
        ("homelab: keep dumps/a.sql\n", "dumps/a.sql"),
        ("3 tables\nhomelab: keep /home/me/my dump.sql\n\n", "/home/me/my dump.sql"),
        ("homelab: keep a.sql\r\n", "a.sql"),
        ("homelab: keep a.sql\nand done\n", ""),
        ("homelab: keep\n", ""),
        ("homelab: keep \x1b[2J\n", ""),
        (f"homelab: keep {'a' * 501}", ""),
    ],
)
def test_the_last_line_of_a_hook_may_name_what_it_keeps(said: str, kept: str) -> None:
    assert kept_by(said) == kept


def test_a_record_remembers_what_was_kept() -> None:
    record = replace(a_record(), kept=Kept("old.sql", "c0ffee", "2026-01-31T21:14:05Z"))
    assert read(record.line()) == {"plex": record}


def test_a_record_of_which_what_was_kept_is_no_name_is_passed_over() -> None:
    good = replace(a_record(), kept=Kept("old.sql", "c0ffee", "2026-01-31T21:14:05Z")).line()
    assert read(good.replace('"old.sql"', "3")) == {}


JOURNAL = """\036newer 4
{"event":"begin","run":"1","at":"2026-01-01T00:00:00Z","by":"me@desk","title":"deploy-all","from":"","to":"one"}
{"event":"end","run":"1","at":"2026-01-01T00:00:00Z","by":"me@desk","title":"deploy-all","from":"","to":"one","ok":true,"steps":[{"step":"db@nas","verb":"create","status":"done","env":{},"images":{}}]}
{"event":"end","run":"2","at":"2026-01-02T00:00:00Z","by":"me@desk","title":"deploy-all","from":"one","to":"two","ok":true,"steps":[{"step":"db@nas","verb":"update","status":"done","env":{},"images":{},"kept":"one.sql"}]}
{"event":"end","run":"3","at":"2026-01-03T00:00:00Z","by":"me@desk","title":"deploy-all","from":"two","to":"three","ok":true,"steps":[{"step":"db@nas","verb":"update","status":"done","env":{},"images":{},"kept":"two.sql"}]}
\036end
"""


@pytest.mark.parametrize(("commit", "kept"), [("one", "one.sql"), ("two", "two.sql"), ("three", "")])
def test_what_belongs_to_a_version_is_what_was_kept_when_it_was_left(commit: str, kept: str) -> None:
    assert then(parse("nas", JOURNAL), commit).known["db"].kept == kept


def test_a_running_container_is_named_to_hooks_by_its_key() -> None:
    repo = a_repo(a_service("plex", hooks=(DUMP,)))
    there = [a_container("plex", key="db", name="b"), a_container("plex", key="web", state="exited", id="x")]
    seen = replace(_outdated(), containers=tuple(there))
    (step,) = a_plan(repo, a_request("plex"), seen, answers=[resolved("plex", **NEWER)]).steps
    dump = step.commands[0]
    assert isinstance(dump, Call)
    assert "HOMELAB_RUNNING=db" in dump.command.argv
