"""Ctrl-C that arrives only where it is waited for, never in the middle of somebody's books."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Any, Self, TypeVar

T = TypeVar("T")


class Interrupts:
    """While it is entered (on the main thread), SIGINT raises KeyboardInterrupt inside `during` only.

    One that comes earlier is raised by the next `during`. On other threads Python delivers no signals: nothing changes.
    """

    def __init__(self) -> None:
        self._waiting = self._pressed = False
        self._former: Any = None

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._former = signal.signal(signal.SIGINT, self._press)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._former is not None:
            signal.signal(signal.SIGINT, self._former)

    def during(self, work: Callable[[], T]) -> T:
        """The answer of `work`, which may be cut off at any point and begun again. Raises KeyboardInterrupt."""
        self._waiting = True
        try:
            if self._pressed:
                self._pressed = False
                raise KeyboardInterrupt
            return work()
        finally:
            self._waiting = False

    def _press(self, _signal: int, _frame: FrameType | None) -> None:
        if self._waiting:
            raise KeyboardInterrupt
        self._pressed = True
