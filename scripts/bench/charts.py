"""Bar charts as SVG, readable on a light page and on a dark one."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from xml.sax.saxutils import escape

from scripts.bench.model import Measured, Spread

WIDTH, ROW, TOP, LEFT, RIGHT = 760, 30, 44, 250, 90
FEW = 3  # methods; less than that is read better in a table


@dataclass(frozen=True, slots=True)
class Bar:
    """A method's seconds; `ours` is drawn in another colour."""

    name: str
    spread: Spread
    ours: bool


def charts(found: Iterable[Measured]) -> Iterator[tuple[Measured, str]]:
    """Those that compare several methods, each with its picture."""
    for measured in found:
        methods = measured.experiment.methods
        if measured.experiment.drawn and len(methods) >= FEW:
            bars = [Bar(m.name, Spread.of(measured.seconds(m)), m.name.startswith("inv ")) for m in methods]
            bars.sort(key=lambda bar: bar.spread.median)
            yield measured, chart(f"{measured.experiment.name}: seconds, median; less is better", bars)


def chart(title: str, bars: Sequence[Bar]) -> str:
    """One bar below the other, to scale from zero, with a line from quarter to quarter."""
    height = TOP + ROW * len(bars) + 12
    scale = (WIDTH - LEFT - RIGHT) / max(bar.spread.high for bar in bars)
    rows = "".join(_row(bar, TOP + ROW * n, scale) for n, bar in enumerate(bars))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" role="img" '
        f'aria-label="{escape(title, {chr(34): "&quot;"})}">\n{_STYLE}'
        f'<rect class="page" width="{WIDTH}" height="{height}" rx="6"/>\n'
        f'<text class="title" x="16" y="26">{escape(title)}</text>\n{rows}</svg>\n'
    )


def _row(bar: Bar, y: int, scale: float) -> str:
    low, median, high = (LEFT + value * scale for value in (bar.spread.low, bar.spread.median, bar.spread.high))
    kind = "ours" if bar.ours else "other"
    return (
        f'<text x="{LEFT - 10}" y="{y + 15}" text-anchor="end">{escape(bar.name)}</text>'
        f'<rect class="{kind}" x="{LEFT}" y="{y + 2}" width="{median - LEFT:.1f}" height="18" rx="2"/>'
        f'<path class="quarters" d="M{low:.1f} {y + 11}H{high:.1f}"/>'
        f'<text x="{max(median, high) + 8:.1f}" y="{y + 15}">{_seconds(bar.spread.median)}</text>\n'
    )


def _seconds(value: float) -> str:
    return f"{value:.1f} s" if value >= 10 else f"{value:.2f} s"


_STYLE = """<style>
text { font: 13px system-ui, sans-serif; fill: #1f2328 }
.title { font-weight: 600 }
.page { fill: #ffffff }
.ours { fill: #1a7f37 }
.other { fill: #8c959f }
.quarters { stroke: #1f2328; stroke-width: 1.5 }
@media (prefers-color-scheme: dark) {
text { fill: #e6edf3 }
.page { fill: #0d1117 }
.ours { fill: #3fb950 }
.other { fill: #6e7681 }
.quarters { stroke: #e6edf3 }
}
</style>
"""
