"""Progress as it happens: one region that is redrawn on a terminal, plain lines in a pipe."""

from __future__ import annotations

import atexit
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Protocol, TextIO

from msgspec.structs import replace

from ..outcome import Outcome, Progress, Status
from ..plan import Plan
from .board import board_of, region
from .outcome import blocked_lines, ended_lines, permanent, widths_of
from .terminal import Style, encodable, say
from .terminal import style as style_of

if TYPE_CHECKING:
    from rich.console import Console
    from rich.live import Live
    from rich.text import Text

PER_SECOND = 8  # redraws


class Screen(Protocol):
    """Where a run shows how far it is: a `Tell`. `close` wipes off what is transient; the last step does so too."""

    def __call__(self, progress: Progress, /) -> None: ...
    def close(self) -> None: ...


def live(plan: Plan, stream: TextIO, style: Style | None = None) -> Screen:
    """A screen for the steps of `plan` on `stream`. Its methods are called from one thread."""
    shown = style or style_of(stream)
    blocked = list(blocked_lines(plan, shown))
    if blocked:
        say("\n".join(blocked), stream)
    if not shown.live or all(step.blocked for step in plan.steps):
        return _Lines(plan, stream, shown)
    return _Region(plan, stream, shown)


class _Lines:
    """A pipe or a plain terminal: a line for each event that matters, nothing ever taken back."""

    def __init__(self, plan: Plan, stream: TextIO, style: Style) -> None:
        self._stream, self._style = stream, style
        self._widths = widths_of(plan.steps)

    def __call__(self, progress: Progress) -> None:
        lines = permanent(progress, self._style, self._widths)
        if lines:
            say("\n".join(lines), self._stream)

    def close(self) -> None:
        """Nothing to wipe off."""


class _Region:
    """A terminal: what ended is printed for good, and below it the region shows what is still open."""

    def __init__(self, plan: Plan, stream: TextIO, style: Style) -> None:
        self._style, self._stream = style, stream
        self._board = board_of(plan, time.monotonic())
        self._console = _console(stream, style)
        self._live = _live(self._console, self._draw)
        self._live.start(refresh=True)
        atexit.register(self.close)  # an error on the way must not leave the cursor hidden

    def __call__(self, progress: Progress) -> None:
        self._board = self._board.after(progress, time.monotonic())
        if progress.outcome and _stays(progress.outcome):
            lines = ended_lines(progress.outcome, self._measured(), self._board.widths)
            self._console.print(self._text(lines), soft_wrap=True)
        if self._board.over:
            self.close()

    def close(self) -> None:
        """Wipe the region off; what was printed above it stays."""
        self._live.stop()
        atexit.unregister(self.close)

    def _draw(self) -> Text:
        lines = region(self._board, time.monotonic(), self._console.size.height, self._measured())
        return self._text(lines)

    def _text(self, lines: Sequence[str]) -> Text:
        from rich.text import Text

        return Text.from_ansi(encodable("\n".join(lines), self._stream), no_wrap=True, overflow="crop", end="")

    def _measured(self) -> Style:
        """The style for the terminal as wide as it is now."""
        return replace(self._style, width=self._console.size.width)


def _stays(outcome: Outcome) -> bool:
    """What was skipped is counted in the region and explained at the end: forty such lines would push away the one
    that matters. What cannot be tried was said at the beginning.
    """
    return outcome.status is not Status.SKIPPED and not outcome.step.blocked


def _console(stream: TextIO, style: Style) -> Console:
    from rich.console import Console

    return Console(file=stream, force_terminal=True, color_system="standard" if style.colour else None)


def _live(console: Console, draw: Callable[[], Text]) -> Live:
    from rich.live import Live

    return Live(console=console, get_renderable=draw, refresh_per_second=PER_SECOND, transient=True)
