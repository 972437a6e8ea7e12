"""Nix source to tokens, as Nix's own lexer cuts it; strings and paths are read by who parses them."""

from __future__ import annotations

import re

from msgspec import Struct

_PATH = r"[a-zA-Z0-9._+-]"
_BLANK = re.compile(r"(?:[ \t\r\n]+|#[^\r\n]*|/\*(?:[^*]|\*+[^*/])*\*+/)+")
# In the order of their length where several match: Nix takes the longest. 300: a longer word is no path, and looking
# for its slash at each letter would take for ever.
_TOKEN = re.compile(
    rf"(?P<uri>[a-zA-Z][a-zA-Z0-9+.-]{{0,300}}+:[a-zA-Z0-9%/?:@&=+$,_.!~*'-]+)"
    rf"|(?P<path>(?:~|{_PATH}{{0,300}}+)(?:/{_PATH}++)++/?|~/(?=\$\{{)|{_PATH}{{0,300}}+/(?=\$\{{))"
    rf"|(?P<found><{_PATH}++(?:/{_PATH}++)*+>)"
    r"|(?P<float>(?:[1-9][0-9]*\.[0-9]*|0?\.[0-9]+)(?:[Ee][+-]?[0-9]+)?)"
    r"|(?P<int>[0-9]+)"
    r"|(?P<id>[a-zA-Z_][a-zA-Z0-9_'-]*)"
    r"|(?P<op>\.\.\.|\$\{|''|==|!=|<=|>=|&&|\|\||->|//|\+\+|[\"{}()\[\];:.,=@?!<>*/+-])"
)
_KEYWORDS = frozenset({"if", "then", "else", "assert", "with", "let", "in", "rec", "inherit", "or"})
_PATH_PIECE = re.compile(rf"(?:{_PATH}|/)+")
END = "end of file"


class SyntaxFault(Exception):
    """Where Nix would stop reading, and what it would say."""

    def __init__(self, offset: int, what: str) -> None:
        self.offset, self.what = offset, what
        super().__init__(what)


class Token(Struct, frozen=True):
    """`kind` is id, int, float, uri, path, found (`<nixpkgs>`), or the very word or sign."""

    kind: str
    text: str
    start: int
    end: int

    def __str__(self) -> str:
        return END if self.kind == END else f"'{self.text}'"


def token_at(text: str, position: int) -> Token:
    """The token at or after `position`. Raises SyntaxFault for a character that Nix does not know."""
    blank = _BLANK.match(text, position)
    start = blank.end() if blank else position
    if start >= len(text):
        return Token(END, "", start, start)
    found = _TOKEN.match(text, start)
    if not found:
        raise SyntaxFault(start, f"unexpected {text[start]!r}")
    word, kind = found.group(), str(found.lastgroup)
    return Token(word if kind == "op" or word in _KEYWORDS else kind, word, start, found.end())


def string_piece(text: str, position: int, *, indented: bool) -> tuple[str, int, str]:
    """Text from inside a string up to its end or the next `${`: the text, where that ends, and `"`, `''` or `${`."""
    pieces: list[str] = []
    while position < len(text):
        piece = (_INDENTED if indented else _QUOTED).match(text, position)
        if not piece:
            break
        position = piece.end()
        if piece.lastgroup == "stop":
            return "".join(pieces), position, piece.group()
        pieces.append(_meant(piece))
    raise SyntaxFault(len(text), "unexpected end of file: a string is not closed")


_QUOTED = re.compile(
    r"(?P<stop>\"|\$\{)|(?P<escape>\\(?s:.))|(?P<plain>[^$\"\\]+|\$(?=[\"\\])|\$[^{\"\\]|\$\Z)", re.DOTALL
)
_INDENTED = re.compile(
    r"(?P<escape>''\\(?s:.)|''\$|''')|(?P<stop>''|\$\{)|(?P<plain>[^$']+|\$(?=')|\$[^{']|'(?=\$)|'[^'$]|\$\Z|'\Z)",
    re.DOTALL,
)
_ESCAPES = {"n": "\n", "r": "\r", "t": "\t", "'": "''"}


def _meant(piece: re.Match[str]) -> str:
    last = piece.group()[-1]
    return _ESCAPES.get(last, last) if piece.lastgroup == "escape" else piece.group()


def path_piece(text: str, position: int) -> int:
    """The end of what goes on with a path after a `${...}` in it."""
    piece = _PATH_PIECE.match(text, position)
    return piece.end() if piece else position


def path_goes_on(text: str, end: int) -> bool:
    """Whether a `${` goes on with the path that ends here. Raises SyntaxFault for a slash at its end."""
    if text.startswith("${", end):
        return True
    if text[end - 1] == "/":
        raise SyntaxFault(end - 1, "a path ends in a slash")
    return False
