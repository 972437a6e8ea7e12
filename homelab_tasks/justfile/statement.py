"""What a line outside of a body is. The words of statements are no keywords: a recipe may be called `set`."""

from __future__ import annotations

from collections.abc import Sequence
from enum import Enum

from .tokens import Kind, Token


class Statement(Enum):
    """A kind of line."""

    ATTRIBUTES = "attributes"
    ASSIGNMENT = "assignment"
    EXPORT = "export"
    ALIAS = "alias"
    SET = "set"
    IMPORT = "import"
    MODULE = "mod"
    UNEXPORT = "unexport"
    FUNCTION = "function"
    RECIPE = "recipe"


# The word, then what has to follow: signs as they are, `a` for a name, `'` for a string; `.` is the end of the line
_FORMS = {
    ("alias", "a", ":="): Statement.ALIAS,
    ("set", "a", ":="): Statement.SET,
    ("set", "a", "."): Statement.SET,
    ("import", "?"): Statement.IMPORT,
    ("import", "'"): Statement.IMPORT,
    ("mod", "?"): Statement.MODULE,
    ("mod", "a", "."): Statement.MODULE,
    ("mod", "a", "'"): Statement.MODULE,
    ("unexport", "a", "."): Statement.UNEXPORT,
    ("export", "a", ":="): Statement.EXPORT,
    ("eager", "a", ":="): Statement.EXPORT,
    ("lazy", "a", ":="): Statement.EXPORT,
}
_SHORT = {Kind.NAME: "a", Kind.TEXT: "'", Kind.RUN: "'"}


def statement_of(tokens: Sequence[Token]) -> Statement:
    """What these tokens begin."""
    first, *rest = tokens
    if first.kind is Kind.SIGN:
        return Statement.ATTRIBUTES if first.text == "[" else Statement.RECIPE
    if first.kind is not Kind.NAME or not rest:
        return Statement.RECIPE
    if rest[0].text == ":=":
        return Statement.ASSIGNMENT
    if rest[0].text == "(" and rest[0].glued and any(token.text == ":=" for token in rest):
        return Statement.FUNCTION
    shape = [_SHORT.get(token.kind, token.text) for token in rest[:2]] + ["."]
    return _FORMS.get((first.text, *shape[:2])) or _FORMS.get((first.text, shape[0])) or Statement.RECIPE
