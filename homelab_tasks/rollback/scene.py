"""What is known before anything is decided: the hosts as they are, and what they remember."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from itertools import chain
from pathlib import Path

from msgspec import Struct, field

from .. import history
from ..commands import history as journals
from ..errors import Refused
from ..fleet import Fleet, in_parallel, in_place
from ..history import Journal
from ..model import Host, Repo
from .asked import Asked


class Scene(Struct, frozen=True):
    """The homelab as it is here and now, and those of its hosts that were looked at."""

    asked: Asked
    repo: Repo
    fleet: Fleet
    journals: dict[str, Journal] = field(default_factory=dict)  # of each host that answered, the whole one

    @property
    def root(self) -> Path:
        """The homelab's folder on this machine."""
        return Path(self.repo.root)

    @property
    def deployed(self) -> Mapping[str, str]:
        """Host -> the commit that it is at."""
        seen = self.fleet.seen
        return {name: seen[name].base for name in self.repo.hosts if name in seen and seen[name].commit}

    @property
    def was(self) -> Mapping[str, frozenset[str]]:
        """Host -> the commits that it was at by its journal; what was put back never was."""
        kept = {name: [run for run in journal.runs if not run.reverted] for name, journal in self.journals.items()}
        return {name: frozenset(chain(*(run.moves.get(name, ()) for run in runs))) for name, runs in kept.items()}

    @property
    def left_out(self) -> tuple[str, ...]:
        """What of the journals could not be read."""
        return tuple(chain.from_iterable(journal.notes for journal in self.journals.values()))

    def see(self, hosts: Iterable[Host], stage: Callable[[str], None] = lambda _: None) -> None:
        """Look at those of `hosts` that are new, and read their journals. Raises Refused for the checkout of ours."""
        self.fleet.look_at(hosts, stage)
        fresh = [self.fleet.repo.hosts[name] for name in self.fleet.seen if name not in self.journals]
        for host in fresh:
            if in_place(self.fleet.repo, host):
                what = f"{host.name} runs this very checkout, which a rollback would take from under your hands"
                raise Refused(what, move="git revert here and deploy, or roll back the others: --host")
        answers = in_parallel(lambda host: self.fleet.runners[host.name].run(journals.read(host, 0)), fresh)
        for host, answer in zip(fresh, answers, strict=True):
            if answer.ok:
                self.journals[host.name] = history.parse(host.name, answer.text)
            else:
                said = (answer.stderr.strip().splitlines() or [f"exit status {answer.exit}"])[-1]
                why = f"the journal of {host.name} cannot be read ({said}); mend that there first"
                self.fleet.lose(host.name, why)
