"""The YAML door: values with their places, and a problem with line and column for whatever is wrong."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.errors import RepoInvalid
from homelab_tasks.problem import Place
from homelab_tasks.repo import document
from homelab_tasks.repo.document import Map, documents


@pytest.fixture(params=["libyaml", "pure"])
def _parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "pure":
        monkeypatch.setattr(document, "_Composer", document._Pure)


VALUES: list[tuple[str, Any]] = [
    ("", []),
    ("# nothing\n", []),
    ("a: 1", [{"a": 1}]),
    ("[x, 2.5, yes, ~, '3', true, 0x1f, 1.2.3, -4]", [["x", 2.5, "yes", None, "3", True, 31, "1.2.3", -4]]),
    ("on: 1\n8080: x", [{"on": 1, "8080": "x"}]),
    ("a: &x {q: 1}\nb: *x", [{"a": {"q": 1}, "b": {"q": 1}}]),
    ("a: &x {q: 1, r: 1}\nb: {<<: *x, r: 2}", [{"a": {"q": 1, "r": 1}, "b": {"q": 1, "r": 2}}]),
    ("a: {<<: [{q: 1}, {q: 2, r: 3}]}", [{"a": {"q": 1, "r": 3}}]),
    ("ports: !override ['80']\nx: !reset null", [{"ports": ["80"], "x": "null"}]),
    ("---\na: 1\n---\nb: 2", [{"a": 1}, {"b": 2}]),
    ("\ufeffa: 1", [{"a": 1}]),
]


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(("text", "expected"), VALUES)
def test_yaml_is_read_as_compose_reads_it(text: str, expected: Any) -> None:
    assert documents("f.yml", text.encode()) == expected


LAUGHS = b"a: &a [l,l,l,l,l,l,l,l,l]\n" + b"".join(
    b"%c: &%c [%s]\n" % (98 + i, 98 + i, b",".join([b"*%c" % (97 + i)] * 9)) for i in range(9)
)
PROBLEMS = [
    (b"a: 1\nb: 2\na: 3", "f.yml:3:1: key 'a' is given twice, first in line 1; keep one of them"),
    (b"a:\n  b: 1\n  b: 1\n  b: 1", "f.yml:3:3: key 'b' is given twice, first in line 2; keep one of them"),
    (b"a: \xff", "f.yml:1:4: is not UTF-8 text; save it as UTF-8"),
    (b"a: 1\nb\0: 2", "f.yml:2:2: holds a NUL byte; remove it"),
    (b"a:\n\tb: 1", "f.yml:2:1: a tab where YAML wants spaces; indent with spaces"),
    (b"a: \x07", "f.yml:1:4: holds a character that YAML does not allow; remove it"),
    (b"? [a]\n: b", "f.yml:1:3: a key must be text; check the braces and the `?` here"),
    (b"<<: 3", "f.yml:1:5: << takes a mapping or a list of mappings; write <<: *name"),
    (b"&a [*a]", "f.yml:1:1: an alias that holds itself; remove it"),
    (LAUGHS, "f.yml:5:4: aliases expand to more than 200000 values; write out what is meant"),
    (
        b"[" * 200_000,
        "f.yml:1:100: not valid YAML: nested deeper than 100 levels; check the indentation, colons and quotes here",
    ),
    (b" " * 4_194_305, "f.yml: is 4.0 MB large, more than any file of a homelab should be; is it the right file?"),
]


@pytest.mark.usefixtures("_parser")
@pytest.mark.parametrize(("data", "problem"), PROBLEMS, ids=[problem[:40] for _, problem in PROBLEMS])
def test_what_is_wrong_is_told_with_its_place(data: bytes, problem: str) -> None:
    with pytest.raises(RepoInvalid) as caught:
        documents("f.yml", data)
    assert str(caught.value).splitlines()[0] == problem


@pytest.mark.usefixtures("_parser")
def test_every_key_and_value_knows_its_place() -> None:
    (found,) = documents("f.yml", b"a: 1\nb:\n  - x\n  - y\n")
    assert isinstance(found, Map)
    assert found.key_place("b") == Place("f.yml", 2, 1)
    assert found["b"].item_place(1) == Place("f.yml", 4, 5)


@given(st.binary(max_size=200) | st.text("ab:-?*&<[]{}!'\"#|>\n\t ~1\ufeff\x85", max_size=60).map(str.encode))
def test_no_bytes_give_anything_but_values_or_problems(data: bytes) -> None:
    try:
        documents("f.yml", data)
    except RepoInvalid as error:
        str(error)
