"""Connections to hosts whose env files are looked at: no other look at them, so no Docker is needed there."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager

from msgspec import Struct, field

from ..commands import env
from ..commands.env import Judged, Text
from ..dotenv.placeholder import PATTERN
from ..errors import Refused
from ..fleet import in_parallel, in_place
from ..model import Host, Repo, Service
from ..observe import ran_nothing
from ..runner import Result, Runner, Unreachable, connect_all


class Reached(Struct, frozen=True):
    """Hosts that answer, and why the others do not."""

    repo: Repo
    runners: dict[str, Runner] = field(default_factory=dict)
    lost: dict[str, str] = field(default_factory=dict)

    def judge(self, texts: Mapping[Unit, Text | None]) -> dict[Unit, Judged]:
        """What lies on the hosts for each unit, compared with its text there. One command a host."""
        hosts = {unit.host.name: unit.host for unit in texts if unit.host.name in self.runners}

        def ask(host: Host) -> Result:
            files = {unit.there(self.repo): text for unit, text in texts.items() if unit.host == host}
            return self.runners[host.name].run(env.judge(host, files, PATTERN))

        found: dict[Unit, Judged] = {}
        for host, result in zip(hosts.values(), in_parallel(ask, list(hosts.values())), strict=True):
            answer = env.parse(result.text) if result.ok else None
            if answer is None:
                self.lost[host.name] = failure(host, "looking at its env files", result)
            for unit in texts:
                if answer and unit.host == host:
                    found[unit] = answer[unit.there(self.repo)]
        return found


class Unit(Struct, frozen=True):
    """The `.env` of one service on one host, or another `file` of its `env_file:` (from the homelab's root)."""

    service: Service
    host: Host
    file: str = ""

    def __str__(self) -> str:
        return f"{self.service.name} on {self.host.name}"

    def __hash__(self) -> int:
        return hash((self.service.name, self.host.name, self.file))

    @property
    def path(self) -> str:
        """From the homelab's root."""
        return self.file or path_of(self.service)

    def there(self, repo: Repo) -> str:
        """From the root of the host's checkout."""
        return f"{repo.prefix}{self.path}"


def path_of(service: Service) -> str:
    """A service's `.env`, from the homelab's root."""
    return f"{service.directory}/.env"


def others(service: Service) -> tuple[str, ...]:
    """Its env files besides `.env` that no commit brings: they are looked at, and not sent."""
    return tuple(path for path in service.stack.env_files if path not in (path_of(service), *service.files))


def units(services: Iterable[Service], only: frozenset[str]) -> tuple[Unit, ...]:
    """Every service on each of its hosts, or on those of `only`. Raises Refused where none of them runs there."""
    found = tuple(Unit(s, host) for s in services for host in s.hosts if not only or host.name in only)
    if only and not found:
        raise Refused(f"none of these runs on {', '.join(sorted(only))}", move="inv list shows what runs where")
    return found


def apart(repo: Repo, all_units: Iterable[Unit]) -> tuple[list[Unit], list[Unit]]:
    """Those on other checkouts, and those whose file is the very one that lies here."""
    both: tuple[list[Unit], list[Unit]] = ([], [])
    for unit in all_units:
        both[in_place(repo, unit.host)].append(unit)
    return both


@contextmanager
def reached(repo: Repo, hosts: Iterable[Host]) -> Iterator[Reached]:
    """Connect to all hosts at once; close the connections at the end."""
    found = Reached(repo)
    try:
        for name, opening in connect_all(dict.fromkeys(hosts)).items():
            runner = opening.result()
            if isinstance(runner, Unreachable):
                found.lost[name] = str(runner)
            else:
                found.runners[name] = runner
        yield found
    finally:
        for runner in found.runners.values():
            runner.close()


def failure(host: Host, doing: str, result: Result) -> str:
    """What went wrong there, and the next move."""
    if result.lost:
        return f"{host.name} was lost while {doing} ({result.stderr.strip()}); run the same again"
    if result.exit == 127:
        return f"bash is not installed on {host.name}; install it there"
    if why := ran_nothing(host, result.text, result.stderr):
        return "; ".join(why)
    if "No space left" in result.stderr:
        return f"the disk of {host.name} is full ({doing}); free some space there: inv cleanup"
    lines = [line.strip() for line in result.stderr.splitlines() if line.strip()] or [f"exit status {result.exit}"]
    return f"{doing} on {host.name} failed ({lines[-1]}); mend that there first"
