"""The keys of a `.env` here beside those on the hosts; the values are compared there, and never shown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from msgspec import Struct

from ..commands.env import Judged, Side, Text
from ..model import Repo, Service
from .here import read_here, text_of
from .reach import Reached, Unit, apart, others, reached, units


@dataclass(frozen=True, slots=True)
class Compared:
    """One `.env` on a host beside the one here, which may be missing (`content` None)."""

    unit: Unit
    judged: Judged
    content: bytes | None = field(default=None, repr=False)

    def names(self, side: Side) -> tuple[str, ...]:
        """The keys on one side, as far as they may be told: `line 7` for what may be part of a value."""
        return tuple(spoken(key.name) for key in self.judged.keys if key.side is side)


class Difference(Struct, frozen=True):
    """All that was compared; `in_place` need not be, as the file here is the one that runs."""

    compared: tuple[Compared, ...]
    in_place: tuple[Unit, ...]
    lost: Mapping[str, str]


def spoken(name: str) -> str:
    """A key as it is shown."""
    return f"line {name[1:]}" if name.startswith("#") else name


def diff(repo: Repo, services: Iterable[Service], only: frozenset[str]) -> Difference:
    """Compare the files here with those on the hosts. Raises Refused for one here that cannot be read."""
    away, at_home = apart(repo, units(services, only))
    wanted = [Unit(at.service, at.host, file) for at in away for file in ("", *others(at.service))]
    contents = {unit: read_here(repo, unit.path) for unit in wanted}
    with reached(repo, (unit.host for unit in away)) as hosts:
        return Difference(compare(hosts, contents), tuple(at_home), dict(hosts.lost))


def compare(hosts: Reached, contents: Mapping[Unit, bytes | None]) -> tuple[Compared, ...]:
    """Each content beside what lies on its host."""
    texts = {unit: Text(text_of(content or b"")) for unit, content in contents.items()}
    judged = hosts.judge(texts)
    return tuple(Compared(unit, judged[unit], content) for unit, content in contents.items() if unit in judged)
