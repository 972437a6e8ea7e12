"""A person at a terminal: `inv` on a pseudo terminal, with what is typed when it asks."""

from __future__ import annotations

import fcntl
import os
import select
import subprocess
import sys
import termios
import time
from collections.abc import Iterable

from tests.hosts.homelab import PATIENCE, Done, Homelab


def typed(home: Homelab, *words: str, answers: Iterable[tuple[str, str]]) -> Done:
    """Run `inv WORDS` at a terminal; each answer is typed when its question has been asked."""
    started, waiting = time.monotonic(), list(answers)
    ours, theirs = os.openpty()
    argv = [sys.executable, "-m", "invoke", *words]
    with subprocess.Popen(
        argv,
        cwd=home.root,
        env=home._environment() | {"TERM": "dumb", "COLUMNS": "200"},
        stdin=theirs,
        stdout=theirs,
        stderr=theirs,
        start_new_session=True,
        preexec_fn=_take_terminal,  # noqa: PLW1509 - it takes no lock
    ) as process:
        os.close(theirs)
        said, heard = b"", 0
        while part := _read(ours, process, started):
            said += part
            if waiting and waiting[0][0].encode() in said[heard:]:
                heard = len(said)
                os.write(ours, f"{waiting.pop(0)[1]}\n".encode())
    os.close(ours)
    assert not waiting, f"never asked: {waiting}\n{said.decode()}"
    return Done(process.returncode, said.decode().replace("\r\n", "\n"), "", time.monotonic() - started)


def _take_terminal() -> None:
    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(ours: int, process: subprocess.Popen[bytes], started: float) -> bytes:
    """What comes next; b"" once the other side is closed."""
    left = PATIENCE - (time.monotonic() - started)
    if not select.select([ours], [], [], max(left, 0))[0]:
        process.kill()
        raise TimeoutError(f"no end within {PATIENCE:g} s")
    try:
        return os.read(ours, 65536)
    except OSError:  # EIO: nobody holds the other side any more
        return b""
