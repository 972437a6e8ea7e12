"""What a validation found, as text: by file on a terminal, one line a problem where a program or a log reads it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from itertools import groupby
from typing import TextIO

from msgspec import Struct
from msgspec.structs import replace

from ..problem import Problem, Severity
from ..validate.result import Result
from .columns import block, flow, plain
from .terminal import Style, Symbol, Tint, say, style

_TINTS = {Severity.ERROR: Tint.RED, Severity.WARNING: Tint.YELLOW, Severity.NOTICE: Tint.BLUE}
_MOST = 40  # problems that are named on a terminal before they are counted by rule
_CODE = 4  # letters
_LONGEST = 500  # letters of a sentence: it may quote a file


class Asked(Struct, frozen=True):
    """What was asked for, as far as it changes what is said."""

    strict: bool = False
    selected: bool = False  # only some rules: each problem is named, however many there are
    named: bool = False  # only some services or files


def print_problems(result: Result, asked: Asked, stream: TextIO) -> None:
    """Write it to a terminal or a pipe."""
    say("\n".join(problems_text(result, asked, style=style(stream))), stream)


def problems_text(result: Result, asked: Asked, *, style: Style) -> list[str]:
    """The lines: problems, what could not be checked, and one line that sums up and says what to type next."""
    found = tuple(map(_printable, result.problems))
    if not style.width:
        lines = [_flat(problem) for problem in found]
    elif asked.selected or len(found) <= _MOST:
        lines = list(_by_file(found, style))
    else:
        lines = list(_folded(found, result, style))
    aside = [line for text in result.unchecked for line in flow(style, [("not checked  ", Tint.DIM)], [plain(text)])]
    end = flow(style, [_verdict(result, asked, style)], [plain(_summary(result, asked))])
    if style.width and lines:
        lines.append("")
    return [*lines, *aside, *end]


def _flat(problem: Problem) -> str:
    what = f"{problem.what}; {problem.move}" if problem.move else problem.what
    return f"{problem.place}: {problem.severity.value} {problem.rule}: {what}".replace("\n", "\n    ")


def _by_file(problems: Iterable[Problem], style: Style) -> Iterator[str]:
    first = True
    for file, group in groupby(problems, key=lambda p: p.place.file):
        if not first:
            yield ""
        first = False
        yield style.paint(file, Tint.BOLD)
        of_file = list(group)
        width = max(len(_where(problem)) for problem in of_file)
        for problem in of_file:
            yield from _grouped(problem, width, style)


def _grouped(problem: Problem, width: int, style: Style) -> Iterator[str]:
    head = [
        (f"  {_where(problem):>{width}}  ", Tint.DIM),
        (f"{problem.severity.value:<9}", _TINTS[problem.severity]),
        (f"{problem.rule:<{_CODE}}  ", Tint.DIM),
    ]
    move, *example = problem.move.split("\n")
    yield from flow(style, head, [plain(problem.what + (";" if move else "")), plain(move)])
    indent = sum(len(text) for text, _ in head)
    for line in example:
        yield from block(style, line, Tint.DIM, indent)


def _where(problem: Problem) -> str:
    place = problem.place
    return ":".join(str(n) for n in (place.line, place.column) if n)


def _folded(found: Sequence[Problem], result: Result, style: Style) -> Iterator[str]:
    """The first errors by name, the others by rule."""
    errors = [p for p in found if p.severity is Severity.ERROR]
    yield from _by_file(errors[:_MOST], style)
    rest = [*errors[_MOST:], *(p for p in found if p.severity is not Severity.ERROR)]
    if errors and rest:
        yield ""
    if rest:
        title = f"{len(rest)} more, by rule; inv validate --select CODE names each:"
        yield from flow(style, [], [(title, Tint.BOLD)])
    yield from _by_rule(rest, result, style)


def _by_rule(problems: Sequence[Problem], result: Result, style: Style) -> Iterator[str]:
    counts = Counter((problem.rule, problem.severity) for problem in problems)
    files = {rule: {p.place.file for p in problems if p.rule == rule} for rule, _ in counts}
    for (rule, severity), number in counts.most_common():
        head = [(f"  {rule}  ", Tint.DIM)]
        where = f"{_count(number, severity.value)} in {_count(len(files[rule]), 'file')}"
        yield from flow(style, head, [plain(result.name_of(rule)), (where, _TINTS[severity])])


def _verdict(result: Result, asked: Asked, style: Style) -> tuple[str, Tint]:
    failed = result.fails(strict=asked.strict)
    mark = style.mark(Symbol.FAILED if failed else Symbol.DONE)
    return f"{mark} ", Tint.RED if failed else Tint.GREEN


def _summary(result: Result, asked: Asked) -> str:
    counts = [(result.of(severity), severity.value) for severity in Severity]
    said = ", ".join(_count(number, noun) for number, noun in counts if number)
    files = len({problem.place.file for problem in result.problems})
    found = f"{said} in {_count(files, 'file')}" if said else f"nothing wrong{_with(result, asked)}"
    return f"{found}; {_next(result, asked)}"


def _with(result: Result, asked: Asked) -> str:
    if asked.selected:
        return " by these rules"
    return "" if asked.named else f" with {_count(len(result.services), 'service')}"


def _next(result: Result, asked: Asked) -> str:
    serious = Severity.ERROR if result.of(Severity.ERROR) else Severity.WARNING
    if result.fails(strict=asked.strict):
        return f"mend the {serious.value}s, then: inv validate" + (" --strict" if asked.strict else "")
    if asked.selected:
        return "next: inv validate"
    return "next: inv deploy-all --dry-run" if result.services else "next: write services/NAME/compose.yml"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" + ("" if number == 1 else "s")


def _printable(problem: Problem) -> Problem:
    """Names of files may hold anything: line ends, bytes that are no UTF-8, what moves the cursor."""
    place = replace(problem.place, file=_escaped(problem.place.file.replace("\n", "\\n")))
    return replace(problem, place=place, what=_escaped(problem.what), move=_escaped(problem.move))


def _escaped(text: str) -> str:
    if len(text) > _LONGEST:
        text = f"{text[:_LONGEST]}..."
    if text.isprintable():
        return text
    shown = (c if c.isprintable() or c == "\n" else c.encode("unicode_escape").decode() for c in text)
    return "".join(shown)
