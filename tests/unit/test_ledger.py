"""Opening the ledger of a host: what is said when it is locked, full, forbidden or gone."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import Any

import pytest

from homelab_tasks.command import Command
from homelab_tasks.errors import Refused
from homelab_tasks.ledger import Ledger, Locked, Unwritable, open_ledger
from homelab_tasks.runner import Result

from .builders import a_host, a_record

LOOKED = "\036docker-exit\n0\n\036clock\n1700000000.5\n"
END = "\036end\n"


class Stream:
    """Says its parts one by one, then its end; None is a host that stays silent."""

    def __init__(self, *parts: str | None, errors: str = "") -> None:
        self.parts, self.said, self.closed = list(parts), errors, False

    def recv(self, _size: int, /) -> bytes:
        part = self.parts.pop(0) if self.parts else ""
        if part is None:
            raise TimeoutError
        return part.encode()

    def sendall(self, _data: bytes, /) -> None: ...
    def settimeout(self, _seconds: float | None, /) -> None: ...
    def errors(self) -> str:
        return self.said

    def close(self) -> None:
        self.closed = True


class OpeningRunner:
    """Opens one stream, whatever the command."""

    def __init__(self, stream: Stream) -> None:
        self.host, self.stream = a_host(user="ann"), stream

    def open(self, _command: Command) -> Stream:
        return self.stream

    def run(self, command: Command) -> Result:
        raise AssertionError(command)

    def lines(self, command: Command) -> Iterator[str]:
        raise AssertionError(command)

    def reserve(self, sessions: int) -> None:
        raise AssertionError(sessions)

    def dial(self, address: str, port: int) -> Stream:
        raise AssertionError(address, port)

    def docker(self) -> Any:
        raise AssertionError

    def close(self) -> None: ...


def test_a_locked_host_is_seen_anew_however_its_answer_is_cut_into_parts() -> None:
    held = open_ledger(
        OpeningRunner(Stream("loc", "ked\n" + LOOKED[:9], LOOKED[9:], END[:3], END[3:])), "me", "main", []
    )
    assert held.seen is not None
    assert (held.seen.clock, held.seen.problems) == (1700000000.5, ())
    held.ledger.close()


def test_where_no_run_was_since_the_last_look_nothing_is_seen_anew() -> None:
    held = open_ledger(OpeningRunner(Stream("locked\n" + END)), "me", "main", [], turn="1")
    assert held.seen is None
    held.ledger.close()


@pytest.mark.parametrize("parts", [["locked\n" + LOOKED], ["locked\n" + LOOKED[:20]], ["locked\n", None]])
def test_an_answer_without_its_end_is_a_lost_connection(parts: list[str | None]) -> None:
    stream = Stream(*parts)
    with pytest.raises(ConnectionError, match="nas did not end its answer"):
        open_ledger(OpeningRunner(stream), "me", "main", [])
    assert stream.closed


@pytest.mark.parametrize(
    ("said", "errors", "kind", "sentence"),
    [
        (
            "held ann@desk, pid 7\n",
            "",
            Locked,
            "nas is locked by ann@desk, pid 7; wait for it, then run the same again, or have that done: --wait-lock 5m",
        ),
        (
            "held ",
            "",
            Locked,
            "nas is locked by another run; wait for it, then run the same again, or have that done: --wait-lock 5m",
        ),
        (
            "busy ann@desk\n",
            "",
            Locked,
            (
                "nas still works on a command of a run that ended, by ann@desk; "
                "wait for it, then run the same again, or have that done: --wait-lock 5m"
            ),
        ),
        (
            "unwritable\n",
            "",
            Unwritable,
            "cannot write /opt/homelab on nas (permission denied); on nas: sudo install -d -o ann /opt/homelab",
        ),
        (
            "unwritable .git/homelab/lock\n",
            "",
            Unwritable,
            (
                "cannot write /opt/homelab/.git/homelab/lock on nas (permission denied); "
                "on nas: sudo chown -R ann: /opt/homelab/.git"
            ),
        ),
        (
            "unwritable\nRead-only file system\n/opt\n",
            "",
            Unwritable,
            (
                "cannot write /opt/homelab on nas (Read-only file system); "
                "on nas: sudo mount -o remount,rw /opt, and look at dmesg: a disk with errors becomes so"
            ),
        ),
        (
            "welcome to nas\nlocked\n" + END,
            "",
            Refused,
            "the login shell of nas prints 'welcome to nas'; make its ~/.bashrc silent without a terminal",
        ),
        (
            "",
            "mkdir: cannot create directory: No space left on device\n",
            Unwritable,
            (
                "cannot write /opt/homelab on nas (mkdir: cannot create directory: No space left on device); "
                "free some space there: inv cleanup"
            ),
        ),
    ],
)
def test_what_keeps_a_run_out_is_told_with_the_next_move(
    said: str, errors: str, kind: type[Exception], sentence: str
) -> None:
    with pytest.raises(kind) as raised:
        open_ledger(OpeningRunner(Stream(said, errors=errors)), "me", "main", [])
    assert str(raised.value) == sentence


def answers(*parts: str | None) -> list[str]:
    """What is known of two records when the host answers with these parts."""
    ledger = Ledger(Late(*parts), a_host())
    asked = [ledger.record(a_record("plex")), ledger.record(a_record("blog"))]
    return [answer.result(10) for answer in asked]


class Late(Stream):
    """Answers when two records have come."""

    def __init__(self, *parts: str | None) -> None:
        super().__init__(*parts)
        self.came = threading.Semaphore(0)

    def sendall(self, _data: bytes, /) -> None:
        self.came.release()

    def recv(self, size: int, /) -> bytes:
        for _ in range(2):
            self.came.acquire(timeout=10)
        self.came.release(2)
        return super().recv(size)


def test_a_journal_that_could_not_be_written_is_told_and_answers_nobody() -> None:
    ledger = Ledger(Late("untold Permission denied\nok\n", "failed Is a directory\n"), a_host())
    asked = [ledger.record(a_record("plex")), ledger.record(a_record("blog"))]
    assert [answer.result(10) for answer in asked] == [
        "",
        "nas cannot write its records (Is a directory); mend that there, then run the same again",
    ]
    assert ledger.untold == (
        "nas cannot write its journal (Permission denied), and inv history does not show all of this run; "
        "mend .git/homelab/journal.jsonl in /opt/homelab there"
    )


LOST = "the lock on nas was lost; run the same again"


@pytest.mark.parametrize(
    ("parts", "known"),
    [
        (("ok\nok\n",), ["", ""]),
        (("o", "k\no", "k\n"), ["", ""]),
        ((None, "ok\n", "ok\n"), ["", ""]),
        (
            ("ok\nfailed No space left on device\n",),
            ["", "the disk of nas is full; free some space, then run the same again"],
        ),
        (
            ("failed Read-only file system\nok\n",),
            [
                "nas cannot write its records (Read-only file system); mend that there, then run the same again",
                "",
            ],
        ),
        (("ok\n", ""), ["", LOST]),
        (("",), [LOST, LOST]),
    ],
)
def test_every_record_gets_its_answer(parts: tuple[str | None, ...], known: list[str]) -> None:
    assert answers(*parts) == known


def test_after_the_end_of_the_stream_the_lock_is_lost_and_nothing_is_written() -> None:
    ledger = Ledger(Stream(), a_host())
    assert ledger.record(a_record()).result(10) == LOST
    assert (ledger.lost, ledger.record(a_record()).result(0)) == (LOST, LOST)


class Hearing(Stream):
    """Remembers what it was sent."""

    heard = ""

    def sendall(self, data: bytes, /) -> None:
        self.heard += data.decode()


def test_the_host_is_asked_to_keep_env_files_of_the_checkout_and_of_nowhere_else() -> None:
    stream = Hearing()
    Ledger(stream, a_host()).record(a_record(env={"services/plex/.env": "aa", "/etc/all.env": "bb", "~/me.env": "cc"}))
    assert [line for line in stream.heard.splitlines() if line.startswith("keep")] == ["keep aa services/plex/.env"]
