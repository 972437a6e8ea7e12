"""What is wrong with an env file, by the keys that are there and those that are expected; and how it is told."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from homelab_tasks.commands.env import Judged, Key, Kind, Side
from homelab_tasks.envs.check import Check, Checked, findings
from homelab_tasks.envs.diff import Compared, Difference
from homelab_tasks.envs.expect import Expectations, Expected
from homelab_tasks.envs.here import judge_here
from homelab_tasks.envs.reach import Unit
from homelab_tasks.repo.loader import examine
from homelab_tasks.report import env
from homelab_tasks.report.env_check import check_json, check_text
from homelab_tasks.report.terminal import Style

from .builders import Files, a_host, a_repo, a_service

EXPECTED = Expected(
    a_service(),
    "services/plex/.env.example",
    "TOKEN=changeme\nUSER=admin\nCOLOUR=red\n",
    required=frozenset({"TOKEN"}),
    needed=frozenset({"TOKEN", "USER", "UNLISTED"}),
    optional=frozenset({"COLOUR"}),
)


def a_file(*keys: Key | str, **fields: int) -> Judged:
    """A private file with these keys, which all have good values where nothing else is said."""
    named = tuple(Key(key) if isinstance(key, str) else key for key in keys)
    return Judged(Kind.FILE, **{"mode": 0o600, "keys": named, **fields})  # type: ignore[arg-type]


def told(seen: Judged, *, wanted: bool = True) -> list[str]:
    """Each finding in a few words."""
    found = findings(EXPECTED, seen, wanted=wanted)
    return [" ".join(filter(None, (f.severity.value, f.wrong.value, f.key, f.detail))) for f in found]


RIGHT = ("TOKEN", "USER", "UNLISTED", "COLOUR")


@pytest.mark.parametrize(
    ("seen", "problems"),
    [
        (a_file(*RIGHT), []),
        (a_file("TOKEN", "USER", "UNLISTED"), ["notice missing COLOUR"]),
        (a_file("TOKEN", "COLOUR"), ["error missing USER", "error missing UNLISTED"]),
        (a_file(*RIGHT[1:], Key("TOKEN", empty=True)), ["error empty TOKEN"]),
        (a_file(*RIGHT[1:], Key("TOKEN", placeholder=True)), ["error placeholder TOKEN"]),
        (a_file(*RIGHT[1:], Key("TOKEN", inherited=True)), ["error empty TOKEN"]),
        (a_file(*RIGHT[1:], Key("TOKEN", side=Side.SAME)), ["error placeholder TOKEN"]),
        (a_file(*RIGHT[:3], Key("COLOUR", side=Side.SAME)), []),
        (a_file(*RIGHT[:3], Key("COLOUR", empty=True)), []),
        (a_file(*RIGHT, "OLD"), ["notice extra OLD"]),
        (a_file(*RIGHT, "COMPOSE_PROFILES"), []),
        (a_file(*RIGHT, Key("NEW", side=Side.ONLY_HERE)), []),
        (a_file(*RIGHT, mode=0o640), ["error mode 640"]),
        (a_file(*RIGHT, mode=0o400), []),
        (a_file("TOKEN", fault=3), ["error stops 3"]),
        (Judged(Kind.ABSENT), ["error no-file TOKEN, USER, UNLISTED"]),
        (Judged(Kind.OTHER), ["error unreadable other"]),
        (Judged(Kind.LINK, 0o600, keys=tuple(map(Key, RIGHT))), []),
    ],
)
def test_what_is_wrong_with_a_file(seen: Judged, problems: list[str]) -> None:
    assert told(seen) == problems


def test_a_file_that_is_not_run_here_may_be_missing_here() -> None:
    assert told(Judged(Kind.ABSENT), wanted=False) == ["notice no-file TOKEN, USER, UNLISTED"]


def test_a_service_that_needs_nothing_needs_no_file() -> None:
    assert list(findings(Expected(a_service()), Judged(Kind.ABSENT))) == []


def test_a_key_of_a_file_that_a_container_is_given_whole_is_needed() -> None:
    expected = Expected(a_service(), "services/plex/.env.example", "A=1\n", wholesale=True)
    assert [f.severity.value for f in findings(expected, a_file())] == ["error"]


def test_a_file_here_is_judged_as_one_on_a_host(tmp_path: Path) -> None:
    (tmp_path / "services/plex").mkdir(parents=True)
    repo, path = a_repo(root=str(tmp_path)), "services/plex/.env"
    assert judge_here(repo, path, "").kind is Kind.ABSENT
    file = tmp_path / path
    file.write_text("A=hunter2\nB=\nC=changeme\nhunter3\nKnown\n")
    file.chmod(0o640)
    seen = judge_here(repo, path, "Known=\nB=\nC=x\n")
    assert (seen.kind, seen.mode) == (Kind.FILE, 0o640)
    assert seen.keys == (
        Key("A", side=Side.ONLY_THERE),
        Key("B", empty=True, side=Side.SAME),
        Key("C", placeholder=True, side=Side.DIFFERENT),
        Key("#4", inherited=True, side=Side.ONLY_THERE),
        Key("Known", inherited=True, side=Side.DIFFERENT),
    )
    assert "hunter" not in repr(seen)


def checked(where: str, seen: Judged) -> Checked:
    path = f"/opt/homelab/{EXPECTED.path}" if where else EXPECTED.path
    return Checked("plex", path, where, seen, tuple(findings(EXPECTED, seen, wanted=bool(where))))


CHECK = Check(
    (
        checked("", Judged(Kind.ABSENT)),
        checked("h1", a_file("TOKEN", "COLOUR", "OLD")),
        checked("h2", Judged(Kind.ABSENT)),
        checked("h3", a_file(*RIGHT, mode=0o604)),
        checked("h4", a_file(*RIGHT)),
    ),
    {"h5": "cannot reach h5 (no route)"},
)


def test_a_check_says_what_is_wrong_and_the_next_move() -> None:
    assert check_text(CHECK, style=Style()) == (
        """\
