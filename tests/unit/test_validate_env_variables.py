"""Which variables a stack uses, where, and what of them is missing."""

from __future__ import annotations

import pytest

from homelab_tasks.repo.loader import examine
from homelab_tasks.repo.variables import How, Use, Variables, variables
from tests.unit.builders import Files


def variables_of(compose: str, **others: str) -> Variables:
    """Those of services/web, with other files beside its compose file."""
    files = {"hosts.yaml": "hosts: {nas: {}}\n", "services/web/compose.yml": compose}
    examined = examine(Files(files | {f"services/web/{name}": text for name, text in others.items()}))
    return variables(examined.folders[0], examined.documents, {})


def where(found: Variables) -> dict[str, str]:
    return {use.name: str(use.place).removeprefix("services/web/") for use in found.uses}


def test_each_use_has_its_place() -> None:
    compose = """\
x-any: $A
services:
  web:
    image: web:${B:-1}
    environment:
      - C=x-${D}
      - "E=${F:-${G}}"
    command: |
      echo $H
      echo ${I}
"""
    assert where(variables_of(compose)) == {
        "A": "compose.yml:1:8",
        "B": "compose.yml:4:16",
        "D": "compose.yml:6:13",
        "F": "compose.yml:7:12",
        "G": "compose.yml:7:17",
        "H": "compose.yml:9",
        "I": "compose.yml:10",
    }


def test_variables_are_passed_on_and_become_secrets() -> None:
    found = variables_of("""\
services:
  web:
    image: web
    environment: [A, B=1, "${C}"]
    build: {context: ., args: {D: null, E: 1}}
  db: {image: db, environment: {F: , G: ""}}
secrets: {h: {environment: H}, i: {file: ./i}}
""")
    assert {use.name: use.how for use in found.uses} == {
        "C": How.TEXT,
        "A": How.PASSED,
        "D": How.PASSED,
        "F": How.PASSED,
        "H": How.FILE,
    }
    assert found.required == {"H"}


def test_every_file_of_a_stack_counts() -> None:
    compose = """\
include: [{path: sub/inner.yml, env_file: [sub/a.env, b.env]}]
services:
  web: {extends: {file: base.yml, service: web}}
"""
    others = {
        "compose.override.yml": "services: {web: {labels: {a: $OVERRIDE}}}\n",
        "base.yml": "services: {web: {image: $BASE, environment: [PASSED]}, db: {image: $OTHER, environment: [NOT]}}\n",
        "sub/inner.yml": "services: {inner: {image: $INNER}}\n",
    }
    found = variables_of(compose, **others)
    assert found.names == {"OVERRIDE", "BASE", "PASSED", "OTHER", "INNER"}
    assert [use.env_files for use in found.uses if use.name == "INNER"] == [
        ("services/web/sub/a.env", "services/web/b.env")
    ]


def test_what_is_reset_is_not_read() -> None:
    compose = "services: {web: {image: web, labels: !reset {a: $A}, ports: !override [$B]}}\n"
    assert variables_of(compose).names == {"B"}


def test_env_files_are_known_with_what_is_said_of_them() -> None:
    compose = """\
services:
  one: {image: a, env_file: .env}
  two: {image: a, env_file: [x.env, {path: ../y.env, required: false}, {path: z.env, format: raw}, /etc/no.env]}
"""
    found = variables_of(compose)
    assert [(file.path, file.required, file.raw) for file in found.env_files] == [
        ("services/web/.env", True, False),
        ("services/web/x.env", True, False),
        ("services/y.env", False, False),
        ("services/web/z.env", True, True),
    ]
    assert found.hands_on("services/web/.env")
    assert not found.hands_on("services/web/other.env")


MISSING = [
    ("$A ${B} ${C:-} ${D-x} ${E:+y} ${F?} ${G:?no}", (), {"A", "B", "F", "G"}),
    ("$A ${G:?}", ("A", "G"), set()),
    ("${A:-$B}", (), {"B"}),
    ("${A:-$B}", ("A",), set()),
    ("${A:+$B}", (), set()),
    ("${A:+$B}", ("A",), {"B"}),
    ("${A:-${B:?}}", ("A",), {"B"}),
    ("${A:?$B}", ("A",), set()),
    ("$HOME $$NO $(NO) $5", (), set()),
]


@pytest.mark.parametrize(("text", "given", "missing"), MISSING)
def test_what_is_missing_depends_on_what_is_given(text: str, given: tuple[str, ...], missing: set[str]) -> None:
    assert variables_of(f"services: {{web: {{image: web, labels: {{a: '{text}'}}}}}}\n").missing(given) == missing


def test_a_text_that_compose_cannot_read_uses_nothing() -> None:
    assert variables_of("services: {web: {image: web, labels: {a: '${A', b: $B}}}\n").names == {"B"}


def test_a_shared_part_is_looked_into_once() -> None:
    compose = "x-l: &l {a: $A}\nservices: {one: {image: a, labels: *l}, two: {image: a, labels: {<<: *l}}}\n"
    assert [use.name for use in variables_of(compose).uses] == ["A"]


def test_variables_nested_without_end_are_followed_so_far() -> None:
    text = "".join(f"${{V{i}:-" for i in range(2000)) + "}" * 2000
    assert 10 < len(variables_of(f"services: {{web: {{image: web, labels: {{a: '{text}'}}}}}}\n").uses) < 100


def test_circles_end() -> None:
    compose = "include: [compose.yml]\nservices: {web: {image: $A, extends: {service: web}}}\n"
    assert next(iter(variables_of(compose).uses)) == Use("A", next(iter(variables_of(compose).uses)).place)
