"""No value of an env file is left anywhere but in the files that are for it: planted ones are searched everywhere."""

from __future__ import annotations

import fcntl
import os
import pty
import secrets
import subprocess
import sys
import termios
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from tests.hosts.homelab import CHECKOUT, Done, Homelab, events, now, put
from tests.lab import LabHost

TEMPLATE = "# from the vendor\nTOKEN=\n# generate: hex 12\nSESSION_SECRET=\nCOLOUR=red\n"
KEEPS_VALUES = (
    f"{CHECKOUT}/services/plex/.env",
    f"{CHECKOUT}/.git/homelab/env-old/services/plex/",
    f"{CHECKOUT}/.git/homelab/kept/",
    f"{CHECKOUT}/.git/homelab/detail/plex.json",
)


def planted(purpose: str) -> str:
    return f"{purpose}-{secrets.token_hex(8)}"


@contextmanager
def command_lines() -> Iterator[set[bytes]]:
    """The command lines of all processes that run meanwhile, here and on the lab's hosts."""
    found: set[bytes] = set()
    done = threading.Event()

    def watch() -> None:
        while not done.wait(0.002):
            for process in Path("/proc").glob("[1-9]*"):
                with suppress(OSError):  # it has ended
                    found.add((process / "cmdline").read_bytes())

    watcher = threading.Thread(target=watch)
    watcher.start()
    try:
        yield found
    finally:
        done.set()
        watcher.join()


def typed(home: Homelab, *words: str, answer: str) -> Done:
    """`inv WORDS` on a terminal, on which `answer` is typed at the first question."""
    ours, theirs = pty.openpty()

    def own_the_terminal() -> None:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)

    started = time.monotonic()
    process = subprocess.Popen(
        [sys.executable, "-m", "invoke", *words],
        cwd=home.root,
        env=home._environment() | {"TERM": "xterm"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=own_the_terminal,  # noqa: PLW1509 - it takes no lock
    )
    os.close(theirs)
    said = b""
    with process, os.fdopen(ours, "r+b", buffering=0) as terminal:
        try:
            while part := terminal.read(4096):
                said += part
                if said.rstrip().endswith(b"leaves it):") and answer:
                    terminal.write(answer.encode() + b"\n")
                    answer = ""
        except OSError:  # the other side has closed: that is how a terminal ends
            pass
    return Done(process.returncode, said.decode(), "", time.monotonic() - started)


@dataclass(frozen=True, slots=True)
class Planted:
    """Where values may lie, and what was planted."""

    home: Homelab
    host: LabHost
    values: tuple[str, ...]
    since: float

    def in_text(self, text: str) -> list[str]:
        return [value for value in self.values if value in text]

    def here(self) -> list[str]:
        """Files on this machine, written since the beginning, that hold a value."""
        places = [self.home.top.parent, Path("/dev/shm"), Path("/var/tmp"), Path("/tmp")]
        return sorted(str(path) for place in places for path in self._fresh(place) if self._holds(path))

    def there(self) -> list[str]:
        """Files on the host that hold a value; Docker's own, which are the containers, are left out."""
        places = ["/tmp", "/dev/shm", "/var/tmp", "/var/log", "/run", "/root", "/home", "/etc", CHECKOUT]
        grep = ["grep", "-rlaF", "--devices=skip", "-f", "-", *places]
        found = self.host.exec(*grep, stdin="\n".join(self.values).encode()).stdout.decode().split("\n")
        return [path for path in found if path and not path.startswith("/run/docker")]

    def _fresh(self, place: Path) -> Iterator[Path]:
        deep = place == self.home.top.parent
        for folder, inner, names in os.walk(place):
            if not deep:
                inner.clear()
            yield from (Path(folder, name) for name in names)

    def _holds(self, path: Path) -> bool:
        try:
            if path.stat().st_mtime < self.since or not path.is_file():
                return False
            content = path.read_bytes()
        except OSError:
            return False
        return any(value.encode() in content for value in self.values)


def test_a_whole_life_of_env_files_leaves_no_value_behind(home: Homelab, host: LabHost) -> None:
    asked, there, edited, broken, swapped = map(planted, ("asked", "there", "edited", "broken", "swapped"))
    begun = time.time()
    since = now(host)
    home.add("plex", "environment: ['TOKEN=${TOKEN:?}', 'SESSION_SECRET', 'COLOUR=${COLOUR:-red}']")
    home.write("services/plex/.env.example", TEMPLATE)
    home.write(".gitignore", ".env\n")
    home.commit()
    to_type = home.top.with_name("to-type")
    to_type.write_text(f"{edited}\n")
    editor = home.top.with_name("editor")
    editor.write_text(f'#!/bin/bash\nread -r value <{to_type}\nprintf \'TOKEN=%s\\nCOLOUR=blue\\n\' "$value" >"$1"\n')
    editor.chmod(0o755)
    done: list[Done] = []
    with command_lines() as lines:
        done.append(typed(home, "env.init", "--generate", answer=asked))
        assert done[-1].status == 0, done[-1].out
        made = (home.root / "services/plex/.env").read_text()
        assert f"TOKEN={asked}" in made
        generated = made.split("SESSION_SECRET=")[1].split("\n")[0]
        put(host, "services/plex/.env", f"TOKEN={there}\n{broken}\nOLD={swapped}\n")
        life = [
            ["env.check"],
            ["env.check", "--format", "json"],
            ["env.diff", "plex"],
            ["env.diff", "plex", "--format", "json"],
            ["env.push", "plex", "--dry-run"],
            ["env.push", "plex"],
            ["env.push", "plex", "--yes"],
            ["deploy", "plex"],
            ["env.edit", "plex"],
            ["deploy", "plex", "--dry-run"],
            ["deploy", "plex"],
            ["status"],
        ]
        done += [home.inv(*words, EDITOR=str(editor)) for words in life]
        home.write("services/plex/.env", f"TOKEN={asked}\n{broken} x\nOLD='{swapped}\n")
        done += [home.inv(*words) for words in (["env.push", "plex"], ["env.check"], ["env.diff", "plex"])]
    values = Planted(home, host, (asked, there, edited, broken, swapped, generated), begun)
    assert [one.status for one in done] == [0, 1, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 1, 1, 0]
    assert values.in_text("".join(f"{one.out}\n{one.err}" for one in done)) == []
    assert values.in_text("\n".join(events(host, kind, since, "{{json .}}")[0] for kind in ("create", "start"))) == []
    assert [line for line in lines if values.in_text(line.decode("utf-8", "replace"))] == []
    assert len(lines) > 20
    assert values.here() == sorted([str(home.root / "services/plex/.env"), str(to_type)])
    found = values.there()
    assert [path for path in found if not path.startswith(KEEPS_VALUES)] == []
    assert {kept for kept in KEEPS_VALUES for path in found if path.startswith(kept)} == set(KEEPS_VALUES)
    assert set(host.check("stat", "-c", "%a %U", *found).splitlines()) == {"600 admin"}