SERVICE  WHERE  .ENV
plex     here   none; no file, and needed: TOKEN, USER, UNLISTED
plex     h1     missing: USER, UNLISTED; in no template: OLD; inv env.edit plex --host h1
plex     h2     no file, and needed: TOKEN, USER, UNLISTED; inv env.push plex --host h2
plex     h3     mode 604, so others may read it; chmod 600 /opt/homelab/services/plex/.env on h3
plex     h4     right"""
    )


def test_a_service_that_needs_no_file_takes_no_row() -> None:
    check = Check((Checked("blog", "services/blog/.env", "", Judged(Kind.ABSENT)),), {})
    assert (check_text(check, style=Style()), check.ok) == ("no .env is needed", True)


def test_a_check_for_programs_names_each_problem() -> None:
    body = json.loads(check_json(CHECK))
    assert (body["ok"], body["unreachable"]) == (False, {"h5": "cannot reach h5 (no route)"})
    assert body["files"][3] == {
        "service": "plex",
        "where": "h3",
        "path": "/opt/homelab/services/plex/.env",
        "kind": "file",
        "mode": "604",
        "ok": False,
        "problems": [{"problem": "mode", "severity": "error", "detail": "604"}],
    }


def compared(*keys: Key, content: bytes | None = b"A=1\n", **fields: object) -> Compared:
    seen = Judged(Kind.FILE, 0o600, **{"keys": keys, **fields})  # type: ignore[arg-type]
    return Compared(Unit(a_service(), a_host("h1")), seen, content)


@pytest.mark.parametrize(
    ("one", "sentence"),
    [
        (compared(Key("A", side=Side.SAME)), "equal: 1 key"),
        (
            compared(Key("A", side=Side.SAME), Key("B", side=Side.DIFFERENT), Key("#7", side=Side.ONLY_THERE)),
            "different: B; missing here: line 7; equal: A",
        ),
        (compared(Key("A", side=Side.ONLY_HERE)), "missing there: A"),
        (compared(Key("A", side=Side.ONLY_THERE), content=None), "none here; missing here: A"),
        (compared(Key("A", side=Side.SAME), fault=2), "Compose stops at line 2 there; equal: A"),
    ],
)
def test_a_difference_is_told_by_keys(one: Compared, sentence: str) -> None:
    shown = env.diff_text(Difference((one,), (), {}), style=Style())
    assert shown.splitlines()[1] == f"plex     h1    {sentence}"


def test_no_content_is_in_what_a_traceback_would_show() -> None:
    assert "A=1" not in repr(compared(Key("A")))


def test_what_is_expected_is_read_from_template_and_compose_files() -> None:
    compose = """\
services:
  web:
    image: web:1
    environment: ['A=${A:?}', 'B=${B?}', 'C=$C', 'D=${D:-d}', 'E', 'H=$HOME']
    env_file: .env
"""
    files = Files(
        {
            "hosts.yaml": "hosts: {nas: }\n",
            "services/plex/compose.yml": compose,
            "services/plex/.env.example": "A=\nF=1\n# G=2\n",
        }
    )
    expectations = Expectations(examine(files))
    found = expectations.of(expectations.repo.services["plex"])
    assert (found.template, found.keys, found.wholesale) == ("services/plex/.env.example", ("A", "F"), True)
    assert (sorted(found.required), sorted(found.needed)) == (["A"], ["A", "B", "C"])
    assert sorted(found.optional) == ["D", "E", "G", "HOME"]
    assert [key for key in "ABCDEFG" if found.lacks(key)] == ["A", "B", "C", "F"]
