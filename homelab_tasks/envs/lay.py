"""Lay `.env` files on one host, under its lock, and write down that it was done."""

from __future__ import annotations

import os
import time
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from msgspec import Struct

from ..author import now, who
from ..commands import env
from ..fleet import env_files
from ..model import Repo
from ..runner import Runner
from .reach import Unit, failure

if TYPE_CHECKING:
    from ..ledger import Held
    from ..waiting import Patience


class Sent(Struct, frozen=True):
    """What came of one file; `why` it is not there, and the next move, or ""."""

    unit: Unit
    why: str = ""


class Laying(Struct, frozen=True):
    """How the history calls it, and how long a locked host is waited for."""

    title: str
    patience: Patience


def lay(repo: Repo, runner: Runner, files: Mapping[Unit, tuple[bytes, str]], laying: Laying) -> list[Sent]:
    """Lay contents on one host where the other (a SHA-256, or `absent`) lies now, under its lock.

    Raises HomelabError and ConnectionError where the host cannot be locked.
    """
    started = time.monotonic()
    held = _lock(repo, runner, laying)
    try:
        sent = [_put(repo, runner, unit, content, before) for unit, (content, before) in files.items()]
        if held.ledger.lost:
            return [Sent(one.unit, one.why or held.ledger.lost) for one in sent]
        held.ledger.journal(_event(laying.title, sent, round(time.monotonic() - started, 2)))
        return sent
    finally:
        held.ledger.close()


def _lock(repo: Repo, runner: Runner, laying: Laying) -> Held:
    from ..ledger import open_ledger
    from ..waiting import patiently

    def take() -> Held:
        name = f"{who()}, pid {os.getpid()}, since {now()}: {laying.title}"
        return open_ledger(runner, name, repo.branch, env_files(repo, runner.host))

    return patiently(take, laying.patience)


def _put(repo: Repo, runner: Runner, unit: Unit, content: bytes, before: str) -> Sent:
    there = unit.there(repo)
    result = runner.run(env.put(unit.host, there, content, before))
    if not result.ok:
        return Sent(unit, failure(unit.host, f"writing {unit.path}", result))
    return Sent(unit, _refusal(unit, result.text.strip()))


def _refusal(unit: Unit, said: str) -> str:
    match said:
        case "written":
            return ""
        case "changed":
            return f"{unit.path} was changed on {unit.host} meanwhile; nothing was written: run the same again"
        case "tracked":
            return f"{unit.path} is part of the commit on {unit.host}; deploy the one without it first"
        case "other":
            return f"{unit.path} on {unit.host} is a link or a folder; whoever made it provides it: look there"
        case _:
            return f"{unit.host} gave no answer for {unit.path}; run the same again"


def _event(title: str, sent: Sequence[Sent], seconds: float) -> dict[str, object]:
    """As runs are written down, so that the history has it."""
    steps = [_step(one) for one in sent]
    ok = not any(one.why for one in sent)
    return {"event": "end", "at": now(), "by": who(), "title": title, "ok": ok, "seconds": seconds, "steps": steps}


def _step(one: Sent) -> dict[str, str]:
    status = "failed" if one.why else "done"
    return {"step": f"{one.unit.service}@{one.unit.host}", "verb": "wrote .env of", "status": status, "why": one.why}
