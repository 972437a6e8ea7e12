"""What a validation says: on a terminal, in a pipe, and to other programs."""
# ruff: noqa: E501 - a line of output is one line

from __future__ import annotations

import io
import json

import pytest

from homelab_tasks.problem import Place, Problem, Rule, Severity
from homelab_tasks.report.problems import Asked, print_problems, problems_text
from homelab_tasks.report.problems_for_programs import as_json, github, sarif
from homelab_tasks.report.terminal import Style
from homelab_tasks.validate.result import Known, Result

CLASH = Rule("R046", "port-clash", Severity.ERROR, "two containers publish one port of a host")
UNTAGGED = Rule("C004", "untagged-image", Severity.WARNING, "an image without a tag")
README = Rule("R050", "no-readme", Severity.NOTICE, "a service without a README")
RULES = (UNTAGGED, CLASH, README)
PLEX, WEB = "services/plex/compose.yml", "services/web/compose.yml"
PROBLEMS = (
    README.at(Place(PLEX), "plex has no README", "say in services/plex/README.md what it is for, where its data is"),
    UNTAGGED.at(Place(PLEX, 3, 12), "image 'plex' has no tag", "write the one that runs now"),
    CLASH.at(
        Place(WEB, 12, 9), "port 80 of nas is also published by plex", "publish 81 instead", also=(Place(PLEX, 5),)
    ),
)
SERVICES = (Known("plex", "plex", ("services/plex",)), Known("web", "web", ("services/web",)))
RESULT = Result(PROBLEMS, ("what Docker Compose itself says: it is not on this machine",), SERVICES, RULES, "lab/")
FINE = Result((), (), SERVICES, RULES)
TERMINAL = Style(width=80)
ALL = Asked()


def text(result: Result, asked: Asked = ALL, style: Style = TERMINAL) -> str:
    return "\n".join(problems_text(result, asked, style=style))


def test_a_terminal_has_the_problems_below_their_file() -> None:
    assert text(RESULT) == (
        "services/plex/compose.yml\n"
        "        notice   R050  plex has no README; say in services/plex/README.md what\n"
        "                       it is for, where its data is\n"
        "  3:12  warning  C004  image 'plex' has no tag; write the one that runs now\n"
        "\n"
        "services/web/compose.yml\n"
        "  12:9  error    R046  port 80 of nas is also published by plex; publish 81\n"
        "                       instead\n"
        "\n"
        "not checked  what Docker Compose itself says: it is not on this machine\n"
        "✗ 1 error, 1 warning, 1 notice in 2 files; mend the errors, then: inv validate"
    )


def test_a_pipe_has_one_line_for_each() -> None:
    assert text(RESULT, style=Style(width=0)) == (
        "services/plex/compose.yml: notice R050: plex has no README; say in services/plex/README.md what it is for, where its data is\n"
        "services/plex/compose.yml:3:12: warning C004: image 'plex' has no tag; write the one that runs now\n"
        "services/web/compose.yml:12:9: error R046: port 80 of nas is also published by plex; publish 81 instead\n"
        "not checked  what Docker Compose itself says: it is not on this machine\n"
        "✗ 1 error, 1 warning, 1 notice in 2 files; mend the errors, then: inv validate"
    )


def test_colours_say_how_bad_it_is() -> None:
    painted = text(RESULT, style=Style(width=80, colour=True))
    assert "\033[31merror" in painted
    assert "\033[33mwarning" in painted
    assert "\033[34mnotice" in painted


