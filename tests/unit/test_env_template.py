"""What a template leaves open, what is put in its place, and the `.env` that comes of it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from homelab_tasks.dotenv import parse
from homelab_tasks.dotenv.placeholder import is_placeholder
from homelab_tasks.envs.expect import Expected
from homelab_tasks.envs.init import init
from homelab_tasks.envs.secrets import Recipe, guessed, marked
from homelab_tasks.envs.template import blanks, filled
from homelab_tasks.errors import Refused

from .builders import a_repo, a_service

TEMPLATE = """\
# Media server
TZ=Europe/Berlin   # where you are

# from https://plex.tv/claim
PLEX_CLAIM=
# generate: hex 16
SESSION_KEY=
export TOKEN="<your token>" # keep it
DB_PASSWORD=changeme
PIN= # generate: digits 4
GREETING='hello'
"""


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("changeme", True),
        ("CHANGE_ME!", True),
        ("change-this-to-something", True),
        ("please change me", True),
        ("your_api_key", True),
        ("<password>", True),
        ("[your domain]", True),
        ("{{ token }}", True),
        ("xxxx", True),
        ("***", True),
        ("TODO", True),
        ("", False),
        ("admin", False),
        ("yourself", False),
        ("exchange.example.org", False),
        ("x", False),
        ("#fff", False),
        ("1000", False),
        ("todo-app", False),
    ],
)
def test_a_placeholder_is_told_from_a_value(value: str, expected: bool) -> None:  # noqa: FBT001 - a row of the table
    assert is_placeholder(value) is expected


@pytest.mark.parametrize(
    ("comment", "recipe"),
    [
        ("# generate", Recipe("letters", 32)),
        ("#secret", Recipe("letters", 32)),
        ("at least 16 characters # generate: letters 40", Recipe("letters", 40)),
        ("# Generate: HEX 16", Recipe("hex", 16)),
        ("# generate: base64", Recipe("base64", 32)),
        ("# generate: uuid", Recipe("uuid", 0)),
        ("# generate: digits 6", Recipe("digits", 6)),
        ("# generate it with openssl rand -hex 32", None),
        ("# keep this secret", None),
        ("", None),
    ],
)
def test_a_comment_says_how_a_value_is_made(comment: str, recipe: Recipe | None) -> None:
    assert marked(comment) == recipe


@pytest.mark.parametrize("comment", ["# generate: hex 0", "# generate: hex 2000", "# generate: words 3"])
def test_a_mark_that_asks_for_what_is_not_known_is_refused(comment: str) -> None:
    with pytest.raises(Refused) as caught:
        marked(comment)
    assert str(caught.value) == (
        f"{comment!r} asks for what is not known; there is letters, digits, hex, base64, uuid, with a size up to 1024"
    )


@pytest.mark.parametrize("key", ["DB_PASSWORD", "POSTGRES_PASS", "SECRET", "NEXTAUTH_SECRET", "app_secret_key", "SALT"])
def test_a_secret_of_ones_own_is_known_by_its_name(key: str) -> None:
    assert guessed(key) == Recipe("letters", 32)


@pytest.mark.parametrize(
    "key",
    ["API_KEY", "SMTP_PASSWORD", "OAUTH_CLIENT_SECRET", "AWS_SECRET", "OPENVPN_PASSWORD", "TOKEN", "COMPASS", "TZ"],
)
def test_a_secret_that_others_give_out_is_not_made_up(key: str) -> None:
    assert guessed(key) is None


@pytest.mark.parametrize(
    ("recipe", "pattern"),
    [
        (Recipe(), r"[A-Za-z0-9]{32}"),
        (Recipe("letters", 7), r"[A-Za-z0-9]{7}"),
        (Recipe("digits", 4), r"[0-9]{4}"),
        (Recipe("hex", 16), r"[0-9a-f]{32}"),
        (Recipe("base64", 32), r"[A-Za-z0-9+/]{43}="),
        (Recipe("uuid"), r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}"),
    ],
)
def test_a_recipe_makes_another_value_each_time(recipe: Recipe, pattern: str) -> None:
    made = {recipe.make() for _ in range(3)}
    assert all(re.fullmatch(pattern, value) for value in made)
    assert len(made) > 1


def test_what_is_open_in_a_template_is_found_in_its_order() -> None:
    found = [(b.key, b.recipe and b.recipe.kind, b.placeholder) for b in blanks(TEMPLATE, "x")]
    assert found == [
        ("PLEX_CLAIM", None, False),
        ("SESSION_KEY", "hex", False),
        ("TOKEN", None, True),
        ("DB_PASSWORD", "letters", True),
        ("PIN", "digits", False),
    ]


def test_a_secret_that_everybody_can_read_in_the_template_is_open() -> None:
    text = "DB_USER=postgres\nDB_PASSWORD=postgres\nAPI_TOKEN=${DB_USER}\n"
    assert [(b.key, b.placeholder) for b in blanks(text, "x")] == [("DB_PASSWORD", True)]


def test_values_are_put_in_and_all_else_stays() -> None:
    values = {"PLEX_CLAIM": "claim-1", "TOKEN": "it's a $ and a #", "DB_PASSWORD": "two words", "PIN": "0042"}
    assert filled(TEMPLATE, blanks(TEMPLATE, "x"), values) == (
        """\
