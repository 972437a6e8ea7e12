"""Variables in texts are replaced as Docker Compose replaces them."""

from __future__ import annotations

import pytest

from homelab_tasks.dotenv import Expanded, Reference, Stops, expand, references
from homelab_tasks.dotenv.placeholder import is_placeholder, names_a_secret

VALUES = {"A": "x", "EMPTY": ""}

TEXTS = [
    ("plain", Expanded("plain")),
    ("$A-${A}", Expanded("x-x", ("A", "A"))),
    ("$$A $ $5 $(A) 5$", Expanded("$A $ $5 $(A) 5$")),
    ("$NO", Expanded("", ("NO",), ("NO",))),
    ("${NO:-d}", Expanded("d", ("NO",))),
    ("${EMPTY:-d}${EMPTY-d}", Expanded("d", ("EMPTY", "EMPTY"))),
    ("${NO:-${NEITHER:-e}f}", Expanded("ef", ("NO", "NEITHER"))),
    ("${A:-${NO}}", Expanded("x", ("A",))),
    ("${A:+r}${EMPTY:+r}${EMPTY+s}", Expanded("rs", ("A", "EMPTY", "EMPTY"))),
    ("${NO:+r}", Expanded("", ("NO",), ("NO",))),
    ("${A:?no}${EMPTY?no}", Expanded("x", ("A", "EMPTY"))),
    ("${NO:-a} and ${NO:-b}", Expanded("a and b", ("NO", "NO"))),
    ("${NO:-{x}}", Expanded("{x}", ("NO",))),
    ("${NO:-{}", Expanded("{", ("NO",))),
]


@pytest.mark.parametrize(("text", "expected"), TEXTS)
def test_variables_are_replaced(text: str, expected: Expanded) -> None:
    assert expand(text, VALUES.get) == expected


STOPS = ["${", "${}", "${A", "${1}", "${A b}", "${A:-\n}", "${NO:?why}", "${EMPTY:?why}", "${NO?}", "${A:-${}}"]


@pytest.mark.parametrize("text", STOPS)
def test_compose_stops(text: str) -> None:
    with pytest.raises(Stops):
        expand(text, VALUES.get)


def test_references_say_name_operator_argument_and_place() -> None:
    assert list(references("a $B ${C:-${D}} ${E?no}")) == [
        Reference("B", offset=2, braced=False),
        Reference("C", ":-", "${D}", 5),
        Reference("E", "?", "no", 16),
    ]


@pytest.mark.parametrize("value", ["changeme", "CHANGE_ME", "your_token_here", "<password>", "xxxx", "todo"])
def test_placeholders_are_known(value: str) -> None:
    assert is_placeholder(value)


@pytest.mark.parametrize("value", ["", "change", "hunter2", "yourself", "Etc/UTC", "x", "a<b>"])
def test_other_values_are_no_placeholders(value: str) -> None:
    assert not is_placeholder(value)


@pytest.mark.parametrize("key", ["PASSWORD", "DB_PASSWORD", "api_key", "JWT_SECRET", "PGPASSWORD", "SECRET_KEY_BASE"])
def test_secrets_are_known_by_their_names(key: str) -> None:
    assert names_a_secret(key)


@pytest.mark.parametrize("key", ["PASSWORD_FILE", "TZ", "KEYBOARD", "TOKEN_URL", "MONKEY", "PASSENGER", "USER"])
def test_other_names_are_no_secrets(key: str) -> None:
    assert not names_a_secret(key)
