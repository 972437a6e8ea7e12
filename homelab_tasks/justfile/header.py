"""The first line of a recipe, and the expressions that values are made of."""

from __future__ import annotations

from collections.abc import Mapping

from msgspec import Struct, field

from .recipe import Expression, Need, Parameter
from .tokens import Kind, Token, Unreadable

_JOINTS = ("+", "/", "&&", "||", "==", "!=", "=~", "!~")
_PAIRS = {"(": ")", "[": "]", "{": "}"}
_DEEPEST = 50


def value_of(expression: Expression, values: Mapping[str, str]) -> str | None:
    """The text that an expression comes to; None where only running it would tell, or where it is none."""
    try:
        return Words(list(expression), values).expression()
    except Unreadable:
        return None


class Words(Struct):
    """Tokens that are read one after the other, with the variables that are known by now."""

    tokens: list[Token]
    values: Mapping[str, str] = field(default_factory=dict)
    at: int = 0
    depth: int = 0

    @property
    def next(self) -> str:
        """The sign or name that comes; "" at the end, and for a string."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return token.text if token and token.kind in (Kind.SIGN, Kind.NAME) else ""

    @property
    def done(self) -> bool:
        """Nothing is left."""
        return self.at >= len(self.tokens)

    def take(self, *texts: str) -> bool:
        """Read one of these signs or names, if it is what comes."""
        found = self.next in texts and bool(self.next)
        self.at += found
        return found

    def name(self) -> str:
        """A name, which may lead into modules: `media::plex`. Raises Unreadable."""
        found = [self._name()]
        while self.take("::"):
            found.append(self._name())
        return "::".join(found)

    def value(self) -> str | None:
        """One value; None where only running it would tell. Raises Unreadable."""
        if self.done:
            raise Unreadable("a value is missing at the end of the line")
        self.depth += 1
        if self.depth > _DEEPEST:
            raise Unreadable("it is nested too deep")
        found = self._value()
        self.depth -= 1
        return found

    def _value(self) -> str | None:
        token = self.tokens[self.at]
        self.at += 1
        if token.kind is not Kind.SIGN:
            called = token.kind is Kind.NAME and self.next == "(" and self.tokens[self.at].glued
            if called:
                self._skip_brackets()
            known = self.values.get(token.text) if token.kind is Kind.NAME else token.text
            return None if called or token.kind is Kind.RUN else known
        if token.text == "(":
            found = self.expression()
            if not self.take(")"):
                raise Unreadable("a bracket is not closed")
            return found
        if token.text == "/":  # a path from the root
            rest = self.value()
            return None if rest is None else f"/{rest}"
        raise Unreadable(f"{token} is no value")

    def expression(self) -> str | None:
        """Values with `+` and `/` between them; None where only running it would tell. Raises Unreadable."""
        found = self._part()
        while self.next in _JOINTS and self.next:
            joint = self.next
            self.at += 1
            right = self._part()
            plain = joint in ("+", "/") and found is not None and right is not None
            found = f"{found}{joint.strip('+')}{right}" if plain else None
        return found

    def _name(self) -> str:
        if self.done or self.tokens[self.at].kind is not Kind.NAME:
            raise Unreadable(f"a name is expected, not {self.next or 'that'}")
        self.at += 1
        return self.tokens[self.at - 1].text

    def _part(self) -> str | None:
        if self.next != "if":
            return self.value()
        self._skip_choice()
        return None

    def _skip_choice(self) -> None:
        """`if a == b { c } else { d }`."""
        self.depth += 1  # its condition may be another one
        if self.depth > _DEEPEST:
            raise Unreadable("it is nested too deep")
        while self.take("if"):
            self.expression()
            self._skip_brackets()
            if not self.take("else"):
                raise Unreadable("an if has no else")
        self._skip_brackets()
        self.depth -= 1

    def _skip_brackets(self) -> None:
        open_ones: list[str] = []
        while not self.done:
            sign = self.next
            self.at += 1
            if sign in _PAIRS:
                open_ones.append(_PAIRS[sign])
            elif open_ones and sign == open_ones[-1]:
                open_ones.pop()
            if not open_ones:
                break
        if open_ones:
            raise Unreadable("a bracket is not closed")


def parameters(words: Words) -> tuple[Parameter, ...]:
    """What stands between a recipe's name and its colon. Raises Unreadable."""
    found: list[Parameter] = []
    while not words.take(":"):
        variadic = words.take("*", "+")
        optional = variadic and words.tokens[words.at - 1].text == "*"
        words.take("$")
        name = words.name()
        default: Expression = ()
        if words.take("="):
            begun, optional = words.at, True
            words.value()
            default = tuple(words.tokens[begun : words.at])
        found.append(Parameter(name, default, optional, variadic))
    return tuple(found)


def needs(words: Words) -> tuple[tuple[Need, ...], tuple[Need, ...]]:
    """What runs before the recipe and what behind `&&` after it. Raises Unreadable."""
    before: list[Need] = []
    after: list[Need] = []
    found = before
    while not words.done:
        if words.take("&&"):
            found = after
        elif words.take("("):
            found.append(_called(words))
        else:
            found.append(Need(words.name()))
    return tuple(before), tuple(after)


def _called(words: Words) -> Need:
    name, arguments = words.name(), list[Expression]()
    while not words.take(")"):
        begun = words.at
        words.expression()
        arguments.append(tuple(words.tokens[begun : words.at]))
    return Need(name, tuple(arguments))
