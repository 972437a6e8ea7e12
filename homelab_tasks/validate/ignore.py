"""Problems that a person took back: `# homelab: ignore C004` on the line, above it, or at the head of the file."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping

from msgspec import Struct, field

from ..problem import Problem

_COMMENT = re.compile(r"#\s*homelab:\s*ignore\s+([A-Z][0-9]{3}(?:[\s,]+[A-Z][0-9]{3})*)")
_CODE = re.compile(r"[A-Z][0-9]{3}")

Text = Callable[[str], str]  # a file of the repo; "" if it cannot be read


class Ignored(Struct, frozen=True):
    """The codes that one file takes back: in all of it, and line by line."""

    everywhere: frozenset[str] = frozenset()
    lines: Mapping[int, frozenset[str]] = field(default_factory=dict)

    def covers(self, problem: Problem) -> bool:
        """The problem is taken back."""
        return problem.rule in self.everywhere or problem.rule in self.lines.get(problem.place.line, ())


def ignored_in(text: str) -> Ignored:
    """What the comments of a file say."""
    if "homelab:" not in text:
        return Ignored()
    everywhere: set[str] = set()
    lines: dict[int, frozenset[str]] = {}
    head = True
    for number, line in enumerate(text.splitlines(), 1):
        alone = not line.strip() or line.lstrip("\ufeff \t").startswith("#")
        head = head and alone
        match = _COMMENT.search(line)
        if not match:
            continue
        codes = frozenset(_CODE.findall(match[1]))
        if head:
            everywhere |= codes
        for covered in (number, number + 1) if alone else (number,):
            lines[covered] = lines.get(covered, frozenset()) | codes
    return Ignored(frozenset(everywhere), lines)


def without_ignored(problems: Iterable[Problem], text: Text, everywhere: Iterable[str]) -> list[Problem]:
    """The problems that nobody took back; `everywhere` are the codes that `hosts.yaml` ignores."""
    known: dict[str, Ignored] = {}
    off = frozenset(everywhere)

    def of(file: str) -> Ignored:
        if file not in known:
            known[file] = ignored_in(text(file))
        return known[file]

    return [p for p in problems if p.rule not in off and not of(p.place.file).covers(p)]
