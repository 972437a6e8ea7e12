"""What was measured as tables of 80 columns, and as JSON with every single run."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from scripts.bench.model import Figure, Measured, Sample, Spread

COUNTED = ("logins", "channels", "tasks")


def verdict(figure: Figure, value: float) -> str:
    """Whether the median reached its target; nothing where there is none."""
    if not figure.target:
        return ""
    return "met" if value <= figure.target else "missed"


def missed(measured: Measured, figure: Figure) -> bool:
    """Its median is above the target."""
    return verdict(figure, Spread.of(measured.values(figure)).median) == "missed"


def table(found: Iterable[Measured]) -> str:
    """The figures, for a terminal."""
    lines = [f"{'figure':<37} {'median':>9} {'quarters':>15}  {'target':<8} met", "-" * 80]
    for measured in found:
        for figure in measured.experiment.figures:
            spread = Spread.of(measured.values(figure))
            quarters = f"{number(spread.low)}-{number(spread.high)}"
            median, goal = shown(figure, spread.median), target(figure)
            line = f"{figure.title:<37} {median:>9} {quarters:>15}  {goal:<8} {verdict(figure, spread.median)}"
            lines.append(line.rstrip())
    return "\n".join(lines)


def times(found: Iterable[Measured]) -> str:
    """The methods' own times, for a terminal: they differ from machine to machine."""
    lines = [f"{'method':<37} {'median':>9} {'quarters':>15}", "-" * 80]
    for measured in found:
        for method in measured.experiment.methods:
            spread = Spread.of(measured.seconds(method))
            name = f"{measured.experiment.name}: {method.name}"
            lines.append(f"{name[:37]:<37} {spread.median:>7.2f} s {f'{spread.low:.2f}-{spread.high:.2f}':>15}")
    return "\n".join(lines)


def counts(found: Iterable[Measured]) -> str:
    """What the methods caused on the host, for a terminal; nothing where nobody counted."""
    rows = [
        f"{f'{measured.experiment.name}: {method.name}'[:37]:<37}"
        + "".join(f"{measured.count(method, name):>10.0f}" for name in COUNTED)
        for measured in found
        for method in measured.experiment.methods
        if {*COUNTED} <= measured.counted(method)
    ]
    head = f"{'counted on the host':<37}{''.join(f'{name:>10}' for name in COUNTED)}"
    return "\n".join([head, "-" * 80, *rows]) if rows else ""


def as_json(found: Iterable[Measured], about: Mapping[str, str]) -> str:
    """Everything, so that anybody can compute other numbers from it."""
    return json.dumps({"about": dict(about), "experiments": [_plain(measured) for measured in found]}, indent=1) + "\n"


def _plain(measured: Measured) -> dict[str, Any]:
    rounds = [{name: _run(sample) for name, sample in one.items()} for one in measured.rounds]
    figures = [
        {"title": f.title, "unit": f.unit, "target": f.target, "values": [round(v, 4) for v in measured.values(f)]}
        for f in measured.experiment.figures
    ]
    return {"name": measured.experiment.name, "figures": figures, "rounds": rounds}


def _run(sample: Sample) -> dict[str, float]:
    since = {"since": round(sample.since, 4)} if sample.since else {}
    return {"seconds": round(sample.seconds, 4), "peak_mb": round(sample.peak, 1), **since, **sample.counts}


def shown(figure: Figure, value: float) -> str:
    """A value of a figure with its unit."""
    return f"{number(value)}{'' if figure.unit == 'x' else ' '}{figure.unit}".strip()


def target(figure: Figure) -> str:
    """What it should be at most; nothing where it is only told."""
    return shown(figure, figure.target) if figure.target else ""


def number(value: float) -> str:
    """Two digits after the point, three where it is small, none where it is large."""
    if value >= 10 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
