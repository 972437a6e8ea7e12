"""The extra health checks, asked of real sockets through a runner that dials from here."""

from __future__ import annotations

import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from homelab_tasks.checks import ask
from homelab_tasks.command import Command
from homelab_tasks.model import Check, CheckKind
from homelab_tasks.runner import Result

from .builders import a_host


class Dialled:
    """A socket as runners give it."""

    def __init__(self, connection: socket.socket) -> None:
        self.sendall, self.recv, self.settimeout = connection.sendall, connection.recv, connection.settimeout
        self.close = connection.close

    def errors(self) -> str:
        return ""


class HereRunner:
    """Dials from this machine and answers each command with `result`."""

    def __init__(self, result: Result = Result(0)) -> None:  # noqa: B008 - a frozen value
        self.host, self.result, self.ran = a_host(), result, list[str]()

    def run(self, command: Command) -> Result:
        self.ran.append(str(command))
        return self.result

    def reserve(self, sessions: int) -> None:
        raise AssertionError(sessions)

    def dial(self, address: str, port: int) -> Dialled:
        try:
            return Dialled(socket.create_connection((address, port), timeout=10))
        except OSError as error:
            raise ConnectionError(error.strerror) from error

    def lines(self, command: Command) -> Iterator[str]:
        raise AssertionError(command)

    def open(self, command: Command) -> Any:
        raise AssertionError(command)

    def docker(self) -> Any:
        raise AssertionError

    def close(self) -> None: ...


@pytest.fixture
def serve() -> Iterator[Callable[[bytes], int]]:
    """A server that answers every connection with these bytes; what it was asked is in `asked`."""
    listener = socket.create_server(("127.0.0.1", 0))
    answers: list[bytes] = []
    threads: list[threading.Thread] = []

    def answer() -> None:
        connection, _ = listener.accept()
        with connection:
            if answers[0]:
                question = connection.recv(65536)
                connection.sendall(answers[0].replace(b"{question}", question))

    def start(text: bytes) -> int:
        answers.append(text)
        threads.append(threading.Thread(target=answer, daemon=True))
        threads[0].start()
        port: int = listener.getsockname()[1]
        return port

    yield start
    for thread in threads:
        thread.join(5)
    listener.close()


@pytest.mark.parametrize(
    ("answer", "refusal"),
    [
        (b"HTTP/1.1 200 OK\r\n\r\n", ""),
        (b"HTTP/1.0 302 Found\r\n\r\n", ""),
        (b"HTTP/2 204\r\n", ""),
        (b"HTTP/1.1 503 Service Unavailable\r\n\r\n", "status 503"),
        (b"HTTP/1.1 401 Unauthorized\r\n\r\n", "status 401"),
        (b"SSH-2.0-OpenSSH\r\n", "no HTTP answer"),
    ],
)
def test_an_http_check_wants_a_good_status(serve: Callable[[bytes], int], answer: bytes, refusal: str) -> None:
    check = Check(CheckKind.HTTP, f"http://127.0.0.1:{serve(answer)}/identity")
    assert ask(HereRunner(), check, "/") == refusal


def test_a_url_with_a_query_and_a_user_is_asked_without_telling_the_user(serve: Callable[[bytes], int]) -> None:
    port = serve(b"HTTP/1.1 {question}")
    check = Check(CheckKind.HTTP, f"http://ann:pw@127.0.0.1:{port}/a?b=c")
    assert ask(HereRunner(), check, "/") == "no HTTP answer"


def test_a_server_that_is_not_there_is_told(serve: Callable[[bytes], int]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as closed:
        port = closed.getsockname()[1]
    assert ask(HereRunner(), Check(CheckKind.HTTP, f"http://127.0.0.1:{port}/"), "/") == "Connection refused"
    assert ask(HereRunner(), Check(CheckKind.TCP, f"127.0.0.1:{port}"), "/") == "Connection refused"
    assert ask(HereRunner(), Check(CheckKind.TCP, f"127.0.0.1:{serve(b'')}"), "/") == ""


def test_no_tls_where_tls_is_asked_for_is_no_answer(serve: Callable[[bytes], int]) -> None:
    check = Check(CheckKind.HTTP, f"https://127.0.0.1:{serve(b'HTTP/1.1 400 Bad')}/")
    assert ask(HereRunner(), check, "/").startswith("no answer (")


@pytest.mark.parametrize(
    ("result", "refusal"),
    [
        (Result(0), ""),
        (Result(1, stderr="first\nlast\n"), "exit status 1 (last)"),
        (Result(2, stdout=b"said\n"), "exit status 2 (said)"),
        (Result(124), "exit status 124"),
    ],
)
def test_a_command_check_runs_in_the_services_folder(result: Result, refusal: str) -> None:
    runner = HereRunner(result)
    assert ask(runner, Check(CheckKind.COMMAND, "test -e 'it is'"), "/opt/plex") == refusal
    assert runner.ran == ["""cd /opt/plex && exec timeout --kill-after=10 10 sh -c 'test -e '"'"'it is'"'"''"""]
