"""Checkouts go back to where they were, and the records say again which files lie there."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from pathlib import Path

from msgspec.structs import replace

from .. import prepare
from .. import repo as repos
from ..crew import Crew
from ..errors import HomelabError
from ..fleet import Fleet
from ..observe import Observation
from ..plan import Delivery
from ..record import Record


def files_back(fleet: Fleet, deliveries: Iterable[Delivery]) -> Mapping[str, tuple[str, ...]]:
    """Bring checkouts back to where they were: host -> why not, () of one that is back there. Where nothing was, the
    files stay; a host that is lost on the way is left out.
    """
    found: dict[str, tuple[str, ...]] = {}
    for delivery in deliveries:
        if delivery.commit:
            trouble = _file_back(fleet, delivery)
            if trouble or delivery.host.name in fleet.seen:
                found[delivery.host.name] = trouble
    return found


def _file_back(fleet: Fleet, delivery: Delivery) -> tuple[str, ...]:
    try:
        repo = repos.at_pinned(Path(fleet.repo.root), delivery.base, delivery.pins)
    except HomelabError as error:
        return (f"{delivery.host.name} was at {delivery.base[:7]} ({error})",)
    return prepare.deliver(replace(fleet, repo=repo, received={}), [Delivery(delivery.host, fleet.repo.commit)])


def records_back(
    crews: Mapping[str, Crew], before: Mapping[str, Observation], meant: Mapping[str, Collection[str]]
) -> tuple[str, ...]:
    """Write down of services (by host) that they are as they were `before`; why that could not be written."""
    answers = []
    for host, names in meant.items():
        crew = crews[host]
        for record in as_before(before[host].records, crew.records, names):
            crew.records[record.service] = record
            answers.append(crew.ledger.record(record))
    return tuple(dict.fromkeys(why for answer in answers if (why := answer.result())))


def as_before(before: Mapping[str, Record], now: Mapping[str, Record], names: Collection[str]) -> Iterator[Record]:
    """Those records of `names` that are to be written anew: what was noted of a run that did nothing to them goes."""
    for name in names:
        then, record = before.get(name), now.get(name)
        if then and record:
            known = replace(record, laid=then.laid, unfinished=then.unfinished)
            if known != record:
                yield known
