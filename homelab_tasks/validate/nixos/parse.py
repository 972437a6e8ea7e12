"""The grammar of Nix (parser.y of Nix): finds what Nix would not read, and keeps what is written out."""

from __future__ import annotations

from collections.abc import Callable

from .scan import END, SyntaxFault, Token, path_goes_on, path_piece, string_piece, token_at
from .tree import DYNAMIC, OPAQUE, Attrs, Binding, File, Function, Items, Merged, Node, Number, Text

MAX_DEPTH = 60  # of nesting: far more than people write, and less than Python's stack holds

# How tight an operator binds, and on which side it may be repeated: left, right or not at all
_OPERATORS = {"->": (1, "r"), "||": (2, "l"), "&&": (3, "l"), "==": (4, ""), "!=": (4, ""), "//": (6, "r")}
_OPERATORS |= dict.fromkeys(("<", ">", "<=", ">="), (5, "")) | {"++": (10, "r"), "?": (11, "")}
_OPERATORS |= dict.fromkeys(("+", "-"), (8, "l")) | dict.fromkeys(("*", "/"), (9, "l"))
_PREFIXES = {"!": 7, "-": 12}
_JOINS = frozenset({"//", "++"})
_TRANSPARENT = {"mkMerge": 1, "mkIf": 2, "mkBefore": 1, "mkAfter": 1, "optionalAttrs": 2, "optionals": 2}


class TooDeep(Exception):  # not the file's fault, so no problem of it
    """Nested deeper than this reader follows."""


def parse(text: str) -> Node:
    """What a Nix file holds. Raises SyntaxFault where Nix would too, and TooDeep."""
    reader = _Reader(text)
    found = reader.expression()
    reader.take(END)
    return found


