"""The lock of one host and the pen for its records, for the length of a run; both are one channel."""

from __future__ import annotations

import json
import os
import re
import threading
import time
from collections import deque
from collections.abc import Iterable, Mapping
from concurrent.futures import Future
from contextlib import suppress
from typing import Any

from msgspec import Struct, field

from .author import now
from .command import Command
from .commands import ledger as commands
from .errors import HomelabError, Refused
from .model import Host, is_of_host
from .observe import EnvFile, Observation, barred, not_silent, parse
from .record import Record, SystemRecord, compact
from .runner import ByteStream, Runner

PATIENCE = 60.0  # seconds for one answer
HEARTBEAT = 5  # seconds; the host frees the lock when nothing came for 20
LINGERS = 25.0  # seconds that the lock of a dead run may stay, where the network was cut
_END = b"\036end\n"
_ANSWER = re.compile(r"locked\n|held |busy |unwritable")
_RUN = re.compile(r"(.+), pid (\d+), ")


class Locked(HomelabError):
    """Somebody else works on the host."""

    def __init__(self, host: Host, state: str, holder: str) -> None:
        self.host, self.state, self.holder = host, state, holder
        who = holder or "another run"
        what = "is locked by" if state == "held" else "still works on a command of a run that ended, by"
        move = "wait for it, then run the same again, or have that done: --wait-lock 5m"
        self.sentence = f"{host.name} {what} {_with_short_time(who)}"
        super().__init__(f"{self.sentence}; {move}")


class Unwritable(HomelabError):
    """The checkout on the host, or `file` of its Git folder, cannot be written."""

    def __init__(self, host: Host, why: str, file: str = "", mount: str = "") -> None:
        super().__init__("; ".join(barred(host, why, file=file, mount=mount)))


def _with_short_time(holder: str) -> str:
    """`since 21:14 UTC` for a time of this day."""

    def short(found: re.Match[str]) -> str:
        day, time_of_day = found.groups()
        return f", since {'' if day == now()[:10] else f'{day} '}{time_of_day} UTC"

    return re.sub(r", since (\d{4}-\d\d-\d\d)T(\d\d:\d\d):\d\dZ", short, holder, count=1)


class Held(Struct, frozen=True):
    """An open ledger, and the host as it is seen under the lock; None where no run was there since the last look."""

    ledger: Ledger
    seen: Observation | None


def open_ledger(runner: Runner, who: str, branch: str, env_files: Iterable[str], *, turn: str = "") -> Held:
    """Lock the host, and look at it again unless its turn is `turn`.

    A lock that a dead run of this very machine left is waited for.

    `who` is `user@machine, pid N, ...`. Raises Locked, Unwritable, ConnectionError, and Refused where the login shell
    prints something before the answer.
    """
    end = time.monotonic() + LINGERS
    while True:
        try:
            return _open(runner, commands.hold(runner.host, who, branch, env_files, turn=turn))
        except Locked as locked:
            if locked.state != "held" or not _is_dead(locked.holder, who) or time.monotonic() > end:
                raise
        time.sleep(0.5)


def _is_dead(holder: str, who: str) -> bool:
    """The holder is a run of the same user on this machine, and that process is no more; or it is this very process,
    over a connection that is gone.
    """
    theirs, ours = _RUN.match(holder), _RUN.match(who)
    if not theirs or not ours or theirs[1] != ours[1]:
        return False
    if theirs[2] == ours[2]:
        return True
    try:
        os.kill(int(theirs[2]), 0)
    except ProcessLookupError:
        return True
    except (OSError, OverflowError):
        return False
    return False


def _open(runner: Runner, hold: Command) -> Held:
    stream = runner.open(hold)
    said, complete = _read_to_end(stream)
    first, _, rest = said.partition("\n")
    state, _, holder = first.partition(" ")
    if complete and state == "locked":
        return Held(Ledger(stream, runner.host), parse(runner.host, rest) if rest else None)
    errors = stream.errors().strip().splitlines()
    stream.close()
    if state in ("held", "busy"):
        raise Locked(runner.host, state, holder)
    if state == "locked":
        raise ConnectionError(f"{runner.host.name} did not end its answer")
    if state == "unwritable":
        why, _, mount = rest.partition("\n")
        raise Unwritable(runner.host, why or "permission denied", holder, mount.strip())
    before, *answer = _ANSWER.split(said, maxsplit=1)
    if answer:
        what, move = not_silent(runner.host, before)
        raise Refused(what, move=move)
    raise Unwritable(runner.host, [*errors, "no answer"][0])


