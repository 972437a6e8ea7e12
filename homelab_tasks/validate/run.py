"""One validation: everything is looked at, or the last result is taken where nothing changed."""

from __future__ import annotations

import gc
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from ..problem import Problem
from ..repo.source import FILE, Tree, Worktree, homelab_root, worktree
from .cache import Kept
from .ignore import without_ignored
from .result import Known, Result, ordered

if TYPE_CHECKING:
    from .facts import Facts


def validate(start: Path, *, deep: bool = False, remote: bool = False, quick: bool = False) -> Result:
    """All that is wrong with the homelab around `start`, as it lies there. Raises HomelabError where there is none.

    `deep` evaluates what takes long, `remote` asks the hosts; the results of both are not kept. `quick` asks no other
    program, so it says the same on every machine.
    """
    kept = Kept(homelab_root(start), quick=quick)
    before = None if deep or remote else kept.read()
    if before is not None:
        return before
    watched: dict[str, None] = {}
    with _nothing_collected():
        facts = _facts(worktree(start), watched, quick=quick)
        result = _result(facts, _found(facts, deep=deep, remote=remote), remote=remote)
    if not (deep or remote or facts.fleeting):
        kept.write(result, watched)
    return result


@contextmanager
def _nothing_collected() -> Iterator[None]:
    """Hardly anything here becomes garbage, and the collector would walk all documents again and again."""
    collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collecting:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Watched:
    """A folder of files that writes down which of them were read; it is a Source."""

    below: Worktree
    watched: dict[str, None] = field(repr=False)

    @property
    def root(self) -> Path:
        """The homelab's folder."""
        return self.below.root

    @property
    def prefix(self) -> str:
        """The homelab's folder in its Git repo."""
        return self.below.prefix

    @property
    def commit(self) -> str:
        """None: it is a folder."""
        return ""

    @property
    def branch(self) -> str:
        """None: it is a folder."""
        return ""

    @property
    def files(self) -> Mapping[str, str]:
        """The names of its files."""
        return self.below.files

    def tree(self) -> Tree:
        """None: it is a folder."""
        return self.below.tree()

    def read(self, path: str) -> bytes:
        """A file's content. Raises OSError."""
        self.watched[f"{self.root}/{path}"] = None
        return self.below.read(path)

    def prefetch(self, paths: Iterable[str]) -> None:
        """Nothing to do."""


def _facts(files: Worktree, watched: dict[str, None], *, quick: bool) -> Facts:
    from ..repo.loader import examine
    from .facts import Facts

    return Facts(examine(Watched(files, watched)), watched, quick)


def _found(facts: Facts, *, deep: bool, remote: bool) -> list[Problem]:
    from . import catalog

    return [*catalog.found(facts, deep=deep), *(catalog.found_on_hosts(facts, deep=deep) if remote else ())]


def _result(facts: Facts, found: list[Problem], *, remote: bool) -> Result:
    from . import catalog

    kept = without_ignored(found, facts.documents.text, _ignored_everywhere(facts))
    return Result(
        problems=ordered(kept),
        unchecked=tuple(sorted(set(facts.unchecked))),
        services=_services(facts),
        rules=catalog.rules(remote=remote),
        prefix=facts.source.prefix,
        ignored=len(found) - len(kept),
    )


def _ignored_everywhere(facts: Facts) -> list[str]:
    """`validate: {ignore: [C004]}` of `hosts.yaml`; its form is checked when that is read."""
    for content in facts.documents.read(FILE):
        settings = content.get("validate") if isinstance(content, dict) else None
        ignore = settings.get("ignore") if isinstance(settings, dict) else None
        return [ignore] if isinstance(ignore, str) else [code for code in ignore or () if isinstance(code, str)]
    return []


def _services(facts: Facts) -> tuple[Known, ...]:
    return tuple(
        Known(service.name, service.app, tuple(dict.fromkeys((service.directory, *service.stack.reads))))
        for service in facts.repo.services.values()
    )
