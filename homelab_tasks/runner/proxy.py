"""A program on this machine as one socket: its standard input and output are the socket's other end."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager

_GRACE = 1.0  # seconds between being asked to end and being made to


@contextmanager
def proxied(line: str) -> Iterator[socket.socket]:
    """A ProxyCommand of ssh_config at work for as long as the context lasts.

    paramiko's own ProxyCommand never sees its program end, and leaves its pipes open.
    """
    ours, theirs = socket.socketpair()
    with ours, theirs:
        argv = ["sh", "-c", f"exec {line}"]  # as ssh_config(5) says
        process = subprocess.Popen(
            argv, stdin=theirs.fileno(), stdout=theirs.fileno(), stderr=subprocess.DEVNULL, start_new_session=True
        )
        theirs.close()
        try:
            yield ours
        finally:
            ours.close()
            end(process)


def end(process: subprocess.Popen[bytes], grace: float = _GRACE) -> None:
    """End a program and all of its process group, and wait for it."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        if process.poll() is None:
            signal_group(process, number)
        try:
            process.wait(grace)
        except subprocess.TimeoutExpired:
            continue
        return
    process.wait()


def signal_group(process: subprocess.Popen[bytes], number: signal.Signals) -> None:
    """Send a signal to a program that leads a process group, and to the group."""
    try:
        os.killpg(process.pid, number)
    except ProcessLookupError:
        return
