"""The graph as a tree of text for 80 columns: each service once, below the last of what it waits for."""

from __future__ import annotations

import textwrap
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping

from ..graph import layers
from ..model import Reason
from .diagram import Arrow, Diagram, lane_of

WIDTH = 80
_ASCII = str.maketrans("├└│─", "|`|-")


def tree(diagram: Diagram, *, unicode: bool = True) -> str:
    """Groups in their order, what starts first on top; a reason is named unless it is `declared`.

    A host is named with its group if most of it runs there, else with the service.
    """
    branches = _branches(diagram)
    lines = [f"{diagram.counts()}; what starts first is on top"]
    for lane in diagram.lanes:
        later = ", ".join(before for before, after in diagram.order if after == lane)
        title = lane or ("no group" if len(diagram.lanes) > 1 else "")
        usual = _usual(diagram, lane) if title else ""
        lines += ["", *([title + usual + (f" (after {later})" if later else "")] if title else [])]
        twigs = [*_branch(branches, (lane, ""), "", "")]
        lines += _columns(diagram, twigs if unicode else [*map(_in_ascii, twigs)], usual)
    return "\n".join(lines) + "\n"


def _usual(diagram: Diagram, lane: str) -> str:
    where = Counter(_where(diagram, name) for name in diagram.lanes[lane])
    at, count = where.most_common(1)[0]
    return at if count * 2 > where.total() else ""


Branches = Mapping[tuple[str, str], list[str]]  # (lane, the service above or "") -> those below it


def _branches(diagram: Diagram) -> Branches:
    wave = {name: n for n, names in enumerate(_waves(diagram)) for name in names}
    needs = diagram.needs()
    below: dict[tuple[str, str], list[str]] = defaultdict(list)
    for lane, names in diagram.lanes.items():
        for name in names:
            above = [a.dependency for a in needs.get(name, ()) if lane_of(diagram.repo, a.dependency) == lane]
            below[lane, max(above, key=lambda n: (wave[n], n), default="")].append(name)
    return below


def _waves(diagram: Diagram) -> tuple[tuple[str, ...], ...]:
    return tuple(map(tuple, layers(diagram.repo, tuple(diagram.repo.services))))


def _branch(branches: Branches, at: tuple[str, str], first: str, rest: str) -> Iterator[tuple[str, str, str]]:
    """(what precedes the name, what precedes a second line, name) for each line, depth first."""
    lane, _ = at
    names = branches.get(at, [])
    for name in names:
        last = name == names[-1]
        twig, gap = ("└─ ", "   ") if last else ("├─ ", "│  ")
        below = "│  " if branches.get((lane, name)) else "   "
        yield rest + twig, rest + gap + below, name
        yield from _branch(branches, (lane, name), first, rest + gap)


def _in_ascii(line: tuple[str, str, str]) -> tuple[str, str, str]:
    first, rest, name = line
    return first.translate(_ASCII), rest.translate(_ASCII), name


def _columns(diagram: Diagram, lines: list[tuple[str, str, str]], usual: str) -> Iterator[str]:
    needs = diagram.needs()
    labels = [_label(diagram, name, usual) for _, _, name in lines]
    edge = min(max(len(lead) + len(label) for (lead, _, _), label in zip(lines, labels, strict=True)), WIDTH // 2)
    for (lead, under, name), label in zip(lines, labels, strict=True):
        notes = _notes(needs.get(name, ()), WIDTH - edge - 2)
        head = lead + label
        if notes and len(head) <= edge:
            yield f"{head:<{edge}}  {notes.pop(0)}"
        else:
            yield head
        yield from (f"{under:<{edge}}  {note}" for note in notes)


def _label(diagram: Diagram, name: str, usual: str) -> str:
    shown = f"[{name}]" if name in diagram.focus else name
    where = _where(diagram, name)
    return shown + (where if where != usual else "")


def _where(diagram: Diagram, name: str) -> str:
    """Nothing where there is but one host."""
    hosts = diagram.repo.services[name].hosts
    return " @" + ",".join(host.name for host in hosts) if len(diagram.repo.hosts) > 1 else ""


def _notes(arrows: tuple[Arrow, ...], width: int) -> list[str]:
    if not arrows:
        return []
    text = "needs " + ", ".join(_need(arrow) for arrow in arrows)
    return textwrap.wrap(text, max(width, 20), subsequent_indent="      ", break_on_hyphens=False)


def _need(arrow: Arrow) -> str:
    return arrow.dependency + ("" if arrow.reason is Reason.DECLARED else f" ({arrow.reason.value})")
