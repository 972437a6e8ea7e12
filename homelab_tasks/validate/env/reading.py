"""What Compose reads in an env file, where a person meant something else."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from itertools import pairwise

from ...dotenv import Entry
from ...dotenv.placeholder import names_a_secret
from ...problem import Place, Problem
from ...repo.variables import OF_THE_HOST
from . import rules
from .files import EnvText

_USUAL = re.compile(r"[A-Z_][A-Z0-9_]{0,39}|[a-z_][a-z0-9_]{0,39}")
_CUT = re.compile(r"\S #[^\s#]\S*\s*")  # one word behind the sign: a comment has more
_SETS = re.compile(r"\n[ \t]*(?:export[ \t]+)?[A-Za-z_][A-Za-z0-9_]*=")
_NESTED = re.compile(r"^[\w.-]+:[ \t]*\n(?:[ \t]+|- )[^\s#]", re.MULTILINE)
_EQUALS = re.compile(r"^[ \t]*(?:export[ \t]+)?[A-Za-z_][\w.]*[ \t]*=", re.MULTILINE)
_GAP = re.compile(r"[=:][ \t]+#")
_CONTROL = re.compile(r"(?<!\\)(?:\\\\)*\\(?:[abfv]|0[0-3][0-7]{2})")
_TAB = re.compile(r"(?<!\\)(?:\\\\)*\\t")


def check(file: EnvText) -> Iterator[Problem]:
    """Everything that is odd about one file by itself."""
    if file.refusal:
        yield rules.UNREADABLE.at(Place(file.path), file.refusal, "is it the right file?")
        return
    if kind := _other_format(file):
        yield rules.NO_ENV_FORMAT.at(Place(file.path, 1), kind, "write KEY=value lines")
        return
    for fault in file.parsed.faults:
        place = Place(file.path, fault.line, fault.column)
        yield rules.STOPS.at(place, f"{fault.what}; Compose stops here", "write NAME=value, or a # before it")
    yield from _twice(file)
    lines = file.text.split("\n")
    for entry in file.parsed.entries:
        yield from _value(file, entry, lines[entry.line - 1])
    yield from _after_quotes(file)


def shown(entry: Entry) -> str:
    """The key, unless it may be a line of a secret that was pasted without quotes."""
    usual = _USUAL.fullmatch(entry.key) and not entry.inherited and not entry.raw.startswith("=")
    return entry.key if usual else "this key"


def _other_format(file: EnvText) -> str:
    parsed, other = file.parsed, "is no env file: hardly a line is KEY=value"
    if file.text.lstrip()[:1] in ("{", "["):
        try:
            json.loads(file.text)
        except ValueError:
            return other if not parsed.entries else ""
        except RecursionError:
            return other
        return "is JSON, no env file"
    if _NESTED.search(file.text) and not _EQUALS.search(file.text):
        return "is YAML, no env file"
    return other if len(parsed.faults) > 2 and len(parsed.faults) > len(parsed.entries) else ""


def _twice(file: EnvText) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for entry in file.parsed.entries:
        if entry.key in first and entry.key:
            what = f"{shown(entry)} is given twice, first in line {first[entry.key]}; the last one counts"
            yield rules.KEY_TWICE.at(Place(file.path, entry.line, entry.column), what, "keep one of them")
        first.setdefault(entry.key, entry.line)


def _value(file: EnvText, entry: Entry, line: str) -> Iterator[Problem]:
    place, name = Place(file.path, entry.line, entry.column), shown(entry)
    if not entry.key and not entry.inherited:
        yield rules.NO_NAME.at(place, "a value without a name", "write NAME=value; a last line wants a newline too")
    if set(entry.unset) - OF_THE_HOST:
        what = f"a $ in the value of {name} starts a variable that has no value here, so Compose drops it"
        yield rules.DOLLAR.at(place, what, "put the value in single quotes, or give that variable above")
    if not entry.quote:
        yield from _unquoted(entry, line, place, name)
    elif _SETS.search(entry.raw):
        last = entry.line + entry.raw.count("\n")
        what = f"the quote of {name} ends in line {last} only, after lines that set other variables"
        yield rules.SWALLOWED_LINES.at(place, what, "close the quote where it should end")
    if entry.quote == '"' and (_CONTROL.search(entry.raw) or (names_a_secret(entry.key) and _TAB.search(entry.raw))):
        what = f"a backslash in the value of {name} makes a control character"
        yield rules.ESCAPE.at(place, what, "use single quotes, which take it as it is")


def _unquoted(entry: Entry, line: str, place: Place, name: str) -> Iterator[Problem]:
    value = entry.value or ""
    if value.startswith("#") and (_GAP.search(line) or value[1:2].isspace()):
        yield rules.COMMENT_AS_VALUE.at(
            place,
            f"the comment behind {name} is its value to Compose",
            f"put it on a line of its own, or write {name}=''",
        )
    elif "\t#" in value:
        what = f"Compose takes the comment behind {name} for a part of the value: only a space before # starts one"
        yield rules.COMMENT_AS_VALUE.at(place, what, "write a space instead of the tab")
    elif names_a_secret(entry.key) and _CUT.fullmatch(entry.raw[entry.raw.find(" #") - 1 :]):
        what = f"the value of {name} ends before a space and #, as if the rest were a comment"
        yield rules.HASH.at(place, what, "put the value in single quotes, or a space behind the #")


def _after_quotes(file: EnvText) -> Iterator[Problem]:
    entries = file.parsed.entries
    for before, entry in pairwise(entries):
        if before.quote and entry.line == before.line + before.raw.count("\n"):
            what = "what follows the closing quote is read as another variable"
            move = "put all of the value inside the quotes"
            yield rules.AFTER_QUOTE.at(Place(file.path, entry.line, entry.column), what, move)