ENDS: list[tuple[Result, Asked, str]] = [
    (FINE, Asked(), "✓ nothing wrong with 2 services; next: inv deploy-all --dry-run"),
    (FINE, Asked(named=True), "✓ nothing wrong; next: inv deploy-all --dry-run"),
    (FINE, Asked(selected=True), "✓ nothing wrong by these rules; next: inv validate"),
    (Result((), (), (), RULES), Asked(), "✓ nothing wrong with 0 services; next: write services/NAME/compose.yml"),
    (Result(PROBLEMS[:2], (), SERVICES, RULES), Asked(), "✓ 1 warning, 1 notice in 1 file; next: inv deploy-all --dry-run"),
    (
        Result(PROBLEMS[:2], (), SERVICES, RULES),
        Asked(strict=True),
        "✗ 1 warning, 1 notice in 1 file; mend the warnings, then: inv validate --strict",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("result", "asked", "last"), ENDS)
def test_the_last_line_sums_up_and_says_what_to_type_next(result: Result, asked: Asked, last: str) -> None:
    assert text(result, asked, Style(width=0)).splitlines()[-1] == last


@pytest.mark.parametrize(("found", "strict", "fails"), [(PROBLEMS, False, True), (PROBLEMS[:2], False, False)])
def test_errors_fail(found: tuple[Problem, ...], strict: bool, fails: bool) -> None:  # noqa: FBT001
    assert Result(found, (), (), RULES).fails(strict=strict) == fails


@pytest.mark.parametrize(("found", "fails"), [(PROBLEMS[:2], True), (PROBLEMS[:1], False)])
def test_when_strict_warnings_fail_and_notices_do_not(found: tuple[Problem, ...], fails: bool) -> None:  # noqa: FBT001
    assert Result(found, (), (), RULES).fails(strict=True) == fails


def many() -> Result:
    """500 problems: two errors, and warnings and notices of every service."""
    warnings = [UNTAGGED.at(Place(f"services/s{n:03}/compose.yml", 3), "no tag") for n in range(249)]
    notices = [README.at(Place(f"services/s{n:03}/compose.yml"), "no README") for n in range(249)]
    errors = [CLASH.at(Place("services/s007/compose.yml", n), "port 80 of nas is taken") for n in (8, 9)]
    return Result((*errors, *warnings, *notices), (), SERVICES, RULES)


def test_five_hundred_problems_fit_a_screen() -> None:
    assert text(many()) == (
        "services/s007/compose.yml\n"
        "  8  error    R046  port 80 of nas is taken\n"
        "  9  error    R046  port 80 of nas is taken\n"
        "\n"
        "498 more, by rule; inv validate --select CODE names each:\n"
        "  C004  untagged-image 249 warnings in 249 files\n"
        "  R050  no-readme 249 notices in 249 files\n"
        "\n"
        "✗ 2 errors, 249 warnings, 249 notices in 249 files; mend the errors, then: inv\n"
        "  validate"
    )


def test_who_selects_a_rule_sees_all_of_it_and_so_does_a_pipe() -> None:
    assert text(many(), Asked(selected=True)).count("error") == 4
    assert text(many(), Asked(selected=True)).count("no tag") == 249
    assert text(many(), style=Style()).count("no tag") == 249


def test_names_that_could_move_the_cursor_are_shown_as_text() -> None:
    odd = Result((UNTAGGED.at(Place("services/a\x1b[2J\udcff\n/compose.yml", 1), "x"),), (), (), RULES)
    assert text(odd, style=Style()).splitlines()[0] == ("services/a\\x1b[2J\\udcff\\n/compose.yml:1: warning C004: x")
    stream = io.TextIOWrapper(io.BytesIO(), "ascii")
    print_problems(odd, Asked(), stream)


def test_an_example_in_a_move_keeps_its_lines() -> None:
    shown = Result((CLASH.at(Place("hosts.yaml"), "no host yet", "write:\nhosts:\n  nas: {}"),), (), (), RULES)
    assert text(shown).splitlines()[1:4] == [
        "    error    R046  no host yet; write:",
        "                   hosts:",
        "                     nas: {}",
    ]


def test_json_has_every_part_of_a_problem() -> None:
    said = json.loads(as_json(RESULT, strict=False))
    assert (said["ok"], said["errors"], said["warnings"], said["notices"], said["ignored"]) == (False, 1, 1, 1, 0)
    assert said["unchecked"] == ["what Docker Compose itself says: it is not on this machine"]
    assert said["problems"][2] == {
        "rule": "R046",
        "name": "port-clash",
        "severity": "error",
        "file": WEB,
        "line": 12,
        "column": 9,
        "what": "port 80 of nas is also published by plex",
        "move": "publish 81 instead",
        "also": [{"file": PLEX, "line": 5, "column": 0}],
    }


def test_github_gets_a_workflow_command_for_each_with_the_path_from_the_repos_root() -> None:
    odd = Result((UNTAGGED.at(Place("a,b:c", 1, 2), "100% of\nit"),), ("x: y",), (), RULES, "lab/")
    assert github(odd) == (
        "::warning file=lab/a%2Cb%3Ac,line=1,col=2,title=C004 untagged-image::100%25 of%0Ait\n"
        "::notice title=not checked::x: y\n"
    )


def test_sarif_has_the_rules_the_places_and_what_belongs_together() -> None:
    log = json.loads(sarif(RESULT))
    (run,) = log["runs"]
    assert log["version"] == "2.1.0"
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["C004", "R046", "R050"]
    assert run["results"][2] == {
        "ruleId": "R046",
        "ruleIndex": 1,
        "level": "error",
        "message": {"text": "port 80 of nas is also published by plex; publish 81 instead"},
        "locations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "lab/services/web/compose.yml"},
                    "region": {"startLine": 12, "startColumn": 9},
                }
            }
        ],
        "relatedLocations": [
            {
                "physicalLocation": {
                    "artifactLocation": {"uri": "lab/services/plex/compose.yml"},
                    "region": {"startLine": 5},
                }
            }
        ],
    }
    assert run["results"][0]["locations"] == [
        {"physicalLocation": {"artifactLocation": {"uri": "lab/services/plex/compose.yml"}}}
    ]
