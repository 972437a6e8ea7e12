"""Where it is measured: one lab host over real SSH, and processes of this machine with their time and memory."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

from scripts.bench_homelab import IMAGE, Homelab
from scripts.bench_model import BenchFailed, Sample
from tests.lab import Lab, LabHost

CHECKOUT = "/opt/homelab"
RECORDS = f"{CHECKOUT}/.git/homelab"
SSHD_LOG = "/var/log/sshd.log"


@dataclass(frozen=True, slots=True)
class Ground:
    """One host of a lab."""

    lab: Lab
    host: LabHost

    def hosts_yaml(self) -> str:
        """The host as `hosts.yaml` has it."""
        keys = f"identity_file: {self.lab.identity_file}, known_hosts: {self.lab.known_hosts}"
        return f"hosts:\n  h1: {{address: {self.host.address}, user: admin, path: {CHECKOUT}, {keys}}}\n"

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
        """Raise BenchFailed unless every service runs, and where `ordered` none started before what it needs."""
        started = self.started()
        missing = sorted({*homelab.needs} - {*started})
        if missing:
            raise BenchFailed(f"not running after the deploy: {', '.join(missing)}")
        early = [f"{n} before {d}" for n, needs in homelab.needs.items() for d in needs if started[n] < started[d]]
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
            "connections": log.count("Accepted publickey"),
            "commands": log.count("Starting session: command"),
            "tasks": tasks,
        }


def clock(*argv: str, folder: Path | None = None, status: int = 0) -> tuple[Sample, str]:
    """Run a process to its end: its time and peak memory, and what it printed.

    Raises BenchFailed where it ends with another exit status than `status`.
    """
    env = {key: value for key, value in os.environ.items() if key != "PYTHONDONTWRITEBYTECODE"}
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        begin = time.perf_counter()
        process = subprocess.Popen(argv, cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        _, ended, usage = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - begin
        process.returncode = os.waitstatus_to_exitcode(ended)
        said, complaint = _text(out), _text(err)
    if process.returncode != status:
        raise BenchFailed(f"{' '.join(argv)}: exit {process.returncode}: {(complaint or said).strip()[-1500:]}")
    return Sample(seconds, usage.ru_maxrss / 1024), said


def _text(file: IO[bytes]) -> str:
    file.seek(0)
    return file.read().decode("utf-8", "replace")


_FORGET = """
ids=$(docker ps --all --quiet)
[[ -z $ids ]] || docker rm --force $ids
docker network prune --force
rm -rf "$1"
"""