class Ledger:
    """Writes records on the host while it holds the lock; nothing waits for the host's answers but who asks for them.

    A lost connection is no exception here: the next run finds the older record, and looks again.
    """

    def __init__(self, stream: ByteStream, host: Host) -> None:
        self._stream, self._host = stream, host
        self._sending = threading.Lock()
        self._closed = threading.Event()
        self._asked: deque[_Asked] = deque()  # what the host did not answer yet, the oldest first
        self.untold = ""  # why the journal does not have all of this run, and the next move
        self.lost = ""  # why the host may be locked by somebody else by now, and the next move
        for work in (self._heartbeat, self._listen):
            threading.Thread(target=work, name=f"ledger of {host.name}", daemon=True).start()

    def record(self, record: Record, detail: str = "") -> Future[str]:
        """Append the state of one service; `detail` (one line of JSON) goes first, into a file of its own, and goes
        away with a record that is removed. Of env files in the checkout the host keeps copies, for whoever goes back
        to them. The future says why it could not be written: `what; the next move`, or "".
        """
        begun = record.unfinished or record.removed
        mine = ((path, hashed) for path, hashed in record.env.items() if not is_of_host(path))
        kept = [f"keep {hashed} {path}" for path, hashed in mine if hashed and not begun]
        before = [f"detail {record.service} {len(detail.encode()) + 1}", detail] if detail else []
        after = [f"forget {record.service}"] if record.removed else []
        return self._ask([*kept, *before, f"state {record.line()}", *after])

    def record_system(self, record: SystemRecord) -> Future[str]:
        """Append the system that the host runs from now on; answered as `record` is."""
        return self._ask([f"system {record.line()}"])

    def journal(self, event: Mapping[str, Any]) -> None:
        """Append an event to the host's journal; `untold` says, later, if it could not be written."""
        self._send([f"journal {json.dumps(event, separators=(',', ':'))}"])

    def compact(self, records: Iterable[Record]) -> None:
        """Write the state anew in the fewest lines; the old file stays until the new one is complete."""
        self._send([*(f"compact {line}" for line in compact(records).splitlines()), "swap"])

    def remember_env(self, files: Iterable[EnvFile]) -> None:
        """Keep the hashes of env files with their stat lines, so that the next look need not compute them."""
        lines = list(dict.fromkeys(f"env {file.stat} {file.hash}" for file in files if file.hash))
        self._send([*lines, "env-swap"] if lines else [])

    def close(self) -> None:
        """Flush to the disk, free the lock."""
        with suppress(TimeoutError):
            self._ask(["sync"]).result(PATIENCE)
        self._closed.set()
        self._stream.close()

    def _heartbeat(self) -> None:
        while not self._closed.wait(HEARTBEAT):
            self._send([""])

    def _ask(self, lines: Iterable[str]) -> Future[str]:
        """Send lines of which the host answers one."""
        asked = _Asked()
        self._send(lines, [asked])
        if self.lost:  # by another thread, maybe just before this was asked
            self._lose()
        return asked.answer

    def _send(self, lines: Iterable[str], asked: Iterable[_Asked] = ()) -> None:
        data = "".join(f"{line}\n" for line in lines).encode()
        try:
            with self._sending:  # answers come in the order of the questions
                self._asked.extend(asked)
                self._stream.sendall(data)
        except OSError:
            self._lose()

    def _listen(self) -> None:
        said = b""
        while not self.lost:
            try:
                part = self._stream.recv(4096)
            except TimeoutError:
                if not self._asked or time.monotonic() - self._asked[0].at < PATIENCE:
                    continue
                break
            except OSError:
                break
            if not part:
                break
            *lines, said = (said + part).split(b"\n")
            for line in lines:
                self._settle(line.decode("utf-8", "replace"))
        self._lose()

    def _settle(self, line: str) -> None:
        word, _, why = line.partition(" ")
        if word == "untold":  # nobody has asked
            self.untold = _untold(self._host, why)
            return
        with suppress(IndexError):
            self._asked.popleft().answer.set_result(_unwritten(self._host, why) if word == "failed" else "")

    def _lose(self) -> None:
        """Nothing is answered any more. May be called from several threads: each question is taken by one of them."""
        self.lost = f"the lock on {self._host.name} was lost; run the same again"
        self._closed.set()
        with suppress(IndexError):
            while True:
                self._asked.popleft().answer.set_result(self.lost)


class _Asked(Struct, frozen=True):
    """A question to the host, and when it was put."""

    answer: Future[str] = field(default_factory=Future)
    at: float = field(default_factory=time.monotonic)


def _unwritten(host: Host, why: str) -> str:
    if "No space left" in why or "quota exceeded" in why:
        return f"the disk of {host.name} is full; free some space, then run the same again"
    return f"{host.name} cannot write its records ({why}); mend that there, then run the same again"


def _untold(host: Host, why: str) -> str:
    what = f"{host.name} cannot write its journal ({why}), and inv history does not show all of this run"
    return f"{what}; mend .git/homelab/journal.jsonl in {host.path} there"


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
