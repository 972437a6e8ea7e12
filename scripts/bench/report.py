"""What was measured as a table of 80 columns, as Markdown and as JSON with every single run."""

from __future__ import annotations

import json
import os
import platform
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.metadata import version
from pathlib import Path
from typing import Any

from scripts.bench.charts import charts
from scripts.bench.ground import Ground
from scripts.bench.model import Figure, Measured, Sample, Spread

BEGIN, END = "<!-- figures: written by ./run bench -->", "<!-- figures end -->"
LIBRARIES = ("fabric", "invoke", "paramiko", "docker")


def verdict(figure: Figure, value: float) -> str:
    """Whether the median reached its target; nothing where there is none."""
    if not figure.target:
        return ""
    return "met" if value <= figure.target else "missed"


def missed(measured: Measured, figure: Figure) -> bool:
    """Its median is above the target."""
    return verdict(figure, Spread.of(measured.values(figure)).median) == "missed"


def table(found: Iterable[Measured]) -> str:
    """For a terminal."""
    lines = [f"{'figure':<37} {'median':>9} {'quarters':>15}  {'target':<8} met", "-" * 80]
    for measured in found:
        for figure in measured.experiment.figures:
            spread = Spread.of(measured.values(figure))
            quarters = f"{_number(spread.low)}-{_number(spread.high)}"
            shown, target = _shown(figure, spread.median), _target(figure)
            line = f"{figure.title:<37} {shown:>9} {quarters:>15}  {target:<8} {verdict(figure, spread.median)}"
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


def markdown(found: Sequence[Measured], about: Mapping[str, str], page: str) -> str:
    """`page` with new tables between its markers."""
    new = "\n".join([BEGIN, "", *_charts(found), *_figures(found), "", *_methods(found), "", *_about(about), "", END])
    before, rest = page.split(BEGIN, 1)
    return before + new + rest.split(END, 1)[1]


def _charts(found: Iterable[Measured]) -> Iterator[str]:
    for measured, _ in charts(found):
        experiment = measured.experiment
        yield from (experiment.about, "", f"![{experiment.name}](benchmarks/{experiment.name}.svg)", "")


def _figures(found: Iterable[Measured]) -> Iterator[str]:
    yield "| figure | median | quarters | target | met | rounds |"
    yield "|---|---|---|---|---|---|"
    for measured in found:
        for figure in measured.experiment.figures:
            values = measured.values(figure)
            spread = Spread.of(values)
            cells = [
                figure.title,
                f"**{_shown(figure, spread.median)}**",
                f"{_number(spread.low)} to {_number(spread.high)}",
                _target(figure),
                verdict(figure, spread.median),
                str(len(values)),
            ]
            yield f"| {' | '.join(cells)} |"


def _methods(found: Iterable[Measured]) -> Iterator[str]:
    yield "| experiment | method | median | quarters |"
    yield "|---|---|---|---|"
    for measured in found:
        for method in measured.experiment.methods:
            spread = Spread.of(measured.seconds(method))
            cells = (
                measured.experiment.name,
                method.name,
                f"{spread.median:.3f} s",
                f"{spread.low:.3f} to {spread.high:.3f}",
            )
            yield f"| {' | '.join(cells)} |"


def _about(about: Mapping[str, str]) -> Iterator[str]:
    yield from (f"- {name}: {value}" for name, value in about.items())


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


def machine(ground: Ground) -> Mapping[str, str]:
    """What the numbers were taken on."""
    engine = ground.host.docker("version", "--format", "{{.Server.Version}}")
    compose = ground.host.docker("compose", "version", "--short")
    said = subprocess.run(["ssh", "-V"], capture_output=True, text=True, check=True).stderr
    libraries = ", ".join(f"{name} {version(name)}" for name in LIBRARIES)
    return {
        "processors": f"{os.cpu_count()} x {_processor()}",
        "kernel": platform.release(),
        "Docker Engine and Compose": f"{engine}, {compose}",
        "SSH client": said.strip().split(",")[0],
        "Python": f"{platform.python_version()}; {libraries}",
    }


def _processor() -> str:
    found = re.search(r"^model name\s*: (.+)$", Path("/proc/cpuinfo").read_text(), re.MULTILINE)
    return found[1].strip() if found else platform.machine()


def _shown(figure: Figure, value: float) -> str:
    return f"{_number(value)}{'' if figure.unit == 'x' else ' '}{figure.unit}".strip()


def _target(figure: Figure) -> str:
    return _shown(figure, figure.target) if figure.target else ""


def _number(value: float) -> str:
    if value >= 10 or value == int(value):
        return f"{value:.0f}"
    return f"{value:.2f}" if value >= 0.1 else f"{value:.3f}"
