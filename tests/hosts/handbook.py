"""A reader of the handbook: types the commands of a page into a real shell, and holds what comes against the page."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from tests.hosts.homelab import Done, Homelab
from tests.lab import Lab, LabHost
from tests.unit.test_docs import blocks

NAMES = {"10.0.0.5": "hl15", "10.0.0.6": "pi"}
DOCS = Path(__file__).parents[2] / "docs"

# What differs from run to run, and what stands for it on both sides
VARIES = (
    (r"\b\d{4}-\d\d-\d\d \d\d:\d\d( UTC)?", "DATE"),
    (r"\b[\d.]+ of [\d.]+ GB", "N"),
    (r"\b\d+(\.\d+)? (s|min|h|d|MB|GB|kB|B)\b", "N"),
    (r"\b[0-9a-f]{7,40}\b", "HASH"),
    (r"\b[\w.-]+@[\w.-]+", "WHO"),
    (r"SHA256:[\w+/]+", "KEY"),
    (r"[ \t]+", " "),
    (r" +\n", "\n"),
)


@dataclass(frozen=True, slots=True)
class Line:
    """A command of a page, and what the page shows of its output."""

    section: str
    command: str
    shown: str

    @property
    def fails(self) -> bool:
        """The page shows that it ends with a failure, or tells of one."""
        return bool(re.search(r"^ *✗|^error:|cannot reach|does not work|no file, and needed", self.shown, re.MULTILINE))


def lines(page: str) -> Iterator[Line]:
    """The commands of the console blocks of a page, in order."""
    for block in blocks(DOCS / page):
        if block.language == "console":
            for part in block.text.removeprefix("$ ").split("\n$ "):
                command, _, shown = part.partition("\n")
                yield Line(block.section.lstrip("# "), command, shown)


def sections(page: str) -> dict[str, list[Line]]:
    """The commands below each heading that has some."""
    found: dict[str, list[Line]] = {}
    for line in lines(page):
        found.setdefault(line.section, []).append(line)
    return found


@dataclass(frozen=True, slots=True)
class Reader:
    """A person with a homelab and an own `~/.ssh`, for whom hosts of a lab have the names that the pages use."""

    home: Homelab
    folder: Path
    says: dict[str, str] = field(default_factory=dict)  # command -> what is typed where a person would be asked

    @classmethod
    def sits_down(cls, home: Homelab, lab: Lab, hosts: Mapping[str, LabHost], *, says: dict[str, str]) -> Reader:
        """`hosts` are the lab's by the addresses of the page; `says` is what is typed in place of a command."""
        reader = cls(home, home.top.with_name(f"{home.top.name}.home"), says)
        reader.ssh.mkdir(parents=True)
        mine = (
            f"Host *\n  User admin\n  IdentityFile {lab.identity_file}\n  UserKnownHostsFile {reader.ssh}/known_hosts\n"
        )
        (reader.ssh / "config").write_text("".join(_entry(*host) for host in hosts.items()) + mine)
        reader._program("ssh", f'exec /usr/bin/ssh -F {reader.ssh}/config "$@"')
        reader._program("ssh-keygen", f'exec /usr/bin/ssh-keygen -f {reader.ssh}/known_hosts "$@"')
        reader._program("inv", f'exec {sys.executable} -m invoke "$@"')
        return reader

    @property
    def ssh(self) -> Path:
        """The reader's own `~/.ssh`."""
        return self.folder / ".ssh"

    def knows(self, hosts: Mapping[str, LabHost]) -> None:
        """Has logged in to these before."""
        (self.ssh / "known_hosts").write_text("".join(f"{at} {host.host_key}\n" for at, host in hosts.items()))

    def type(self, command: str) -> Done:
        """Run a line in a shell, in which `inv` is ours and `ssh` knows the hosts."""
        started = time.monotonic()
        done = subprocess.run(
            ["bash", "-c", self.says.get(command, command)],
            cwd=self.home.root,
            env=self.home._environment() | {"PATH": f"{self.folder}:/usr/sbin:/usr/bin:/bin"},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=120,
            check=False,
        )
        return Done(done.returncode, done.stdout, "", time.monotonic() - started)

    def follow(self, line: Line) -> None:
        """Type a line, which has to say what the page shows; where that is a failure, it has to end with one."""
        done = self.type(line.command)
        assert re.fullmatch(_pattern(line.shown), _same(done.out), re.DOTALL), f"$ {line.command}\n{done.out}"
        assert (done.status != 0) == line.fails, f"$ {line.command}: exit status {done.status}\n{done.out}"

    def _program(self, name: str, line: str) -> None:
        file = self.folder / name
        file.write_text(f"#!/bin/sh\n{line}\n")
        file.chmod(0o755)


def _entry(address: str, host: LabHost) -> str:
    """So that a host is found under the address and under the name of the page: ssh knows no such name by itself."""
    names = f"{address} {NAMES.get(address, '')}"
    return f"Host {names}\n  HostName {host.address}\n  HostKeyAlias {address}\n"


def _pattern(shown: str) -> str:
    return "".join("(.*\n)?" if line == "..." else re.escape(f"{line}\n") for line in _same(shown).splitlines())


def _same(text: str) -> str:
    for pattern, word in VARIES:
        text = re.sub(pattern, word, text)
    return text.rstrip("\n") + "\n" if text.strip() else ""
