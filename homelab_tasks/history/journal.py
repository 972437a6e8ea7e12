"""The journal of one host: the pure parser of what its script printed."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from msgspec.structs import replace

from .run import Change, Ending, Journal, Run, moment


def parse(host: str, output: str) -> Journal:
    """Read what `commands.history` printed, whatever it is. Lines that are no entries are noted and left out."""
    sections = dict(_section(part) for part in output.split("\036")[1:])
    notes = [] if "end" in sections else [f"{host}: the journal was cut short on the way"]
    events: list[dict[str, Any]] = []
    for name, file in (("older", "journal.older.jsonl"), ("newer", "journal.jsonl")):
        count, text = sections.get(name, (0, ""))
        found, strange = _events(text, count)
        events += found
        notes += [f"{host}: {file} line {_listed(strange)} of .git/homelab: no entry, left out"] if strange else []
    runs = _runs(host, events)
    if "holder" in sections and runs and _works(runs[-1], sections["holder"][1]):
        runs[-1] = replace(runs[-1], ending=Ending.RUNNING)
    return Journal(host, tuple(runs), tuple(notes))


def _works(run: Run, holder: str) -> bool:
    """Whether it is this run that holds the lock: `ann@desk, pid 7, since 2026-01-31T21:14:05Z: deploy plex`."""
    since, _, title = holder.strip().partition(", since ")[2].partition(": ")
    mine = holder.startswith(f"{run.by}, pid ") and title == run.title
    return mine and not run.ended and since <= run.at


def _section(part: str) -> tuple[str, tuple[int, str]]:
    head, _, body = part.partition("\n")
    name, _, count = head.partition(" ")
    return name, (int(count) if count.isdigit() else 0, body)


def _events(text: str, count: int) -> tuple[list[dict[str, Any]], list[int]]:
    """The events of one file of `count` lines, of which the last are here, and the lines that are none.

    A last line without its end is what a power cut leaves, and no news.
    """
    lines = text.split("\n")[:-1]
    found, strange = list[dict[str, Any]](), list[int]()
    for number, line in enumerate(lines, max(count - len(lines), 0) + 1):
        event = _event(line)
        if event is None:
            strange.append(number)
        else:
            found.append(event)
    return found, strange


def _event(line: str) -> dict[str, Any] | None:
    try:
        event = json.loads(line)
    except (ValueError, RecursionError):
        return None
    if not isinstance(event, dict) or not isinstance(event.get("event"), str) or moment(event.get("at")) is None:
        return None
    return event


def _runs(host: str, events: Iterable[dict[str, Any]]) -> list[Run]:
    """Begins with their ends; those of other kinds, which a later version may write, are passed over."""
    runs: dict[str, Run] = {}
    for event in events:
        name = _name(event, runs.values())
        if event["event"] == "begin":
            runs[name] = _begun(host, event, name)
        elif event["event"] == "end":
            runs[name] = _ended(runs.get(name) or _begun(host, event, name), host, event)
    return list(runs.values())


def _name(event: Mapping[str, Any], before: Iterable[Run]) -> str:
    """The id of its run. Where none is written down, an end belongs to the open run of that person and title."""
    named = _text(event, "run")
    if named:
        return named
    open_ = [r.id for r in before if not r.ended and (r.by, r.title) == (_text(event, "by"), _text(event, "title"))]
    if event["event"] == "end" and open_:
        return open_[-1]
    return " ".join(_text(event, key) for key in ("at", "by", "title"))


def _begun(host: str, event: Mapping[str, Any], name: str) -> Run:
    move = (_text(event, "from"), _text(event, "to"))
    return Run(
        name,
        at=_text(event, "at"),
        by=_text(event, "by"),
        title=_text(event, "title"),
        moves={host: move},
        changes=tuple(_changes(host, event, status="")),
        silent=(host,),
    )


def _ended(run: Run, host: str, event: Mapping[str, Any]) -> Run:
    seconds = event.get("seconds")
    return replace(
        run,
        ending=_ending(event),
        seconds=float(seconds) if isinstance(seconds, int | float) else 0.0,
        reverted=event.get("reverted") is True,
        left=_sentences(event, "left"),
        aside=_sentences(event, "aside"),
        changes=tuple(_changes(host, event, status="done")),
        silent=(),
    )


def _ending(event: Mapping[str, Any]) -> Ending:
    if event.get("interrupted") is True:
        return Ending.INTERRUPTED
    if event.get("ok") is True:
        return Ending.DONE
    return Ending.PUT_BACK if event.get("reverted") is True and not _sentences(event, "left") else Ending.FAILED


def _sentences(event: Mapping[str, Any], key: str) -> tuple[str, ...]:
    told = event.get(key)
    return tuple(word for word in told if isinstance(word, str)) if isinstance(told, list) else ()


def _changes(host: str, event: Mapping[str, Any], *, status: str) -> Iterator[Change]:
    steps = event.get("steps")
    for step in steps if isinstance(steps, list) else []:
        if isinstance(step, dict) and _text(step, "step"):
            service = _text(step, "step").rpartition("@")[0] or _text(step, "step")
            env = _texts(step["env"]) if "env" in step else None
            ended = (_text(step, "status") or status, _text(step, "why"))
            verb, images, kept = _text(step, "verb"), _texts(step.get("images")), _text(step, "kept")
            digest, cause = _text(step, "digest"), _text(step, "cause")
            yield Change(service, host, verb, *ended, env, images, kept, digest, cause)


def _texts(value: object) -> Mapping[str, str]:
    """A mapping of words to words; what is none in it is left out."""
    found = value.items() if isinstance(value, dict) else ()
    return {name: text for name, text in found if isinstance(name, str) and isinstance(text, str)}


def _text(event: Mapping[str, Any], key: str) -> str:
    value = event.get(key)
    return value if isinstance(value, str) else ""


def _listed(numbers: Sequence[int], most: int = 5) -> str:
    more = f" and {len(numbers) - most} more" if len(numbers) > most else ""
    return ", ".join(map(str, numbers[:most])) + more
