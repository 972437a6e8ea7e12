"""Measuring: methods run in shuffled order inside a round; a figure is a number of one round, so load cancels out."""

from __future__ import annotations

import random
import statistics
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field


class BenchFailed(Exception):
    """A method did not do its job, so its time means nothing."""


@dataclass(frozen=True, slots=True)
class Sample:
    """One run of one method. `peak` is its largest resident size in MB, `since` its seconds from the event that counts
    to its end; 0 where nobody looked.
    """

    seconds: float
    peak: float = 0.0
    since: float = 0.0
    counts: Mapping[str, int] = field(default_factory=dict)


RARELY = 3
SLOW, COSTLY = 5, 3  # rounds of what takes some seconds, and of what takes many
Round = Mapping[str, Sample]  # method -> its sample


def nothing() -> None:
    """There is nothing to reset, or nothing to check."""


@dataclass(frozen=True, slots=True)
class Method:
    """One way to do a job. Only `run` is timed; `check` raises BenchFailed when the job was not done.

    What takes very long is `rare`: it is run in one round of `RARELY`.
    """

    name: str
    run: Callable[[], Sample]
    reset: Callable[[], None] = nothing
    check: Callable[[], None] = nothing
    rare: bool = False


@dataclass(frozen=True, slots=True)
class Figure:
    """A number that a round gives in which the methods `of` ran; `target` is the most it should be, 0 where it is only
    told.
    """

    title: str
    unit: str  # "x" for a ratio, else as in "61 MB"
    value: Callable[[Round], float]
    target: float = 0
    of: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Experiment:
    """A job, the methods that do it, and the figures that come out of their samples.

    `rounds` says how often it is done, fewer where a round lasts long. What is not `quick` is too long for a glance;
    what is in another experiment too where all run is `spare`.
    """

    name: str
    about: str
    methods: tuple[Method, ...]
    figures: tuple[Figure, ...]
    prepare: Callable[[], None] = nothing
    rounds: int = 9
    quick: bool = True
    spare: bool = False
    peers: bool = False  # other tools have to be installed
    drawn: bool = True  # in a chart, where it has several methods


@dataclass(frozen=True, slots=True)
class Measured:
    """All rounds of one experiment."""

    experiment: Experiment
    rounds: tuple[Round, ...]

    def values(self, figure: Figure) -> list[float]:
        """The figure, round by round."""
        return [figure.value(one) for one in self.rounds if one.keys() >= {*figure.of}]

    def seconds(self, method: Method) -> list[float]:
        """The times of a method, round by round."""
        return [one[method.name].seconds for one in self.rounds if method.name in one]

    def counted(self, method: Method) -> set[str]:
        """What was counted in a method's runs."""
        return {name for one in self.rounds if method.name in one for name in one[method.name].counts}

    def count(self, method: Method, name: str) -> float:
        """The median of something that was counted in a method's runs."""
        return statistics.median(one[method.name].counts[name] for one in self.rounds if method.name in one)


@dataclass(frozen=True, slots=True)
class Spread:
    """The middle of some numbers, and the quarter points around it."""

    low: float
    median: float
    high: float

    @classmethod
    def of(cls, numbers: Iterable[float]) -> Spread:
        """Of at least one number."""
        found = sorted(numbers)
        if len(found) == 1:
            return cls(found[0], found[0], found[0])
        low, median, high = statistics.quantiles(found, n=4, method="inclusive")
        return cls(low, median, high)


def measure(experiment: Experiment, rounds: int, shuffle: random.Random, tell: Callable[[str], None]) -> Measured:
    """Run every method once a round, but for those that take too long for that. Raises BenchFailed."""
    experiment.prepare()
    done: list[Round] = []
    for number in range(1, rounds + 1):
        tell(f"{experiment.name}: round {number} of {rounds}")
        methods = [method for method in experiment.methods if not method.rare or number % RARELY == 1]
        samples = {method.name: _sample(method) for method in shuffle.sample(methods, len(methods))}
        done.append({method.name: samples[method.name] for method in methods})
    return Measured(experiment, tuple(done))


def _sample(method: Method) -> Sample:
    method.reset()
    sample = method.run()
    method.check()
    return sample
