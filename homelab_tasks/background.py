"""Work on daemon threads that no exit of the program waits for."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import TypeVar

T = TypeVar("T")


def in_background(work: Callable[[], T]) -> Future[T]:
    """Start `work` on a thread of its own; the future has what it returned or raised.

    An executor of the standard library joins its threads at exit, and a host that hangs would hold up Ctrl-C.
    """
    future: Future[T] = Future()
    threading.Thread(target=_settle, args=(future, work), daemon=True).start()
    return future


def _settle(future: Future[T], work: Callable[[], T]) -> None:
    try:
        future.set_result(work())
    except BaseException as error:  # noqa: BLE001 - not swallowed: whoever asks the future gets it
        future.set_exception(error)
