"""One host with a homelab of its own, in which one deploy after the other is broken; and what is true of it then."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from homelab_tasks.history import Ending, Journal, parse
from homelab_tasks.record import Record, read
from tests.hosts.faults.driver import REACHED, Stopping, deploy
from tests.hosts.homelab import CHECKOUT, Homelab, put
from tests.lab import Lab, LabHost

SERVICES = {"db": (), "app": ("db",), "page": ("app",)}
PRECIOUS = {
    "/var/lib/docker/volumes/db_data/_data/kept": "rows",
    f"{CHECKOUT}/services/app/.env": "TOKEN=mine",
    f"{CHECKOUT}/services/app/notes.txt": "a local file",
}
LOCKS_ARE_FREE = "cd /opt/homelab/.git/homelab && flock --wait 25 lock true && flock --wait 5 working true"
LOOK = f"""
cd {CHECKOUT}; export GIT_CONFIG_COUNT=1 GIT_CONFIG_KEY_0=safe.directory GIT_CONFIG_VALUE_0='*' GIT_OPTIONAL_LOCKS=0
git rev-parse HEAD; printf '\\036'
[ -e .git/homelab/delivering ] || git status --porcelain --untracked-files=no; printf '\\036'
cat .git/homelab/state.jsonl; printf '\\036'
cat .git/homelab/journal.jsonl; printf '\\036'
docker ps --all --quiet | xargs --no-run-if-empty docker inspect
"""


@dataclass(frozen=True, slots=True)
class Truth:
    """What is on the host, seen past our own code but for the reading of the records."""

    commit: str
    dirty: str
    records: Mapping[str, Record]
    journal: Journal
    versions: Mapping[str, str]  # container id -> the version that it is of
    running: frozenset[str]  # container ids


@dataclass(slots=True)
class World:
    """A homelab of three services, each of which needs the one before. Version n sets V to n in all containers."""

    home: Homelab
    host: LabHost
    version: int = 0
    commits: dict[str, str] = field(default_factory=dict)  # commit -> the version that it is of

    @classmethod
    def make(cls, top: Path, lab: Lab, host: LabHost) -> World:
        """With version 1 deployed, and something that only the host has in every kind of place."""
        world = cls(Homelab.make(top, lab, [host]), host)
        world.home.inventory(lab, [host], defaults={"connect_timeout": 5, "on_failure": "revert"})
        world.home.write(".gitignore", ".env\n")
        world.home.write("services/app/.env.example", "TOKEN=\n")
        world.next_version()
        put(host, "services/app/.env", "TOKEN=mine\n")
        world.converge()
        put(host, "services/app/notes.txt", "a local file\n")
        host.docker("exec", "db-web-1", "sh", "-c", "echo rows >/data/kept")
        return world

    def next_version(self, *, good: bool = True) -> None:
        """Commit the next version; where it is not good, the last service does not come up."""
        self.version += 1
        for name, needs in SERVICES.items():
            lines = [f"environment: {{V: '{self.version}'}}"]
            lines += ["volumes: ['data:/data']"] if name == "db" else []
            lines += ["env_file: .env"] if name == "app" else []
            lines += ["command: 'false'"] if name == "page" and not good else []
            self.home.add(name, *lines, host=self.host.name, depends_on=list(needs), timeout=2)
        path = "services/db/compose.yml"
        self.home.write(path, (self.home.root / path).read_text() + "volumes: {data: {}}\n")
        self.commits[self.home.commit(f"version {self.version}")] = str(self.version)

    def deploy(self) -> str:
        """Deploy everything, in this process; why it did not go well, or ""."""
        return deploy(self.home.root, Stopping())

    def converge(self) -> None:
        """Deploy everything, which has to succeed."""
        why = self.deploy()
        assert not why, why

    def start(self, point: str) -> subprocess.Popen[str]:
        """Start a deploy of everything that stops at `point`; returns when it is there."""
        process = subprocess.Popen(
            [sys.executable, "-m", "tests.hosts.faults.driver", point],
            cwd=self.home.root,
            env=self.home._environment(),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        assert process.stdout
        if process.stdout.readline().strip() != REACHED:
            raise AssertionError(f"a deploy never came to {point}: {process.communicate()[1]}")
        return process

    def look(self) -> Truth:
        """Once nobody works there any more."""
        assert self.host.exec("bash", "-c", LOCKS_ARE_FREE, user="admin").returncode == 0, "a lock is stale"
        commit, dirty, state, journal, found = self.host.check("bash", "-c", LOOK).split("\036")
        containers: list[dict[str, Any]] = json.loads(found)
        versions = {facts["Id"]: _version(facts) for facts in containers}
        running = frozenset(facts["Id"] for facts in containers if facts["State"]["Running"])
        history = parse(self.host.name, f"\036newer 0\n{journal}\036end\n")
        return Truth(commit.strip(), dirty.strip(), read(state), history, versions, running)

    def precious(self) -> dict[str, str]:
        """What only the host has, as it is now."""
        return {path: self.host.check("cat", path) for path in PRECIOUS}


def _version(facts: dict[str, Any]) -> str:
    (version,) = [word.removeprefix("V=") for word in facts["Config"]["Env"] if word.startswith("V=")]
    return str(version)


def lies(world: World, truth: Truth) -> list[str]:
    """What the records, or the checkout, say and is not so."""
    found = [] if truth.commit in world.commits else [f"the checkout is at {truth.commit}"]
    found += [f"edited: {truth.dirty}"] if truth.dirty else []
    found += truth.journal.notes
    found += _untrue_end(world, truth)
    for name, record in truth.records.items():
        if record.unfinished or not record.digest:
            continue
        for container in record.containers:
            version = truth.versions.get(container.id, "gone")
            if version != world.commits[record.commit]:
                found.append(f"{name}: recorded as version {world.commits[record.commit]}, and is {version}")
    return found


def _untrue_end(world: World, truth: Truth) -> list[str]:
    """What the journal says of the last run, if that was about the newest version, and is not so."""
    run = truth.journal.runs[-1]
    before, after = run.moves[world.host.name]
    if world.commits[after] != str(world.version) or (run.ending is Ending.PUT_BACK and before == after):
        return []  # the second time, it went back to what was before the first
    says = {Ending.DONE: after, Ending.PUT_BACK: before}.get(run.ending, truth.commit)
    if says == truth.commit:
        return []
    return [f"the journal says: {run.ending.value}, and the checkout is at {truth.commit}"]


def differences(world: World, truth: Truth) -> list[str]:
    """What is not as the newest version says."""
    wanted = str(world.version)
    found = [] if world.commits.get(truth.commit) == wanted else [f"the checkout is at {truth.commit}"]
    for name in SERVICES:
        record = truth.records.get(name)
        ids = {container.id for container in record.containers} if record else set()
        if not record or record.unfinished or not ids or not ids <= truth.running:
            found.append(f"{name} is not up")
        found += [f"{name}: version {truth.versions[i]}" for i in ids if truth.versions.get(i, wanted) != wanted]
    known = {container.id for record in truth.records.values() for container in record.containers}
    return [*found, *(f"nobody knows {stray}" for stray in truth.versions.keys() - known)]
