"""The journals of several hosts as one list of runs."""

from __future__ import annotations

import heapq
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import chain

from msgspec.structs import replace

from .run import Ending, Journal, Run


def merge(journals: Iterable[Journal]) -> Iterator[Run]:
    """The runs of all hosts, the newest first.

    The clocks of those who deploy may disagree. What one host remembers came in that order; only what no host has
    seen both of goes by its time.
    """
    journals = tuple(journals)
    together: dict[str, list[Run]] = {}
    for run in chain.from_iterable(journal.runs for journal in journals):
        together.setdefault(run.id, []).append(run)
    runs = {name: _joined(parts) for name, parts in together.items()}
    return (runs[name] for name in _newest_first(runs, [[run.id for run in journal.runs] for journal in journals]))


def about(runs: Iterable[Run], services: frozenset[str]) -> Iterator[Run]:
    """The runs that had to do with one of the services."""
    return (run for run in runs if any(change.service in services for change in run.changes))


def _joined(parts: Sequence[Run]) -> Run:
    """One run as all its hosts remember it. Who has its end knows more than who has not."""
    best = max(parts, key=lambda run: (run.ended, run.ending is Ending.RUNNING))
    return replace(
        best,
        at=min(run.at for run in parts),
        moves={host: move for run in parts for host, move in run.moves.items()},
        seconds=max(run.seconds for run in parts),
        reverted=any(run.reverted for run in parts),
        left=tuple(dict.fromkeys(name for run in parts for name in run.left)),
        aside=tuple(dict.fromkeys(told for run in parts for told in run.aside)),
        changes=tuple(change for run in parts for change in run.changes),
        silent=tuple(host for run in parts for host in run.silent) if best.ended else (),
    )


def _newest_first(runs: Mapping[str, Run], orders: Sequence[list[str]]) -> Iterator[str]:
    """Each run when it is the last one left on all hosts that know it; of several, that with the latest time."""
    rest = [list(order) for order in orders]
    left = Counter(name for order in rest for name in order)
    ready = [name for name, hosts in Counter(o[-1] for o in rest if o).items() if hosts == left[name]]
    heap = [(-runs[name].when.timestamp(), name) for name in ready]
    heapq.heapify(heap)
    while heap or any(rest):
        # Only journals that were edited by hand contradict each other: then the time alone decides.
        name = heapq.heappop(heap)[1] if heap else max((o[-1] for o in rest if o), key=lambda n: runs[n].when)
        yield name
        touched = [order for order in rest if order and order[-1] == name]
        if len(touched) < left[name]:
            touched = [order for order in rest if name in order]
        for order in touched:
            order.remove(name) if order[-1] != name else order.pop()
        last = Counter(order[-1] for order in rest if order)
        for fresh in {order[-1] for order in touched if order}:
            if last[fresh] == left[fresh]:
                heapq.heappush(heap, (-runs[fresh].when.timestamp(), fresh))
