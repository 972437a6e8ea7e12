"""The words of a Justfile outside of its bodies (just's GRAMMAR.md, "tokens")."""

from __future__ import annotations

import re
from enum import Enum

from msgspec import Struct

_OPEN, _CLOSE = "([{", ")]}"
_BLANK = re.compile(r"(?:[ \t]|\\\r?\n[ \t]*|\\\r?\n)+")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_-]*")
_TEXT = re.compile(r"'''.*?'''|\"\"\".*?\"\"\"|```.*?```|'[^']*'|\"(?:\\.|[^\"\\])*\"|`[^`]*`", re.DOTALL)
_SIGN = re.compile(r"::|:=|==|!=|=~|!~|&&|\|\||\?\?|[@$:=+*/,!?()\[\]{}]")
_ESCAPE = re.compile(r"\\(?:u\{([0-9A-Fa-f]{1,6})\}|(\r?\n)[ \t]*|(.))", re.DOTALL)
_MEANT = {"n": "\n", "r": "\r", "t": "\t"}
_MOST_LINES = 200  # in brackets: nobody writes so many, and one that is never closed ends there


class Kind(Enum):
    """What a token is."""

    NAME = "name"
    TEXT = "text"  # a string that is what it says
    RUN = "run"  # a backtick, or a string that the shell or just fills in
    SIGN = "sign"


class Token(Struct, frozen=True):
    """One token; `glued` to the one before it without a blank."""

    kind: Kind
    text: str
    glued: bool = False

    def __str__(self) -> str:
        return self.text


class Unreadable(Exception):
    """Not the language of Justfiles; the message says what is wrong."""


def tokens(text: str, start: int) -> tuple[list[Token], int]:
    """The tokens from `start` to the end of the line, which brackets and strings carry on, and where that is.

    Raises Unreadable.
    """
    found: list[Token] = []
    depth, at, lines = 0, start, 0
    while at < len(text):
        blank = _BLANK.match(text, at)
        begun = blank.end() if blank else at
        if begun == len(text) or text[begun] == "#":
            at = _end_of_line(text, begun)
        elif text.startswith(("\n", "\r\n"), begun):
            at = begun
        else:
            token, at = _token(text, begun, found, glued=begun == at)
            depth += (token.text in _OPEN) - (token.text in _CLOSE) if token.kind is Kind.SIGN else 0
            found.append(token)
            continue
        if depth <= 0:
            return found, at
        at, lines = at + 1, lines + 1
        if lines > _MOST_LINES:
            break
    if depth > 0:
        raise Unreadable("a bracket is not closed")
    return found, at


def _end_of_line(text: str, at: int) -> int:
    end = text.find("\n", at)
    return len(text) if end < 0 else end


def _token(text: str, at: int, before: list[Token], *, glued: bool) -> tuple[Token, int]:
    name = _NAME.match(text, at)
    if name:
        return Token(Kind.NAME, name[0], glued), name.end()
    quoted = _TEXT.match(text, at)
    if quoted:
        kind = Kind.RUN if quoted[0][0] == "`" or _prefixed(before, glued=glued) else Kind.TEXT
        return Token(kind, _meant(quoted[0]), glued), quoted.end()
    sign = _SIGN.match(text, at)
    if sign:
        return Token(Kind.SIGN, sign[0], glued), sign.end()
    if text[at] in "'\"`":
        raise Unreadable("a quote is not closed")
    raise Unreadable(f"nothing begins with {text[at]!r}")


def _prefixed(before: list[Token], *, glued: bool) -> bool:
    """`x'$HOME'` and `f'{{a}}'`: the letter was taken for a name, which no string follows without a blank."""
    if glued and before and before[-1].kind is Kind.NAME and before[-1].text in ("x", "f"):
        before.pop()
        return True
    return False


def _meant(quoted: str) -> str:
    mark = quoted[:3] if quoted[:3] in ("'''", '"""', "```") and len(quoted) >= 6 else quoted[0]
    inner = quoted[len(mark) : -len(mark)]
    if len(mark) == 3:
        inner = _dedented(inner)
    return _ESCAPE.sub(_unescaped, inner) if mark[0] == '"' else inner


def _dedented(text: str) -> str:
    """Without the first line break, and the blanks that all lines begin with."""
    lines = re.sub(r"\A\r?\n", "", text).split("\n")
    blanks = [line[: len(line) - len(line.lstrip(" \t"))] for line in lines if line.strip()]
    common = min(blanks, key=len, default="")
    return "\n".join(line.removeprefix(common) if line.strip() else line.lstrip(" \t") for line in lines)


def _unescaped(found: re.Match[str]) -> str:
    code, newline, letter = found.groups()
    if code:
        return chr(int(code, 16)) if int(code, 16) <= 0x10FFFF else ""
    return "" if newline else _MEANT.get(letter, letter)
