"""The hosts of one run: connected and looked at in parallel, each as soon as it answers."""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import Future, wait
from functools import partial
from itertools import combinations
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self, TypeVar

from msgspec import Struct, field

from .background import in_background
from .errors import Refused
from .model import Host, Repo, Transport
from .runner import Result, Runner, Unreachable, connect_all

if TYPE_CHECKING:
    from .observe import Observation

T = TypeVar("T")
Item = TypeVar("Item")
SLOW = 3.0  # seconds after which it is told which hosts have not answered yet


class _Sight(Struct, frozen=True):
    runner: Runner | Unreachable
    result: Result | None = None
    at: float = 0


class Fleet(Struct):
    """Connections of one run. `seen` and `unfit` share no host: what can be worked with, and why not."""

    repo: Repo
    runners: dict[str, Runner] = field(default_factory=dict)
    seen: dict[str, Observation] = field(default_factory=dict)
    unfit: dict[str, str] = field(default_factory=dict)
    notes: list[str] = field(default_factory=list)  # what happened on the way and a person should know
    skew: dict[str, float] = field(default_factory=dict)  # host's clock minus ours, seconds
    run: str = field(default_factory=lambda: os.urandom(6).hex())  # by which journals know that it was one run
    received: dict[str, Future[Result | None]] = field(default_factory=dict)  # the commits that a locked host lacked
    docker: bool = True  # a host without it is of no use
    _coming: dict[str, Future[_Sight]] = field(default_factory=dict)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for runner in self.runners.values():
            runner.close()

    def begin(self, hosts: Iterable[Host]) -> None:
        """Start to connect to those of `hosts` that are new, and to observe them; `look_at` waits for the answers."""
        known = {*self.seen, *self.unfit, *self._coming}
        fresh = [host for host in hosts if host.name not in known]
        opening = connect_all(fresh)
        self._coming |= {host.name: in_background(partial(self._look, host, opening[host.name])) for host in fresh}

    def look_at(self, hosts: Iterable[Host], stage: Callable[[str], None] = lambda _: None) -> None:
        """Connect to these hosts and observe them; `stage` is told whom that waits for."""
        hosts = tuple(hosts)
        stage(f"looking at {', '.join(host.name for host in hosts)}")
        self.begin(hosts)
        began, patience = time.monotonic(), SLOW
        while late := self._not_there(patience):
            stage(f"no answer from {', '.join(late)} for {time.monotonic() - began:.0f} s")
            patience = 1
        while self._coming:
            name, sight = self._coming.popitem()
            self._take(self.repo.hosts[name], sight.result())
        self._refuse_one_machine()

    def _refuse_one_machine(self) -> None:
        """Each of two names would undo what the other one means."""
        names = [name for name in self.repo.hosts if name in self.seen]
        for one, other in combinations(names, 2):
            if self.seen[one].same_checkout(self.seen[other]):
                raise one_machine(self.repo.hosts[one], self.repo.hosts[other])

    def _not_there(self, patience: float) -> list[str]:
        """Whose answers are not there after so many seconds."""
        wait(self._coming.values(), patience)
        return [name for name, sight in self._coming.items() if not sight.done()]

    def _look(self, host: Host, opening: Future[Runner | Unreachable]) -> _Sight:
        runner = opening.result()
        if isinstance(runner, Unreachable):
            return _Sight(runner)
        from .observe import look  # not before the first connections are on their way

        result = runner.run(look(host, watched(self.repo, host)))
        return _Sight(runner, result, time.time())

    def _take(self, host: Host, sight: _Sight) -> None:
        runner, result, at = sight.runner, sight.result, sight.at
        if isinstance(runner, Unreachable):
            self.unfit[host.name] = str(runner)
            return
        self.runners[host.name] = runner
        if result is None or not result.ok or not result.text:
            self.unfit[host.name] = _failed_look(host, result)
            return
        from .observe import parse

        seen = parse(host, result.text)
        self.skew[host.name] = seen.clock - at if seen.clock else 0
        if problems := self.problems_of(seen):
            self.unfit[host.name] = problems[0]
        else:
            self.see(host, seen)

    def see(self, host: Host, seen: Observation) -> None:
        """From now on this is how the host is, with what was done there by hand."""
        strayed = seen.strayed and seen.commit != self.repo.commit and not in_place(self.repo, host)
        if strayed or seen.dirty:
            from .by_hand import with_what_lies

            seen = with_what_lies(self.repo, seen, strayed=strayed)
        self.seen[host.name] = seen

    def problems_of(self, seen: Observation) -> tuple[str, ...]:
        """What keeps this run from working on a host."""
        return tuple(problem for problem in seen.problems if self.docker or problem not in seen.of_docker)

    def lose(self, host: str, why: str) -> None:
        """A host turns out to be no good: nothing more is planned on it."""
        self.seen.pop(host, None)
        self.unfit[host] = why


def one_machine(host: Host, other: Host) -> Refused:
    """Two hosts of `hosts.yaml` turn out to be the same."""
    what = f"{host} and {other} are one machine: both lead to the same {host.path}"
    return Refused(what, move="keep one of them in hosts.yaml, where a new name takes the place of the old one")


def env_files(repo: Repo, host: Host) -> tuple[str, ...]:
    """The env files of all services on a host, from its checkout's root."""
    mine = (s for s in repo.services.values() if host in s.hosts)
    return tuple(dict.fromkeys(f"{repo.prefix}{path}" for s in mine for path in s.stack.env_files))


def watched(repo: Repo, host: Host) -> tuple[str, ...]:
    """Those, and the ones that its services read elsewhere on the host."""
    mine = (s for s in repo.services.values() if host in s.hosts)
    return (*env_files(repo, host), *dict.fromkeys(path for s in mine for path in s.stack.host_env_files))


def in_place(repo: Repo, host: Host) -> bool:
    """The host's checkout is the very one that is read here: nothing has to be delivered."""
    if host.transport is not Transport.LOCAL:
        return False
    return Path(host.path, repo.prefix).resolve() == Path(repo.root).resolve()


def in_parallel(work: Callable[[Item], T], items: Sequence[Item]) -> list[T]:
    """`work` for each item at the same time; the answers in the order of `items`."""
    return [future.result() for future in [in_background(partial(work, item)) for item in items]]


def _failed_look(host: Host, result: Result | None) -> str:
    if result is None or result.lost:
        return f"connection to {host.name} lost ({result.stderr.strip() if result else 'no answer'}); try again"
    if result.exit == 127:
        return f"bash is not installed on {host.name}; install it there"
    if result.exit == 124:
        return f"{host.name} did not answer within 60 s; look whether docker and the disk work there"
    from .observe import ran_nothing

    if why := ran_nothing(host, result.text, result.stderr):
        return "; ".join(why)
    lines = result.stderr.strip().splitlines() or [f"exit status {result.exit}"]
    return f"looking at {host.name} failed ({lines[-1]}); mend that there first"
