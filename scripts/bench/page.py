"""What was measured as Markdown: the figures that have a target first, then each experiment by itself."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from scripts.bench.charts import charts
from scripts.bench.model import Figure, Measured, Spread
from scripts.bench.report import number, shown, target, verdict

BEGIN, END = "<!-- figures: written by ./run bench -->", "<!-- figures end -->"
Row = Sequence[str]


def markdown(found: Sequence[Measured], about: Mapping[str, str], page: str) -> str:
    """`page` with new tables between its markers."""
    drawn = {measured.experiment.name for measured, _ in charts(found)}
    sections = [line for measured in found for line in _section(measured, drawn=measured.experiment.name in drawn)]
    on = (f"- {name}: {value}" for name, value in about.items())
    new = "\n".join([BEGIN, "", *_judged(found), "", *sections, "### Measured on", "", *on, "", END])
    before, rest = page.split(BEGIN, 1)
    return before + new + rest.split(END, 1)[1]


def _judged(found: Iterable[Measured]) -> Iterator[str]:
    rows = [
        (*_told(measured, figure), target(figure), verdict(figure, Spread.of(measured.values(figure)).median))
        for measured in found
        for figure in measured.experiment.figures
        if figure.target
    ]
    met = sum(row[-1] == "met" for row in rows)
    yield f"### All that have a target: {met} of {len(rows)} met"
    yield ""
    yield from _table(("figure", "median", "quarters", "rounds", "at most", "met"), rows)


def _section(measured: Measured, *, drawn: bool) -> Iterator[str]:
    experiment = measured.experiment
    yield from (f"### {experiment.name}", "", experiment.about, "")
    if drawn:
        yield from (f"![{experiment.name}](benchmarks/{experiment.name}.svg)", "")
    yield from _table(("figure", "median", "quarters", "rounds"), (_told(measured, f) for f in experiment.figures))
    yield ""
    names = sorted({name for method in experiment.methods for name in measured.counted(method)})
    yield from _table(("method", "median", "quarters", "rounds", *names), _times(measured, names))
    yield ""


def _told(measured: Measured, figure: Figure) -> Row:
    values = measured.values(figure)
    spread = Spread.of(values)
    median, quarters = f"**{shown(figure, spread.median)}**", f"{number(spread.low)} to {number(spread.high)}"
    return figure.title, median, quarters, str(len(values))


def _times(measured: Measured, names: Sequence[str]) -> Iterator[Row]:
    for method in measured.experiment.methods:
        seconds, there = measured.seconds(method), measured.counted(method)
        spread = Spread.of(seconds)
        counts = (f"{measured.count(method, name):.0f}" if name in there else "" for name in names)
        quarters = f"{spread.low:.3f} to {spread.high:.3f}"
        yield method.name, f"{spread.median:.3f} s", quarters, str(len(seconds)), *counts


def _table(head: Row, rows: Iterable[Row]) -> Iterator[str]:
    yield f"| {' | '.join(head)} |"
    yield "|---" * len(head) + "|"
    yield from (f"| {' | '.join(row)} |" for row in rows)
