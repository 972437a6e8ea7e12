"""Calls of Compose: many services in one, as long as it takes them all, and as many calls at once as processors."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from msgspec import Struct

from .compose_copy import Copy
from .compose_kept import Answers
from .compose_plugin import Said, config
from .compose_view import View
from .facts import Facts

_TOGETHER = 8  # services that are worth a call of their own: a call costs 35 ms, a service in it 4


class _Asking(Struct, frozen=True):
    binary: Path
    root: Path

    def together(self, copies: list[Copy]) -> list[tuple[Copy, Said]]:
        """One call for all of them; where Compose refuses, one for each half, down to who it is."""
        if len(copies) == 1:
            return [(copies[0], config(self.binary, copies[0].words, self.root))]
        file = self.root / f"all-{copies[0].view.service.name}.json"
        file.write_text(json.dumps({"include": [copy.include for copy in copies]}))
        said = config(self.binary, ["--project-name", "all", "--file", file.name], self.root)
        if said.status in (0, None):
            return [(copy, said) for copy in copies]
        middle = len(copies) // 2
        return [*self.together(copies[:middle]), *self.together(copies[middle:])]


def ask(binary: Path, copies: list[Copy], *, alone: set[str], kept: Answers, facts: Facts) -> None:
    """Put the answers to `copies` into `kept`; the services in `alone` are asked about one by one. Raises OSError."""
    with tempfile.TemporaryDirectory(prefix="homelab-") as folder, ThreadPoolExecutor(os.cpu_count() or 1) as workers:
        laid = [copy for copy in copies if copy.write(Path(folder))]
        asking = _Asking(binary, Path(folder))
        said_of = workers.map(asking.together, _batches(laid, alone))
        facts.under_way.set()
        for answers in said_of:
            for copy, said in answers:
                if said.status is None:
                    facts.left_out(f"what Docker Compose says of {copy.view.service}", said.errors, fleeting=True)
                else:
                    # without the copy's folder, which is another one each time
                    kept.put(copy.key, said.errors.replace(f"{folder}/", "") if said.status else "")


def _batches(copies: Iterable[Copy], alone: set[str]) -> list[list[Copy]]:
    """Services that share no name can be asked about in one call; those with faults are asked one by one."""
    found: list[tuple[dict[tuple[str, str], object], list[Copy]]] = []
    single: list[list[Copy]] = []
    for copy in copies:
        if copy.view.service.name in alone:
            single.append([copy])
            continue
        names = _names(copy.view)
        for taken, batch in found:
            if len(batch) < _TOGETHER * 4 and all(taken.get(key, value) == value for key, value in names.items()):
                taken.update(names)
                batch.append(copy)
                break
        else:
            found.append((dict(names), [copy]))
    return [*single, *(half for _, batch in found for half in _halves(batch))]


def _halves(batch: list[Copy]) -> list[list[Copy]]:
    workers = min(os.cpu_count() or 1, -(-len(batch) // _TOGETHER))
    return [part for i in range(workers) if (part := batch[i::workers])]


def _names(view: View) -> dict[tuple[str, str], object]:
    """What may stand once in a project: containers never twice, the rest only if it is the same."""
    names: dict[tuple[str, str], object] = {("services", key): view.service.name for key in view.entries}
    return names | {key: [dict(part) for part, _ in said] for key, said in view.declared.items()}
