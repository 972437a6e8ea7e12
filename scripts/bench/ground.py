"""Where it is measured: one lab host over real SSH, and processes of this machine with their time and memory."""

from __future__ import annotations

import json
import shlex
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from scripts.bench.clock import clock
from scripts.bench.homelab import IMAGE, Homelab
from scripts.bench.model import BenchFailed, Sample
from tests.lab import Lab, LabError, LabHost

CHECKOUT = "/opt/homelab"
RECORDS = f"{CHECKOUT}/.git/homelab"
SSHD_LOG = "/var/log/sshd.log"


@dataclass(frozen=True, slots=True)
class Ground:
    """One host of a lab."""

    lab: Lab
    host: LabHost

    def host_row(self) -> str:
        """The host as `hosts.yaml` has it."""
        keys = f"identity_file: {self.lab.identity_file}, known_hosts: {self.lab.known_hosts}"
        return f"  {self.host.name}: {{address: {self.host.address}, user: admin, path: {CHECKOUT}, {keys}}}\n"

    def inv(self, homelab: Homelab, *words: str, status: int = 0) -> Sample:
        """The real `inv` of this environment in a process of its own, which is to end with `status`."""
        return clock(str(Path(sys.executable).with_name("inv")), *words, folder=homelab.root, status=status)[0]

    def ssh(self, script: str) -> Sample:
        """One OpenSSH process that runs `script` on the host."""
        return self._ssh(script)[0]

    def clocked_there(self, script: str, *, plus: float = 0) -> Sample:
        """The time of `script` as the host itself measures it, without SSH around it; and `plus` seconds."""
        line = f"begin=${{EPOCHREALTIME/./}}; {script}; echo $((${{EPOCHREALTIME/./}} - begin))"
        return Sample(int(self._ssh(f"bash -c {shlex.quote(line)}")[1].split()[-1]) / 1e6 + plus)

    def counted(self, run: Callable[[], Sample]) -> Sample:
        """The same run with what it caused on the host. Counting is itself a task or two, which are taken off."""
        idle, before, sample, after = self._counts(), self._counts(), run(), self._counts()
        counts = {name: after[name] - 2 * before[name] + idle[name] for name in after}
        return replace(sample, counts=counts)

    def _ssh(self, script: str) -> tuple[Sample, str]:
        return clock("ssh", "-F", str(self.lab.ssh_dir / "config"), self.host.name, script)

    def forget(self) -> None:
        """No containers, no networks, no records; images and the checkout stay."""
        self.host.check("bash", "-c", _FORGET, "forget", RECORDS)

    def clean(self) -> None:
        """As a new host, but for the preloaded images; `forget` is faster at what both would remove."""
        self.forget()
        self.host.reset()

    def started(self) -> Mapping[str, str]:
        """Compose project of each running container -> when it started, as text that sorts by time."""
        return {project: c["State"]["StartedAt"] for project, c in self._running().items()}

    def expect_images(self, homelab: Homelab, tags: Mapping[str, str]) -> None:
        """Raise BenchFailed unless all services run, each with the image of its tag, and the checkout says the same."""
        runs = {project: c["Config"]["Image"] for project, c in self._running().items()}
        lies = {name: self.host.check("cat", f"{CHECKOUT}/{homelab.folder(name)}/compose.yml") for name in tags}
        wrong = [f"{name} ({runs.get(name, 'nothing')})" for name in tags if runs.get(name) != f"{IMAGE}:{tags[name]}"]
        wrong += [
            f"the files of {name}" for name in tags if lies[name].strip() != homelab.compose(name, tags[name]).strip()
        ]
        if wrong:
            raise BenchFailed(f"not as it should be: {', '.join(wrong)}")

    def expect_commit(self, homelab: Homelab) -> None:
        """Raise BenchFailed unless the checkout is at the homelab's commit."""
        there = self.host.check("git", "-C", CHECKOUT, "-c", "safe.directory=*", "rev-parse", "HEAD").strip()
        if there != homelab.head():
            raise BenchFailed(f"the host is at {there[:7]}, not at {homelab.head()[:7]}")

    def expect_running(self, tags: Mapping[str, str]) -> None:
        """Raise BenchFailed unless exactly these services run, each with the image of its tag."""
        runs = {project: c["Config"]["Image"] for project, c in self._running().items()}
        wanted = {name: f"{IMAGE}:{tag}" for name, tag in tags.items()}
        if runs != wanted:
            wrong = sorted(name for name in {*runs, *wanted} if runs.get(name) != wanted.get(name))
            raise BenchFailed(f"{self.host.name} does not run what it should: {', '.join(wrong)}")

    def containers(self) -> frozenset[str]:
        """The ids of those that run."""
        return frozenset(c["Id"] for c in self._running().values())

    def as_admin(self, script: str) -> str:
        """What a script prints that the hosts' user runs, outside of any SSH. Raises LabError."""
        done = self.host.exec("bash", "-ec", script, user="admin")
        if done.returncode:
            raise LabError(f"{self.host.name}: {script}: {done.stderr.decode(errors='replace').strip()}")
        return done.stdout.decode()

    def unpack(self, folder: str, archive: bytes) -> None:
        """Put the files of a tar into a folder, which is the user's."""
        self.host.check("mkdir", "-p", folder)
        self.host.check("tar", "--extract", "--directory", folder, stdin=archive)
        self.host.check("chown", "--recursive", "admin:", folder)

    def first_start(self, project: str, *, since: float) -> float:
        """When a container of the project first started after `since`; the host's clock is that of this machine."""
        label = f"label=com.docker.compose.project={project}"
        window = ("--since", f"{since:.6f}", "--until", f"{time.time():.6f}")
        said = self.host.docker(
            "events", *window, "--filter", "event=start", "--filter", label, "--format", "{{.TimeNano}}"
        )
        return int(said.split()[0]) / 1e9

    def _running(self) -> Mapping[str, Any]:
        """Compose project -> what Docker says about its running container."""
        ids = self.host.docker("ps", "--quiet", "--no-trunc").split()
        found = json.loads(self.host.docker("inspect", *ids)) if ids else []
        return {c["Config"]["Labels"]["com.docker.compose.project"]: c for c in found}

    def expect(self, homelab: Homelab, *, ordered: bool) -> None:
        """Raise BenchFailed unless every service of this host runs, where `ordered` none before what it needs."""
        started = self.started()
        own = {name: needs for name, needs in homelab.needs.items() if homelab.host_of(name) == self.host.name}
        missing = sorted({*own} - {*started})
        if missing:
            raise BenchFailed(f"not running after the deploy: {', '.join(missing)}")
        early = [f"{n} before {d}" for n, needs in own.items() for d in needs if d in own and started[n] < started[d]]
        if ordered and early:
            raise BenchFailed(f"started out of order: {', '.join(early)}")

    def log_sessions(self) -> None:
        """Have sshd name each login and each session in its log."""
        self.host.check("bash", "-c", "grep -q VERBOSE $0 || echo LogLevel VERBOSE >>$0", "/etc/ssh/sshd_config")
        self.host.stop_sshd()
        self.host.start_sshd()

    def _counts(self) -> Mapping[str, int]:
        """Logins and sessions so far, and tasks: every process and thread that the host ever started."""
        log = self.host.check("cat", SSHD_LOG)
        tasks = int(self.host.check("cat", "/proc/sys/kernel/ns_last_pid"))
        return {
            "logins": log.count("Accepted publickey"),
            "channels": log.count("Starting session:"),
            "tasks": tasks,
        }


# The rules of all networks go in one commit: Docker's own way, one by one, takes three times as long.
_FORGET = """
ids=$(docker ps --all --quiet)
[[ -z $ids ]] || docker rm --force $ids
iptables-save | grep --invert-match ' br-' | iptables-restore
docker network prune --force
rm -rf "$1"
"""
