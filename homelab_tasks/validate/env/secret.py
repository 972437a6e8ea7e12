"""Values in committed files that look like real secrets. Few false alarms matter more than finding every one."""

from __future__ import annotations

import math
import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

from ...dotenv.placeholder import is_placeholder, names_a_secret
from ...problem import Place, Problem
from ...repo.document import Map, Seq, place_of
from . import rules
from .files import EnvText
from .listed import pairs
from .reading import shown

# Formats that their issuers made to be recognised, as Python and `git grep -E` both read them
FORMATS = (
    r"AKIA[0-9A-Z]{16}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{60,}|glpat-[A-Za-z0-9_-]{20}"
    r"|xox[abprs]-[A-Za-z0-9-]{20,}|sk_live_[A-Za-z0-9]{20,}|SG\.[A-Za-z0-9_-]{22}\.[A-Za-z0-9_-]{43}"
    r"|AIza[A-Za-z0-9_-]{35}|dckr_pat_[A-Za-z0-9_-]{27}|npm_[A-Za-z0-9]{36}|tskey-[a-z]+-[A-Za-z0-9-]{20,}"
    r"|AGE-SECRET-KEY-1[A-Z0-9]{58}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}\.[A-Za-z0-9_-]{20,}"
    r"|-----BEGIN ([A-Z]+ )?PRIVATE KEY-----"
)
_TOKEN = re.compile(rf"(?<![A-Za-z0-9])(?:{FORMATS})")
_MEANT_AS_EXAMPLE = re.compile(
    r"example|sample|change|your|secret|passw|replace|placeholder|insert|generate|here|default|test|demo|random|dummy"
    r"|todo|fake|token|xxx|1234|abcd|qwert|admin|user|foobar|lorem|key",
    re.IGNORECASE,
)
_PASSWORD = re.compile(r"[a-z]://[^\s/:@]*:([^\s/:@]+)@")  # postgres://app:PASSWORD@db/app
_OPAQUE = re.compile(r"[A-Za-z0-9+/=_.!@#%^&*~-]{10,}")
_LONG = 20
_LEAST_BITS = 3.2  # a character's share: random hex has 3.5 to 4, words less than 3.2


def check(file: EnvText) -> Iterator[Problem]:
    """The values of a committed env file."""
    for entry in file.parsed.entries:
        value = entry.value or ""
        if _is_known(value) or (names_a_secret(entry.key) and not entry.expanded and looks_random(value)):
            yield _problem(Place(file.path, entry.line, entry.column), shown(entry))


def check_document(document: Map) -> Iterator[Problem]:
    """The `environment:` of a compose file's services, and tokens anywhere in it."""
    for key, value, place in pairs(document):
        if names_a_secret(key) and "$" not in value and looks_random(value):
            yield _problem(place, key)
    for place in _tokens(document, set()):
        yield _problem(place, "a text here")


def token_at(text: str) -> int | None:
    """Where a token of a known format begins."""
    found = _TOKEN.search(text)
    return found.start() if found else None


def _is_known(text: str) -> bool:
    """A secret by its form, whatever the name: a token, or the password of a URL."""
    return token_at(text) is not None or any(map(looks_random, _PASSWORD.findall(text)))


def looks_random(value: str) -> bool:
    """Made by a machine or a careful person, not by the author of an example."""
    value = value.removeprefix("base64:")  # as Laravel writes its keys
    if not _OPAQUE.fullmatch(value) or is_placeholder(value) or _MEANT_AS_EXAMPLE.search(value):
        return False
    kinds = sum(bool(re.search(kind, value)) for kind in ("[a-z]", "[A-Z]", "[0-9]"))
    if len(value) < _LONG:
        return kinds == 3 and "/" not in value
    return kinds > 1 and not value.startswith(("/", ".")) and _bits(value) >= _LEAST_BITS


def _bits(value: str) -> float:
    shares = [count / len(value) for count in Counter(value).values()]
    return -sum(share * math.log2(share) for share in shares)


def _tokens(value: Any, seen: set[int]) -> Iterator[Place]:
    if id(value) in seen:
        return
    seen.add(id(value))
    nodes = [value.nodes[key][1] for key in value] if isinstance(value, Map) else value.node.value
    for node, item in zip(nodes, value.values() if isinstance(value, Map) else value, strict=True):
        if isinstance(item, (Map, Seq)):
            yield from _tokens(item, seen)
        elif isinstance(item, str) and len(item) >= _LONG and _is_known(item):
            yield place_of(node)


def _problem(place: Place, name: str) -> Problem:
    what = f"{name} holds what looks like a real secret, and this file is committed"
    return rules.SECRET.at(
        place, what, "write ${VARIABLE} here, or leave the template's value empty; change the secret"
    )
