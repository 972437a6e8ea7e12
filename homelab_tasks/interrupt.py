"""Ctrl-C, SIGTERM and SIGHUP that arrive only where they are waited for, never in the middle of somebody's books."""

from __future__ import annotations

import os
import signal
import stat
import sys
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from types import FrameType, TracebackType
from typing import Any, NoReturn, Self, TypeVar

T = TypeVar("T")

SENTENCE = "error: interrupted; run the same again to go on"
STATUS = 130  # as shells have it: 128 and the number of SIGINT
_ENDING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def give_up(*_: object) -> NoReturn:
    """End where nothing was begun. Raises SystemExit, which Invoke lets pass: of a Ctrl-C it makes status 1."""
    sys.stderr.write(f"{SENTENCE}\n")
    raise SystemExit(STATUS)


def nothing_begun() -> None:
    """Until a task begins to `hear_all`, Ctrl-C finds nothing that has to be ended well."""
    if signal.getsignal(signal.SIGINT) is signal.default_int_handler:
        signal.signal(signal.SIGINT, give_up)


def hear_all() -> None:
    """Have SIGTERM and SIGHUP end the program as Ctrl-C does, with what is to be done at its end. Whoever is deaf to
    one of them, as `nohup` makes it, stays so.
    """
    if threading.current_thread() is not threading.main_thread():
        return
    if signal.getsignal(signal.SIGINT) is give_up:
        signal.signal(signal.SIGINT, signal.default_int_handler)
    for number in _ENDING[1:]:
        if signal.getsignal(number) is signal.SIG_DFL:
            signal.signal(number, _raise)


@contextmanager
def left_to_others() -> Iterator[None]:
    """Ctrl-C is meant for the program that has the terminal, such as an editor: nothing of it is heard here."""
    former = signal.signal(signal.SIGINT, lambda *_: None)
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, former)


class Interrupts:
    """While it is entered (on the main thread), the first of these signals raises KeyboardInterrupt inside `during`
    only; any further one wherever it arrives.

    One that comes earlier is raised by the next `during`. On other threads Python delivers no signals: nothing changes.
    Entered inside another one it is that one.
    """

    def __init__(self) -> None:
        self._waiting = self._unheard = False
        self._count = 0
        self._former: dict[signal.Signals, Any] = {}

    @property
    def insisted(self) -> bool:
        """It was more than one."""
        return self._count > 1

    def __enter__(self) -> Self:
        outer = getattr(signal.getsignal(signal.SIGINT), "__self__", None)
        if isinstance(outer, type(self)):
            return outer
        if threading.current_thread() is threading.main_thread():
            heard = [number for number in _ENDING if signal.getsignal(number) is not signal.SIG_IGN]
            self._former = {number: signal.signal(number, self._press) for number in heard}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, former in self._former.items():
            signal.signal(number, former)

    def during(self, work: Callable[[], T]) -> T:
        """The answer of `work`, which may be cut off at any point and begun again. Raises KeyboardInterrupt."""
        self._waiting = True
        try:
            if self._unheard:
                self._unheard = False
                raise KeyboardInterrupt
            return work()
        finally:
            self._waiting = False

    def _press(self, number: int, _frame: FrameType | None) -> None:
        _leave_terminal(number)
        self._count += 1
        if self._waiting or self.insisted:
            raise KeyboardInterrupt
        self._unheard = True


def _raise(number: int, _frame: FrameType | None) -> None:
    _leave_terminal(number)
    raise KeyboardInterrupt


def _leave_terminal(number: int) -> None:
    """With SIGHUP the terminal is gone: what is still said is said to nobody, and is no error."""
    if number == signal.SIGHUP:
        nobody = os.open(os.devnull, os.O_RDWR)
        for stream in (1, 2):
            with suppress(OSError):  # it may be closed
                if stat.S_ISCHR(os.fstat(stream).st_mode):  # a terminal that is gone says that it is none
                    os.dup2(nobody, stream)