# Media server
TZ=Europe/Berlin   # where you are

# from https://plex.tv/claim
PLEX_CLAIM=claim-1
# generate: hex 16
SESSION_KEY=
export TOKEN="it's a \\$ and a #" # keep it
DB_PASSWORD='two words'
PIN=0042 # generate: digits 4
GREETING='hello'
"""
    )


@pytest.mark.parametrize(
    ("line", "made"),
    [
        ("PIN=0000 # generate: digits 4", "PIN=4711 # generate: digits 4"),
        ("PIN=   # generate", "PIN=4711 # generate"),
        ("PIN=#generate", "PIN=4711 #generate"),
        ("PIN='<pin>' # secret", "PIN=4711 # secret"),
        ("PIN=changeme", "PIN=4711"),
    ],
)
def test_a_mark_on_the_line_is_kept_behind_the_value(line: str, made: str) -> None:
    assert filled(line, blanks(line, "x"), {"PIN": "4711"}) == made


def test_what_stays_empty_does_not_become_its_comment() -> None:
    text = filled(TEMPLATE, blanks(TEMPLATE, "x"), {})
    assert "PIN='' # generate: digits 4" in text
    assert parse(text).values()["PIN"] == ""
    assert text.replace("PIN=''", "PIN=") == TEMPLATE


def test_lines_of_another_system_stay_so() -> None:
    text = "A=\r\nB=x\r\n"
    assert filled(text, blanks(text, "x"), {"A": "1"}) == "A=1\r\nB=x\r\n"


@given(st.text(st.characters(codec="utf-8", exclude_characters="\0")))
def test_any_value_is_read_back_as_it_was_given(value: str) -> None:
    values = {"PLEX_CLAIM": value, "TOKEN": value, "PIN": value}
    read = parse(filled(TEMPLATE, blanks(TEMPLATE, "x"), values)).values()
    assert (read["PLEX_CLAIM"], read["TOKEN"], read["PIN"], read["GREETING"]) == (value, value, value, "hello")


def test_a_key_that_is_given_twice_with_a_value_behind_is_refused() -> None:
    text = "A=\nA=fixed\n"
    with pytest.raises(Refused) as caught:
        filled(text, blanks(text, "x"), {"A": "hunter2"})
    assert str(caught.value) == "A cannot be filled in; write each key of the template on one line, once"


def expected(text: str = TEMPLATE, **fields: frozenset[str]) -> Expected:
    return Expected(a_service(), "services/plex/.env.example", text, **fields)  # type: ignore[arg-type]


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "services/plex").mkdir(parents=True)
    return tmp_path


def test_a_file_is_made_for_its_owner_alone(root: Path) -> None:
    made = init(a_repo(root=str(root)), expected(), None, generate=True)
    file = root / "services/plex/.env"
    values = parse(file.read_text()).values()
    assert (file.stat().st_mode & 0o777, [p.name for p in file.parent.iterdir()]) == (0o600, [".env"])
    assert made.generated == ("SESSION_KEY", "DB_PASSWORD", "PIN")
    assert made.missing == ("TOKEN",)  # nothing is known to need PLEX_CLAIM
    assert re.fullmatch("[0-9a-f]{32}", values["SESSION_KEY"])
    assert is_placeholder(values["TOKEN"])


def test_a_person_is_asked_for_what_is_open(root: Path) -> None:
    questions: list[str] = []

    def answer(question: str) -> str:
        questions.append(question)
        return "" if "CLAIM" in question else f"answer {len(questions)}"

    made = init(a_repo(root=str(root)), expected(needed=frozenset({"PLEX_CLAIM"})), answer, generate=False)
    values = parse((root / "services/plex/.env").read_text()).values()
    assert questions[0] == "plex: PLEX_CLAIM (not shown; Enter leaves it): "
    assert [question.split()[1] for question in questions[1:]] == ["SESSION_KEY", "TOKEN", "DB_PASSWORD", "PIN"]
    assert (values["TOKEN"], values["PIN"], values["PLEX_CLAIM"]) == ("answer 3", "answer 5", "")
    assert (made.generated, made.missing) == ((), ("PLEX_CLAIM",))


def test_a_file_that_is_there_is_never_overwritten(root: Path) -> None:
    file = root / "services/plex/.env"
    file.write_text("A=1\n")
    with pytest.raises(Refused) as caught:
        init(a_repo(root=str(root)), expected(), None, generate=True)
    assert str(caught.value) == (
        "services/plex/.env is there, and is never overwritten; edit it; inv env.check --names plex"
    )
    assert file.read_text() == "A=1\n"


def test_one_that_appears_while_a_person_answers_is_kept(root: Path) -> None:
    file = root / "services/plex/.env"

    def answer(_: str) -> str:
        file.write_text("A=1\n")
        return "x"

    with pytest.raises(Refused):
        init(a_repo(root=str(root)), expected(), answer, generate=False)
    assert (file.read_text(), [p.name for p in file.parent.iterdir()]) == ("A=1\n", [".env"])


def test_a_template_that_compose_could_not_read_is_refused(root: Path) -> None:
    with pytest.raises(Refused) as caught:
        init(a_repo(root=str(root)), expected("A=1\nB='open\n"), None, generate=False)
    assert str(caught.value).startswith("services/plex/.env.example:2: ")
    assert not (root / "services/plex/.env").exists()
