"""The text of a Justfile to its recipes; a line that cannot be read is noted, and the next one is tried."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from ..problem import Place
from .header import Words, needs, parameters, value_of
from .lines import Text
from .recipe import Expression, Import, Justfile, Odd, Recipe
from .statement import Statement, statement_of
from .tokens import Kind, Token, Unreadable, tokens

_ELSEWHERE = {"windows", "macos", "openbsd", "freebsd", "netbsd", "dragonfly"}
_HERE = {"linux", "unix"}
_MOST_LINKS = 10  # variables that are made of variables
_MOST_FAULTS = 100
MAX_VALUE = 300


def parse(file: str, text: str) -> Justfile:
    """What a Justfile says. Never fails: `odd` has the lines that it does not understand."""
    reading = _Reading(file, Text(text))
    reading.read()
    return Justfile(
        recipes=reading.recipes,
        aliases=reading.aliases,
        values=_plain(reading.assigned),
        imports=tuple(reading.imports),
        odd=tuple(reading.odd),
        unread=reading.unread,
        folder=reading.folder,
    )


def _plain(assigned: Mapping[str, Expression]) -> Mapping[str, str]:
    """The variables that are plain text; they may be made of others, in any order."""
    found: dict[str, str] = {}
    for _ in range(_MOST_LINKS):
        values = ((name, value_of(value, found)) for name, value in assigned.items())
        more = {name: text for name, text in values if text is not None and len(text) <= MAX_VALUE}
        if more == found:
            break
        found = more
    return found


class _Reading(Struct):
    """How far a file has been read."""

    file: str
    text: Text
    recipes: dict[str, Recipe] = field(default_factory=dict)
    aliases: dict[str, str] = field(default_factory=dict)
    assigned: dict[str, Expression] = field(default_factory=dict)
    imports: list[Import] = field(default_factory=list)
    odd: list[Odd] = field(default_factory=list)
    unread: int = 0
    folder: str = ""
    attributes: list[Token] = field(default_factory=list)

    def read(self) -> None:
        """Read all of it."""
        while not self.text.done:
            begun = self.text.at
            try:
                self._item(begun)
            except Unreadable as error:
                if self.unread == _MOST_FAULTS:
                    self._note(begun, f"the rest is not read: {self.unread} lines before it make no sense")
                    return
                self.unread += 1
                self._note(begun, f"cannot be read: {error}")
                self.text.at = self.text.after(begun)
                self.text.body()  # of nobody
                self.attributes.clear()

    def _item(self, begun: int) -> None:
        line = self.text.line
        if not line.strip() or line.startswith("#"):
            self.text.at = self.text.after(begun)
            return
        if line[0] in " \t":
            raise Unreadable("it is indented, and belongs to no recipe")
        found, end = tokens(self.text.text, begun)
        self.text.at = self.text.after(end)
        kind = statement_of(found)
        if kind is Statement.ATTRIBUTES:
            self.attributes += found
            return
        self._said(kind, Words(found), begun)
        self.attributes.clear()

    def _said(self, kind: Statement, words: Words, begun: int) -> None:
        words.at = 0 if kind in (Statement.ASSIGNMENT, Statement.RECIPE) else 1
        match kind:
            case Statement.ASSIGNMENT | Statement.EXPORT:
                self._assigned(words)
            case Statement.ALIAS:
                name = words.name()
                words.take(":=")
                self.aliases[name] = words.name()
            case Statement.SET:
                if words.name() == "working-directory" and words.take(":="):
                    self.folder = words.expression() or ""
            case Statement.IMPORT:
                self._imported(words, begun)
            case Statement.MODULE:
                words.take("?")
                name = words.name()
                self._note(begun, f"module {name} is a Justfile of its own: import that one by its path")
            case Statement.RECIPE:
                self._recipe(words, begun)
            case Statement.UNEXPORT | Statement.FUNCTION | Statement.ATTRIBUTES:
                pass

    def _assigned(self, words: Words) -> None:
        name = words.name()
        words.take(":=")
        begun = words.at
        words.expression()
        if not words.done:
            raise Unreadable(f"{words.tokens[words.at]} comes after a value")
        self.assigned[name] = tuple(words.tokens[begun:])

    def _imported(self, words: Words, begun: int) -> None:
        optional = words.take("?")
        path = words.value()
        if path is None:
            raise Unreadable("the path of an import is no plain text")
        self.imports.append(Import(path, self._place(begun), optional))

    def _recipe(self, words: Words, begun: int) -> None:
        words.take("@")
        name = words.name()
        if "::" in name:
            raise Unreadable(f"{name} is no name for a recipe")
        taken = parameters(words)
        before, after = needs(words)
        recipe = Recipe(name, self._place(begun), taken, before, after, self.text.body(), self._working_directory())
        if self._not_here():
            return
        if name in self.recipes:
            self._note(begun, f"recipe {name} is there already, in line {self.recipes[name].place.line}")
        self.recipes[name] = recipe

    def _working_directory(self) -> str:
        words = [token.text for token in self.attributes]
        if "working-directory" not in words:
            return ""
        after = self.attributes[words.index("working-directory") :]
        return next((token.text for token in after if token.kind is Kind.TEXT), "")

    def _not_here(self) -> bool:
        names = {token.text for token in self.attributes if token.kind is Kind.NAME}
        return bool(names & _ELSEWHERE) and not names & _HERE

    def _place(self, at: int) -> Place:
        return Place(self.file, self.text.number(at))

    def _note(self, at: int, what: str) -> None:
        self.odd.append(Odd(self._place(at), what))
