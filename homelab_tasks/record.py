"""What a run leaves on a host for the next one: a line for each service in `state.jsonl`, of which the last counts."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import Struct, field
from msgspec.structs import replace

from .model import Pinned

EDITED = "edited"  # no digest: files of the service were edited on the host
_SEVERAL = "several"  # the same


class Held(Struct, frozen=True):
    """A service that a person stopped on purpose."""

    by: str
    at: str  # ISO 8601, UTC


class Kept(Struct, frozen=True):
    """What a hook kept of a service, such as the name of a dump, and the commit that the service was of then."""

    name: str
    commit: str
    at: str  # ISO 8601, UTC


class RecordedContainer(Struct, frozen=True):
    """A container as the last run left it; its id stands for its whole configuration and image."""

    id: str
    key: str  # its name under `services:`
    name: str
    image: str  # image id
    finished: bool = False  # it was meant to end, and ended with status 0


class Record(Struct, frozen=True):
    """The last known state of one service on one host. `removed` ends it; holds no value of a `.env`.

    A service whose very first deploy did not end well is known too, without a digest.
    """

    service: str
    project: str
    directory: str
    commit: str
    digest: str
    env: Mapping[str, str] = field(default_factory=dict)  # path -> hash, keyed with a key that stays on the host
    containers: tuple[RecordedContainer, ...] = ()
    borrows: Mapping[str, str] = field(default_factory=dict)  # service whose network is shared -> its container's id
    at: str = ""  # ISO 8601, UTC
    by: str = ""  # user@machine
    held: Held | None = None
    removed: bool = False
    laid: str = ""  # digest of the other files that lie there since: a deploy failed, or was about another service
    unfinished: bool = False  # something began to change its containers, and has not ended well since
    pinned: Pinned | None = None  # it was rolled back alone, and stays so
    kept: Kept | None = None  # the last that a hook kept

    def with_files_laid(self, digest: str) -> Record:
        """The same service after files with this digest were laid on the host, whether or not it comes to use them."""
        if not self.digest:
            return self
        if not self.laid:
            return self if digest == self.digest else replace(self, laid=digest)
        return self if digest == self.laid else replace(self, laid=_SEVERAL)

    def line(self) -> str:
        """The record as one line of JSON."""
        return json.dumps(_plain(self), separators=(",", ":"), sort_keys=True)


class SystemRecord(Struct, frozen=True):
    """A NixOS system that was activated, confirmed and made the boot default; a line of `system.jsonl`."""

    system: str  # store path
    files: str  # digest of the flake's folder, "" where an exact store path was asked for
    commit: str
    at: str  # ISO 8601, UTC
    by: str  # user@machine
    before: str = ""  # store path of the system that ran until then, kept from the garbage collector

    def line(self) -> str:
        """The record as one line of JSON."""
        return json.dumps({slot: getattr(self, slot) for slot in _SYSTEM}, separators=(",", ":"))


_SYSTEM = ("system", "files", "commit", "at", "by", "before")


def read_systems(text: str) -> tuple[SystemRecord, ...]:
    """All recorded systems, the last one last. A line that is torn or foreign is passed over."""
    return tuple(found for line in text.splitlines() if (found := _system(line)))


def _system(line: str) -> SystemRecord | None:
    try:
        record = SystemRecord(**json.loads(line))
    except (ValueError, TypeError, RecursionError):
        return None
    return record if all(isinstance(getattr(record, slot), str) for slot in _SYSTEM) else None


def read(text: str) -> Mapping[str, Record]:
    """Service -> its last record; see `read_all`."""
    return read_all(text)[0]


def read_all(text: str) -> tuple[Mapping[str, Record], tuple[int, ...]]:
    """Service -> its last record, and the numbers of the lines that are none.

    A line that is torn or foreign is passed over: an older one then counts, and the service is looked at again. A last
    line without its end is what a power cut leaves, and no news.
    """
    found: dict[str, Record] = {}
    strange: list[int] = []
    *lines, torn = text.split("\n")
    for number, line in enumerate([*lines, torn], 1):
        record = _record(line)
        if record is not None:
            found[record.service] = record
        elif number <= len(lines):
            strange.append(number)
    return {name: record for name, record in found.items() if not record.removed}, tuple(strange)


def compact(records: Iterable[Record]) -> str:
    """The same state in the fewest lines."""
    return "".join(f"{record.line()}\n" for record in sorted(records, key=lambda r: r.service))


def _record(line: str) -> Record | None:
    try:
        fields: dict[str, Any] = json.loads(line)
        held, pinned, kept = fields.pop("held", None), fields.pop("pinned", None), fields.pop("kept", None)
        containers = tuple(RecordedContainer(**entry) for entry in fields.pop("containers", ()))
        record = Record(
            **fields,
            containers=containers,
            held=Held(**held) if held else None,
            pinned=Pinned(**pinned) if pinned else None,
            kept=Kept(**kept) if kept else None,
        )
    except (ValueError, TypeError, AttributeError, RecursionError):
        return None
    return record if _sound(record) else None


def _sound(record: Record) -> bool:
    """All of it is of the right type: the line may come from anybody."""
    texts = [
        record.service,
        record.project,
        record.directory,
        record.commit,
        record.digest,
        record.at,
        record.by,
        record.laid,
    ]
    if not isinstance(record.env, dict) or not isinstance(record.borrows, dict):
        return False
    texts += [
        *record.env.values(),
        *record.borrows.values(),
        *((record.held.by, record.held.at) if record.held else ()),
        *((record.pinned.commit, record.pinned.by, record.pinned.at) if record.pinned else ()),
        *((record.kept.name, record.kept.commit, record.kept.at) if record.kept else ()),
    ]
    texts += [text for c in record.containers for text in (c.id, c.key, c.name, c.image)]
    return all(isinstance(text, str) for text in texts)


def _plain(record: Record) -> dict[str, Any]:
    texts = ("service", "project", "directory", "commit", "digest", "at", "by")
    plain: dict[str, Any] = {name: getattr(record, name) for name in texts}
    plain["containers"] = [_container(c) for c in record.containers]
    plain |= {"env": dict(record.env), "borrows": dict(record.borrows)}
    if record.held:
        plain["held"] = {"by": record.held.by, "at": record.held.at}
    if record.pinned:
        plain["pinned"] = {"commit": record.pinned.commit, "by": record.pinned.by, "at": record.pinned.at}
    if record.kept:
        plain["kept"] = {"name": record.kept.name, "commit": record.kept.commit, "at": record.kept.at}
    if record.removed:
        plain["removed"] = True
    if record.laid:
        plain["laid"] = record.laid
    if record.unfinished:
        plain["unfinished"] = True
    return plain


def _container(container: RecordedContainer) -> dict[str, Any]:
    return {slot: getattr(container, slot) for slot in ("id", "key", "name", "image", "finished")}
