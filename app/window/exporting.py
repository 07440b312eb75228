"""Runs an export off the GUI thread, one at a time, and can be told to stop."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs import Jobs
from core.errors import RetrouveError
from core.exporting import ExportProgress, ExportReport, Format
from core.types import Hit

if TYPE_CHECKING:
    from core.library import Library


@dataclass(frozen=True, slots=True)
class Choice:
    """Some of the photos on show. ``hits`` makes them; it is called in a worker thread."""

    words: str
    """What a person reads: ``The 12 good matches``."""
    total: int
    hits: Callable[[Library], Iterable[Hit]]
    aside: str = ""
    """What else there is to say about them."""


class Exporting(QObject):
    """One export at a time."""

    progressed = Signal(object)
    """ExportProgress, about ten a second."""
    ended = Signal(object, bool)
    """ExportReport, and whether it came to its end; it did not where it was stopped."""
    failed = Signal(object)
    """RetrouveError."""
    _stepped = Signal(object)

    def __init__(self, lane: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._stop = threading.Event()
        self.running = False
        self._stepped.connect(self._on_stepped, Qt.ConnectionType.QueuedConnection)

    def run(self, library: Library, choice: Choice, format: Format, target: Path, *, overwrite: bool) -> None:
        """Begin; ``ended`` or ``failed`` follows."""
        assert not self.running
        self.running = True
        self._stop = threading.Event()
        stop = self._stop

        def work() -> ExportProgress:
            """In the lane's thread: the last progress."""
            last = ExportProgress(0, choice.total, ExportReport(target))
            run = library.exporter.export(
                choice.hits(library),
                format,
                target,
                total=choice.total,
                overwrite=overwrite,
                cancelled=stop.is_set,
            )
            try:
                for last in run:
                    self._stepped.emit(last)
            finally:
                run.close()
            return last

        self._lane.submit(work, self._on_ended, self._on_failed)

    def stop(self) -> None:
        """Stop at the next photo, or the next mebibyte of one; ``ended`` follows."""
        self._stop.set()

    @Slot(object)
    def _on_stepped(self, progress: ExportProgress) -> None:
        if self.running:
            self.progressed.emit(progress)

    def _on_ended(self, last: ExportProgress) -> None:
        self.running = False
        self.ended.emit(last.report, last.finished)

    def _on_failed(self, error: RetrouveError) -> None:
        self.running = False
        self.failed.emit(error)
