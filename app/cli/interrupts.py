"""Ctrl-C in a long job: the first asks it to end after what it has in hand, the second ends it at once."""

from __future__ import annotations

import signal
import threading
from types import FrameType, TracebackType
from typing import Any

from app.cli.console import Console


class StopRequest:
    """While entered, SIGINT and SIGTERM set `asked`; a second one raises KeyboardInterrupt.

    A signal that is ignored (a job that a shell script put in the background) stays so. Outside the main thread, where
    Python lets nobody change handlers, this is a flag that never rises.
    """

    def __init__(self, console: Console) -> None:
        self.asked = False
        self._console = console
        self._before: dict[signal.Signals, Any] = {}

    def __enter__(self) -> StopRequest:
        if threading.current_thread() is threading.main_thread():
            for number in (signal.SIGINT, signal.SIGTERM):
                if signal.getsignal(number) not in (signal.SIG_IGN, None):
                    self._before[number] = signal.signal(number, self._on_signal)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def __call__(self) -> bool:
        """Whether the job should end: what generators of ``core`` ask as ``cancelled``."""
        return self.asked

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        if self._console.errors_on_terminal and not self._console.quiet:
            self._console.show("\r\x1b[KStopping after the photos in hand (Ctrl-C again: at once).\n")
