"""Patience with hosts that somebody else has locked: wait until they are free, then begin anew from a fresh look."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial
from typing import TypeVar

from msgspec import Struct

from .background import in_background
from .commands import ledger as commands
from .ledger import Locked
from .model import Host
from .runner import Unreachable, connect

_PAUSE = 1.0  # seconds, where a host cannot even be asked to wait

T = TypeVar("T")


class Patience(Struct, frozen=True):
    """How long locked hosts are waited for, and who hears of each holder once."""

    seconds: float
    tell: Callable[[Locked], None]


def patiently(work: Callable[[], T], patience: Patience) -> T:
    """The answer of `work`, which begins anew while a host is locked, until the patience ends.

    No host is kept locked while another one is waited for, so two runs never wait for each other. Raises Locked when
    the time is over.
    """
    end = time.monotonic() + patience.seconds
    told: set[str] = set()
    while True:
        try:
            return work()
        except Locked as locked:
            left = end - time.monotonic()
            if left <= 0:
                raise
            if str(locked) not in told:
                told.add(str(locked))
                patience.tell(locked)
            _until_free(locked.host, left)


def _until_free(host: Host, seconds: float) -> None:
    """Wait there, in the kernel: nobody polls."""
    runner = connect(host)
    if not isinstance(runner, Unreachable):
        try:
            if in_background(partial(runner.run, commands.wait(host, seconds))).result().ok:
                return
        finally:
            runner.close()
    time.sleep(min(_PAUSE, seconds))