class _Reader:
    """One token ahead: `token` is the next one, `position` the end of it."""

    def __init__(self, text: str) -> None:
        self.text, self.depth = text, 0
        self.token = token_at(text, 0)

    def take(self, kind: str = "") -> Token:
        """The next token, which has to be of this kind."""
        token = self.token
        if kind and token.kind != kind:
            raise SyntaxFault(token.start, f"unexpected {token}, expected {_shown(kind)}")
        self._go(token.end)
        return token

    def expression(self) -> Node:
        self._deeper()
        found = self._expression()
        self.depth -= 1
        return found

    def _expression(self) -> Node:
        match self.token.kind:
            case "assert" | "with":
                self.take()
                self.expression()
                self.take(";")
                return self.expression()
            case "let" if self._peek().kind != "{":
                self.take()
                self._bindings("in")
                return self.expression()
            case "if":
                return self._choice()
            case "id" if self._peek().kind in (":", "@"):
                self.take()
                return self._function_of_set() if self.take().kind == "@" else Function(self.expression())
            case "{" if self._is_formals():
                return self._function_of_set()
            case _:
                return self._operation(0)

    def _choice(self) -> Node:
        for word in ("if", "then", "else"):
            self.take(word)
            self.expression()
        return OPAQUE

    def _function_of_set(self) -> Node:
        self._formals()
        if self.token.kind == "@":
            self.take()
            self.take("id")
        self.take(":")
        return Function(self.expression())

    def _is_formals(self) -> bool:
        first = self._peek()
        after = token_at(self.text, first.end) if first.kind in ("id", "}") else first
        wanted = {"id": (",", "?", "}"), "}": (":", "@"), "...": ("...",)}
        return after.kind in wanted.get(first.kind, ())

    def _formals(self) -> None:
        self.take("{")
        while self.token.kind != "}":
            if self.token.kind == "...":
                self.take()
                break
            self.take("id")
            if self.token.kind == "?":
                self.take()
                self.expression()
            if self.token.kind != ",":
                break
            self.take()
        self.take("}")

    def _operation(self, least: int) -> Node:
        found = self._operand()
        lonely = -1
        while self.token.kind in _OPERATORS:
            sign = self.token.kind
            level, side = _OPERATORS[sign]
            if level < least:
                break
            if level == lonely:
                raise SyntaxFault(self.token.start, f"unexpected {self.token}")
            self.take()
            lonely = -1 if side else level
            found = self._joined(found, sign, level if side == "r" else level + 1)
        return found

    def _joined(self, left: Node, sign: str, least: int) -> Node:
        if sign == "?":
            self._attribute_path()
            return OPAQUE
        self._deeper()
        right = self._operation(least)
        self.depth -= 1
        return Merged((left, right)) if sign in _JOINS else OPAQUE

    def _operand(self) -> Node:
        if self.token.kind in _PREFIXES:
            self._deeper()
            self._operation(_PREFIXES[self.take().kind])
            self.depth -= 1
            return OPAQUE
        start = self.token.start
        first = self._selection()
        arguments: list[Node] = []
        name = self.text[start : self.token.start].strip().rpartition(".")[2]
        while self.token.kind in _READERS:
            arguments.append(self._selection())
        if not arguments:
            return first
        return Merged((arguments[-1],)) if _TRANSPARENT.get(name) == len(arguments) else OPAQUE

    def _selection(self) -> Node:
        found = self._simple()
        if self.token.kind == ".":
            self.take()
            self._attribute_path()
            found = OPAQUE
            if self.token.kind == "or":
                self.take()
                self._selection()
        elif self.token.kind == "or":
            self.take()
            found = OPAQUE
        return found

    def _simple(self) -> Node:
        token = self.token
        reader = _READERS.get(token.kind)
        if not reader:
            raise SyntaxFault(token.start, f"unexpected {token}")
        return reader(self)

    def word(self) -> Node:
        self.take()
        return OPAQUE

    def number(self) -> Node:
        text = self.take().text
        return Number(int(text)) if len(text) < 20 else OPAQUE

    def string(self) -> Node:
        text = self._string(self.token)
        return OPAQUE if text is None else Text(text)

    def bracketed(self) -> Node:
        self.take("(")
        found = self.expression()
        self.take(")")
        return found

    def items(self) -> Node:
        self.take("[")
        self._deeper()
        items: list[Node] = []
        while self.token.kind != "]":
            items.append(self._selection())
        self.depth -= 1
        self.take("]")
        return Items(tuple(items))

    def attribute_set(self) -> Node:
        old_let = self.token.kind == "let"
        if self.token.kind in ("rec", "let"):
            self.take()
        self.take("{")
        found = self._bindings("}")
        return OPAQUE if old_let else found

    def _bindings(self, end: str) -> Attrs:
        self._deeper()
        found: list[Binding] = []
        while self.token.kind != end:
            found += self._inherited() if self.token.kind == "inherit" else [self._binding(end)]
        self.depth -= 1
        self.take(end)
        return Attrs(tuple(found))

    def _binding(self, end: str) -> Binding:
        start = self.token.start
        if self.token.kind not in ("id", "or", '"', "${"):
            raise SyntaxFault(start, f"unexpected {self.token}, expected a name or {_shown(end)}")
        path = self._attribute_path()
        self.take("=")
        value = self.expression()
        self.take(";")
        return Binding(path, value, start)

    def _inherited(self) -> list[Binding]:
        self.take("inherit")
        if self.token.kind == "(":
            self.bracketed()
        found = []
        while self.token.kind != ";":
            start = self.token.start
            found.append(Binding((self._attribute(),), OPAQUE, start))
        self.take(";")
        return found

    def _attribute_path(self) -> tuple[str, ...]:
        found = [self._attribute()]
        while self.token.kind == ".":
            self.take()
            found.append(self._attribute())
        return tuple(found)

    def _attribute(self) -> str:
        token = self.token
        match token.kind:
            case "id" | "or":
                return self.take().text
            case '"':
                text = self._string(token)
                return DYNAMIC if text is None else text
            case "${":
                self.take()
                self.expression()
                self.take("}")
                return DYNAMIC
            case _:
                raise SyntaxFault(token.start, f"unexpected {token}, expected a name")

    def _string(self, opening: Token) -> str | None:
        """The text of a string; None where something in it takes an evaluation."""
        position, whole, pieces = opening.end, True, []
        while True:
            piece, position, stop = string_piece(self.text, position, indented=opening.kind == "''")
            pieces.append(piece)
            if stop != "${":
                self._go(position)
                return "".join(pieces) if whole else None
            whole = False
            position = self._interpolation(position)

    def path(self) -> Node:
        word, position = self.token, self.token.end
        while path_goes_on(self.text, position):
            position = path_piece(self.text, self._interpolation(position + 2))
        self._go(position)
        return File(word.text, word.start) if position == word.end else OPAQUE

    def _interpolation(self, position: int) -> int:
        """Past the `}` of what stands at `position`, after a `${`."""
        self._go(position)
        self.expression()
        if self.token.kind != "}":
            self.take("}")
        return self.token.end

    def _deeper(self) -> None:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise TooDeep

    def _peek(self) -> Token:
        return token_at(self.text, self.token.end)

    def _go(self, position: int) -> None:
        self.token = token_at(self.text, position)


_READERS: dict[str, Callable[[_Reader], Node]] = {
    **dict.fromkeys(("id", "float", "uri", "found"), _Reader.word),
    **dict.fromkeys(("{", "rec", "let"), _Reader.attribute_set),
    **dict.fromkeys(('"', "''"), _Reader.string),
    "int": _Reader.number,
    "path": _Reader.path,
    "(": _Reader.bracketed,
    "[": _Reader.items,
}


def _shown(kind: str) -> str:
    return {"id": "a name", END: END, "}": "'}'"}.get(kind, f"'{kind}'")
