"""How far a long job is: a bar that moves on a terminal, a plain line now and then in a log."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from types import TracebackType

from app.cli.console import Console
from app.cli.wording import columns, counted, duration, visible

BAR = 24
"""Columns of the bar."""
DRAW_EVERY = 0.1
LINE_EVERY = 10.0
"""Seconds between two drawings on a terminal, and two lines in a log."""


class ProgressBar:
    """Shows a job on stderr; a context manager that leaves the terminal clean whatever happens.

    Nothing is shown when quiet, nor in a log while JSON was asked for.
    """

    def __init__(self, console: Console, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._console = console
        self._clock = clock
        self._moves = console.errors_on_terminal
        self._silent = console.quiet or (console.as_json and not self._moves)
        self._last: float | None = None
        self._drawn = False

    def __enter__(self) -> ProgressBar:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.clear()

    def update(
        self,
        what: str,
        done: int,
        total: int,
        *,
        rate: float = 0.0,
        seconds_left: float | None = None,
        amount: str | None = None,
    ) -> None:
        """Show that ``done`` of ``total`` are done (0 while the total is unknown); ``rate`` is a second's. What is done
        is photos, unless ``amount`` says it otherwise."""
        now = self._clock()
        every = DRAW_EVERY if self._moves else LINE_EVERY
        if self._silent or (self._last is not None and now - self._last < every):
            return
        first, self._last = self._last is None, now
        if not self._moves and first:
            return  # a job that ends within seconds needs no line in a log
        parts = [_amount(done, total)] if amount is None else [amount] if amount else []
        if rate > 0:
            parts.append(f"{rate:,.1f} photos/s" if rate < 10 else f"{rate:,.0f} photos/s")
        if seconds_left is not None:
            parts.append(f"{duration(max(1.0, seconds_left))} left")
        if self._moves:
            self._draw(f"{what:<9} {_bar(done, total)} " + ", ".join(parts))
        else:
            self._console.remark(f"{what}: " + ", ".join(parts))

    def clear(self) -> None:
        """Take the bar off the terminal."""
        if self._drawn:
            self._console.show("\r\x1b[K")
            self._drawn = False

    def _draw(self, text: str) -> None:
        room = shutil.get_terminal_size().columns - 1
        shown = visible(text)
        while columns(shown) > room:
            shown = shown[:-1]
        self._console.show(f"\r\x1b[K{shown}")
        self._drawn = True


def _amount(done: int, total: int) -> str:
    return f"{done:,} of {counted(total, 'photo')}" if total else counted(done, "photo")


def _bar(done: int, total: int) -> str:
    full = min(BAR, BAR * done // total) if total else 0
    return "[" + "#" * full + "." * (BAR - full) + "]"
