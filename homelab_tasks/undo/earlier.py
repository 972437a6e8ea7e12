"""How things were before a run: of each service that it touched, the record, and the repo in which it was so."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from msgspec import Struct, field
from msgspec.structs import replace

from .. import repo as repos
from ..commands import compose, docker
from ..errors import HomelabError
from ..fleet import Fleet
from ..model import Repo
from ..observe import Observation
from ..plan import Step, Unit, Verb
from ..plan.facts import Facts
from ..plan.pinned import of_then
from ..plan.removal import removal
from ..record import Record


class Touched(Struct, frozen=True):
    """A service that was changed, as it was recorded before: to be brought back at the commit that it was of."""

    step: Step
    record: Record
    repo: Repo


class Earlier(Struct):
    """What the hosts held when a run began, `seen` under its locks."""

    fleet: Fleet
    seen: Mapping[str, Observation]
    left: list[str] = field(default_factory=list)  # what cannot be put back: `what; the next move`
    repos: dict[str, Repo | None] = field(default_factory=dict)  # by commit; None where it is not known here

    def split(self, touched: Iterable[Step]) -> tuple[list[Touched], list[Step]]:
        """Services with what they were, and the steps that remove what was not there before."""
        known: list[Touched] = []
        made: list[Step] = []
        for step in touched:
            seen = self.seen[step.host.name]
            record = seen.records.get(step.subject)
            if step.verb is Verb.SYSTEM:
                continue
            if step.verb is Verb.NETWORK:
                made.append(_unmake_network(step))
            elif record and record.digest:
                repo = self._repo_of(seen.commit, step.subject, record)
                if repo:
                    known.append(Touched(step, record, repo))
            elif step.entry and seen.of_project(step.entry.project):
                where = f"{step.subject} on {step.host.name}"
                self.left.append(f"{where} ran there before, and nobody had recorded how; it stays as it is")
            elif step.subject in self.fleet.seen[step.host.name].records:
                made.append(self._removal(step))
        return known, made

    def repo_of(self, host: str) -> Repo | None:
        """The repo at the commit that a host was at; None where it is not known here."""
        commit = self.seen[host].commit
        return self._load(commit) if commit else None

    def _removal(self, step: Step) -> Step:
        seen = self.fleet.seen[step.host.name]
        unit = Unit(step.subject, step.host, "was not there before")
        name, grace = seen.records[step.subject].project, compose.grace(self.fleet.repo.services.get(step.subject))
        project = compose.Project(name, "/", seen.compose, f"{seen.folder}/working", grace=grace)
        own = removal(Facts(self.fleet.repo, self.fleet.seen, {}), unit)
        return replace(own, causes=(unit.why,), commands=(compose.down(project),))

    def _repo_of(self, commit: str, name: str, record: Record) -> Repo | None:
        """The repo in which the service is as it was recorded: that of the host's commit if it was the same there."""
        here = self._load(commit) if commit else None
        service = here.services.get(name) if here else None
        if here and service and service.digest == record.digest:
            return here
        there = self._load(record.commit)
        if there and name in there.services:
            return there
        self.left.append(f"{name}: commit {record.commit[:7]}, which it was of, is not known here; git fetch")
        return None

    def _load(self, commit: str) -> Repo | None:
        if commit not in self.repos:
            try:
                self.repos[commit] = self._read(commit)
            except HomelabError:
                self.repos[commit] = None
        return self.repos[commit]

    def _read(self, commit: str) -> Repo:
        root = Path(self.fleet.repo.root)
        made = [seen for seen in self.seen.values() if seen.commit == commit and seen.made_of]
        return repos.at_pinned(root, made[0].base, of_then(made[0])) if made else repos.at_commit(root, commit)


def _unmake_network(step: Step) -> Step:
    commands = (docker.remove_network(step.subject),)
    return replace(
        step, verb=Verb.REMOVE, causes=("was not there before",), asked="", commands=commands, needs=frozenset()
    )
