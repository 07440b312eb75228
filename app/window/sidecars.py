"""Writes tags into sidecars off the GUI thread: first what would be written, then the writing, or the undoing."""

from __future__ import annotations

import threading
from collections.abc import Callable, Generator, Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, Signal, Slot

from app.jobs import BROKE, Jobs
from core.errors import RetrouveError
from core.tagging.types import SidecarProgress, SidecarReport

if TYPE_CHECKING:
    from core.library import Library


class SidecarWork(QObject):
    """One piece of work at a time; a new one stops the one before, of which nothing is told any more."""

    progressed = Signal(object)
    """SidecarProgress."""
    planned = Signal(object, int)
    """SidecarReport of a dry run, and how many sidecars of the last writing can be put back."""
    written = Signal(object, bool)
    """SidecarReport, and whether it came to its end; it did not where it was stopped."""
    undone = Signal(object)
    """SidecarReport of what was put back."""
    failed = Signal(object)
    """RetrouveError."""
    _stepped = Signal(object, object)

    def __init__(self, lane: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._stop = threading.Event()
        self.running = False
        self.writing = False
        """Whether what runs changes files."""
        self._stepped.connect(self._on_stepped, Qt.ConnectionType.QueuedConnection)

    def plan(self, library: Library, photos: Sequence[int] | None) -> None:
        """What would be written for these photos, or for all; ``planned`` follows."""

        def work(stop: threading.Event) -> tuple[SidecarReport, int]:
            sidecars = library.tagging.sidecars
            report = self._through(sidecars.write(photos, stop.is_set, dry_run=True), stop)
            return report, sidecars.can_undo()

        self._begin(work, lambda found, _finished: self.planned.emit(*found), writing=False)

    def write(self, library: Library, photos: Sequence[int] | None) -> None:
        """Write them; ``written`` follows."""

        def work(stop: threading.Event) -> SidecarReport:
            return self._through(library.tagging.sidecars.write(photos, stop.is_set), stop)

        self._begin(work, self.written.emit, writing=True)

    def undo(self, library: Library) -> None:
        """Put back what the last writing changed; ``undone`` follows."""
        self._begin(
            lambda stop: library.tagging.sidecars.undo(stop.is_set),
            lambda report, _finished: self.undone.emit(report),
            writing=True,
        )

    def stop(self) -> None:
        """Stop at the next photos: what is written stays, and can be undone."""
        self._stop.set()

    def _begin(
        self, work: Callable[[threading.Event], object], done: Callable[[object, bool], object], *, writing: bool
    ) -> None:
        self._stop.set()
        self._stop = stop = threading.Event()
        self.running, self.writing = True, writing

        def ended(found: object) -> None:
            if stop is self._stop:
                self.running = self.writing = False
                done(found, not stop.is_set())

        def failed(error: RetrouveError) -> None:
            if stop is self._stop:
                self.running = self.writing = False
                self.failed.emit(error)

        self._lane.submit(lambda: work(stop), ended, failed, lambda: failed(RetrouveError(BROKE)))

    def _through(self, steps: Generator[SidecarProgress, None, None], stop: threading.Event) -> SidecarReport:
        """In the lane's thread: to the end, or until it is stopped."""
        report = SidecarReport()
        try:
            for progress in steps:
                report = progress.report
                self._stepped.emit(stop, progress)
        finally:
            steps.close()
        return report

    @Slot(object, object)
    def _on_stepped(self, stop: threading.Event, progress: SidecarProgress) -> None:
        if self.running and stop is self._stop:
            self.progressed.emit(progress)
