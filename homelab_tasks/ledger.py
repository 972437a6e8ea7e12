"""The lock of one host and the pen for its records, for the length of a run; both are one channel."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from .commands import ledger as commands
from .errors import HomelabError
from .model import Host
from .observe import EnvFile, Observation, parse
from .record import Record, compact
from .runner import ByteStream, Runner

PATIENCE = 60.0  # seconds for one answer
HEARTBEAT = 5  # seconds; the host frees the lock when nothing came for 20
LINGERS = 25.0  # seconds that the lock of a dead run may stay, where the network was cut
_END = b"\036end\n"
_RUN = re.compile(r"(.+), pid (\d+), ")


class Locked(HomelabError):
    """Somebody else works on the host."""

    def __init__(self, host: Host, state: str, holder: str) -> None:
        self.host, self.state, self.holder = host, state, holder
        who = holder or "another run"
        what = "is locked by" if state == "held" else "still works on a command of a run that ended, by"
        super().__init__(f"{host.name} {what} {who}; wait for it, then run the same again")


class Unwritable(HomelabError):
    """The user may not write the checkout on the host."""

    def __init__(self, host: Host, said: str) -> None:
        owner = host.user or "$USER"
        move = f"on {host.name}: sudo install -d -o {owner} {host.path}"
        if "No space left" in said:
            move = "free some space there: inv cleanup"
        super().__init__(f"cannot write {host.path} on {host.name} ({said}); {move}")


@dataclass(frozen=True, slots=True)
class Held:
    """An open ledger, and the host as it was seen under the lock."""

    ledger: Ledger
    seen: Observation


def open_ledger(runner: Runner, who: str, branch: str, env_files: Iterable[str]) -> Held:
    """Lock the host and look at it again; a lock that a dead run of this very machine left is waited for.

    `who` is `user@machine, pid N, ...`. Raises Locked, Unwritable, ConnectionError.
    """
    end = time.monotonic() + LINGERS
    while True:
        try:
            return _open(runner, who, branch, env_files)
        except Locked as locked:
            if locked.state != "held" or not _is_dead(locked.holder, who) or time.monotonic() > end:
                raise
        time.sleep(0.5)


def _is_dead(holder: str, who: str) -> bool:
    """The holder is a run of the same user on this machine, and that process is no more."""
    theirs, ours = _RUN.match(holder), _RUN.match(who)
    if not theirs or not ours or theirs[1] != ours[1]:
        return False
    try:
        os.kill(int(theirs[2]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _open(runner: Runner, who: str, branch: str, env_files: Iterable[str]) -> Held:
    stream = runner.open(commands.hold(runner.host, who, branch, env_files))
    said, complete = _read_to_end(stream)
    first, _, rest = said.partition("\n")
    state, _, holder = first.partition(" ")
    if complete and state == "locked":
        return Held(Ledger(stream), parse(runner.host, rest))
    errors = stream.errors().strip().splitlines()
    stream.close()
    if state in ("held", "busy"):
        raise Locked(runner.host, state, holder)
    if state == "locked":
        raise ConnectionError(f"{runner.host.name} did not end its answer")
    raise Unwritable(runner.host, "permission denied" if state == "unwritable" else [*errors, "no answer"][0])


class Ledger:
    """Writes records on the host while it holds the lock. A lost connection is no error here: the next run finds the
    older record, and looks again.
    """

    def __init__(self, stream: ByteStream) -> None:
        self._stream = stream
        self._sending = threading.Lock()
        self._closed = threading.Event()
        self._beat = threading.Thread(target=self._heartbeat, name="heartbeat", daemon=True)
        self._beat.start()

    def record(self, record: Record, detail: str = "") -> None:
        """Append the state of one service; `detail` (one line of JSON) goes first, into a file of its own."""
        lines = [f"detail {record.service} {detail}"] if detail else []
        self._send([*lines, f"state {record.line()}"])

    def journal(self, event: Mapping[str, Any]) -> None:
        """Append an event to the host's journal."""
        self._send([f"journal {json.dumps(event, separators=(',', ':'))}"])

    def compact(self, records: Iterable[Record]) -> None:
        """Write the state anew in the fewest lines; the old file stays until the new one is complete."""
        self._send([*(f"compact {line}" for line in compact(records).splitlines()), "swap"])

    def remember_env(self, files: Iterable[EnvFile]) -> None:
        """Keep the hashes of env files with their stat lines, so that the next look need not compute them."""
        lines = [f"env {file.stat} {file.hash}" for file in files if file.hash]
        self._send([*lines, "env-swap"] if lines else [])

    def close(self) -> None:
        """Flush to the disk, free the lock."""
        self._closed.set()
        self._send(["sync"])
        with suppress(OSError):  # the connection is gone, and with it the lock
            self._stream.recv(64)
        self._stream.close()

    def _heartbeat(self) -> None:
        while not self._closed.wait(HEARTBEAT):
            self._send([""])

    def _send(self, lines: Iterable[str]) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        try:
            with self._sending:
                self._stream.sendall(data)
        except OSError:
            self._closed.set()


def _read_to_end(stream: ByteStream) -> tuple[str, bool]:
    """What was said, and whether all of it came."""
    stream.settimeout(PATIENCE)
    said = b""
    try:
        while not said.endswith(_END) and (part := stream.recv(65536)):
            said += part
    except TimeoutError:
        pass  # what came so far tells whether the lock is held
    return said.removesuffix(_END).decode("utf-8", "replace"), said.endswith(_END)
