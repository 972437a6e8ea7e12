"""A homelab in a scratch Git repo, the real `inv` that deploys it to lab hosts, and what is seen on them afterwards."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.lab import Lab, LabHost

SOURCES = Path(__file__).parents[2]
CHECKOUT = "/opt/homelab"
PATIENCE = 60.0  # seconds that any `inv` may take


@dataclass(frozen=True, slots=True)
class Done:
    """What came of one run of `inv`."""

    status: int
    out: str
    err: str
    seconds: float

    @property
    def said(self) -> str:
        """Both outputs with one blank for every run of white space: a sentence is found however it is folded."""
        return " ".join(f"{self.out}\n{self.err}".split())

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@dataclass(frozen=True, slots=True)
class Homelab:
    """A homelab in `root`, whose Git repo begins at `top`. Its hosts are those of a lab, under their names there."""

    root: Path
    top: Path
    variables: Mapping[str, str] = field(default_factory=dict)  # for each `inv`, besides those that all have

    @classmethod
    def make(cls, top: Path, lab: Lab, hosts: Iterable[LabHost], *, folder: str = "") -> Homelab:
        """An empty homelab for these hosts, in `folder` of a new Git repo at `top`."""
        home = cls(top / folder, top)
        home.root.mkdir(parents=True)
        home.git("init", "--quiet", "--initial-branch=main", str(top))
        home.write("tasks.py", "from homelab_tasks import ns\n\n__all__ = ['ns']\n")
        home.inventory(lab, hosts)
        return home

    def inventory(
        self, lab: Lab, hosts: Iterable[LabHost], *, defaults: Mapping[str, object] | None = None, **more: object
    ) -> None:
        """Write `hosts.yaml`; `more` are other top-level fields, of which `defaults` are added to those for the lab.

        A failed deploy is left as it is, unless `on_failure` in `defaults` says otherwise: its state is what tests see.
        """
        common: dict[str, object] = {
            "on_failure": "keep",
            "user": "admin",
            "identity_file": lab.identity_file,
            "known_hosts": lab.known_hosts,
        }
        common |= defaults or {}
        addresses = {host.name: {"address": host.address} for host in hosts}
        self.write("hosts.yaml", yaml.safe_dump({"defaults": common, "hosts": addresses, **more}, sort_keys=False))

    def add(self, name: str, *container: str, host: str = "h1", **settings: Any) -> None:
        """Write a service of one container `web` with these lines besides its image; `name` may be APP/INSTANCE."""
        lines = ["image: homelab/demo:1", "init: true", *container]
        if any(line.startswith("image:") for line in container):
            lines = lines[1:]
        self.write(f"services/{name}/compose.yml", "services:\n  web:\n" + "".join(f"    {line}\n" for line in lines))
        self.write(f"services/{name}/service.yaml", yaml.safe_dump({"host": host, **settings}))

    def write(self, path: str, text: str) -> None:
        """Write a file of the homelab."""
        file = self.root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def replace(self, path: str, old: str, new: str) -> None:
        """Edit a file of the homelab."""
        text = (self.root / path).read_text()
        assert old in text, text
        self.write(path, text.replace(old, new))

    def commit(self, message: str = "change") -> str:
        """Commit everything; gives the commit's id."""
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", message)
        return self.git("rev-parse", "HEAD")

    def git(self, *words: str) -> str:
        """Output of `git WORDS` in the homelab."""
        done = subprocess.run(
            ["git", *words], cwd=self.root, env=self._environment(), capture_output=True, text=True, check=True
        )
        return done.stdout.strip()

    def inv(self, *words: str, folder: str = "", **environment: str) -> Done:
        """Run `inv WORDS` to its end, in `folder` of the homelab."""
        started = time.monotonic()
        with self.start(*words, folder=folder, **environment) as process:
            return finish(process, started)

    def deploy(self, *words: str) -> Done:
        """Run `inv deploy-all --yes WORDS`, which has to succeed."""
        return self.succeed("deploy-all", "--yes", *words)

    def succeed(self, *words: str) -> Done:
        """Run `inv WORDS`, which has to succeed."""
        done = self.inv(*words)
        assert done.status == 0, f"{done.out}\n{done.err}"
        return done

    def start(self, *words: str, folder: str = "", **environment: str) -> subprocess.Popen[str]:
        """Start `inv WORDS`; `finish` waits for its end. Use it in a `with`."""
        return subprocess.Popen(
            [sys.executable, "-m", "invoke", *words],
            cwd=self.root / folder,
            env=self._environment() | environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def _environment(self) -> dict[str, str]:
        """That of the tests without what the person at this machine has set up for himself."""
        home = self.top.with_name(f"{self.top.name}.home")
        home.mkdir(exist_ok=True)
        author = {f"GIT_{who}_{what}": "lab@localhost" for who in ("AUTHOR", "COMMITTER") for what in ("NAME", "EMAIL")}
        kept = {key: os.environ[key] for key in ("PATH", "LANG", "TMPDIR") if key in os.environ}
        own = {"HOME": str(home), "PYTHONPATH": str(SOURCES), "GIT_CONFIG_NOSYSTEM": "1"}
        return kept | author | own | dict(self.variables)


def finish(process: subprocess.Popen[str], started: float | None = None, *, seconds: float = PATIENCE) -> Done:
    """Wait for a started `inv`; one that does not end in time is killed and fails the test."""
    started = started or time.monotonic()
    try:
        out, err = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        raise
    return Done(process.returncode, out, err, time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class Seen:
    """A container as Docker on a host shows it."""

    id: str
    image: str
    status: str  # running, exited, ...
    health: str  # "" without a health check
    started: str  # RFC 3339, so later is greater
    pid: int


def seen(host: LabHost, name: str) -> Seen:
    """The container `name`, e.g. plex-web-1."""
    (facts,) = json.loads(host.docker("inspect", "--type", "container", name))
    return _seen(facts)


def containers(host: LabHost) -> dict[str, Seen]:
    """All containers of a host by name."""
    ids = host.docker("ps", "--all", "--quiet").split()
    found = json.loads(host.docker("inspect", *ids)) if ids else []
    return {facts["Name"].removeprefix("/"): _seen(facts) for facts in found}


def _seen(facts: dict[str, Any]) -> Seen:
    state = facts["State"]
    health = state.get("Health", {}).get("Status", "")
    return Seen(facts["Id"], facts["Config"]["Image"], state["Status"], health, state["StartedAt"], state["Pid"])


def running(host: LabHost) -> list[str]:
    """The names of the containers that run."""
    return sorted(host.docker("ps", "--format", "{{.Names}}").split())


def now(host: LabHost) -> str:
    """This moment, as `events` takes it."""
    return host.check("date", "+%s.%N")


def events(host: LabHost, event: str, since: str, form: str) -> list[str]:
    """What Docker tells of the events of one kind since a moment: one line each, in a format of Docker's."""
    window = ("--since", since, "--until", now(host))
    return host.docker("events", *window, "--filter", f"event={event}", "--format", form).splitlines()


def head(host: LabHost) -> str:
    """The commit that the host's checkout is at."""
    return host.check("git", "-c", "safe.directory=*", "-C", CHECKOUT, "rev-parse", "HEAD")


def put(host: LabHost, path: str, text: str) -> None:
    """Write a file into the host's checkout, as its user would."""
    file = f"{CHECKOUT}/{path}"
    host.exec("mkdir", "-p", file.rpartition("/")[0], user="admin")
    assert host.exec("tee", file, stdin=text.encode(), user="admin").returncode == 0


def eventually(condition: Callable[[], bool], what: str, *, seconds: float = 20) -> None:
    """Return as soon as the condition holds; fail when it does not within the time."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, f"waited {seconds:g} s in vain for {what}"
        time.sleep(0.05)
