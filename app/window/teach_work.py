"""A run of training beside the window: a child process, read line by line in a lane, ended when it is told to."""

from __future__ import annotations

import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.jobs import Jobs
from app.training_child import Step, TrainingChild
from core.errors import RetrouveError

MODE = "adapter"
"""What is trained here: `training.adapter`."""
_PATIENCE_MS = 5_000
"""Milliseconds after which a child that was asked to end is ended."""


class TeachWork(QObject):
    """One run at a time; the GUI thread never waits for it."""

    started = Signal()
    progressed = Signal(object)
    """Step of the run."""
    ended = Signal(object)
    """The document that the run ended with (see `training.adapter`)."""
    stopped = Signal()
    """It was stopped: nothing is left of it."""
    failed = Signal(object)
    """RetrouveError: it could not go on, and nothing is left of it."""
    _stepped = Signal(object, object)
    _broke = Signal()

    def __init__(self, lane: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self.start_child: Callable[[Path], TrainingChild] = lambda library: TrainingChild(MODE, library)
        """Starts the process; called in the lane's thread."""
        self.running = False
        self._stop = threading.Event()
        self._child: TrainingChild | None = None
        self._late = QTimer(self, singleShot=True, interval=_PATIENCE_MS)
        self._late.timeout.connect(self._on_late)
        self._stepped.connect(self._on_stepped, Qt.ConnectionType.QueuedConnection)
        self._broke.connect(self._on_broke, Qt.ConnectionType.QueuedConnection)

    @property
    def stopping(self) -> bool:
        """Whether it was told to stop, and has not yet."""
        return self.running and self._stop.is_set()

    def run(self, library: Path) -> None:
        """Begin; ``ended``, ``stopped`` or ``failed`` follows. Nothing happens while another run is under way."""
        if self.running:
            return
        self.running, self._stop = True, threading.Event()
        stop = self._stop

        def work() -> dict[str, Any] | None:
            """In the lane's thread: the result, or None where it was stopped."""
            try:
                if stop.is_set():
                    return None
                with self.start_child(library) as child:
                    self._child = child
                    if stop.is_set():
                        child.cancel()
                    for step in child.steps():
                        self._stepped.emit(stop, step)
                    return child.result
            except RetrouveError:
                if stop.is_set():
                    return None
                raise
            except Exception:
                self._broke.emit()  # a fault of ours: the lane tells of it
                raise
            finally:
                self._child = None

        self._lane.submit(work, self._on_ended, self._on_failed)
        self.started.emit()

    def stop(self) -> None:
        """Ask the process to end; ``stopped`` follows, or ``ended`` where it was at its end already."""
        if self.running:
            self._stop.set()
            self._late.start()
            if (child := self._child) is not None:
                child.cancel()

    @Slot(object, object)
    def _on_stepped(self, stop: threading.Event, step: Step) -> None:
        if self.running and stop is self._stop and not stop.is_set():
            self.progressed.emit(step)

    def _on_late(self) -> None:
        if (child := self._child) is not None:
            child.kill()

    def _on_ended(self, result: dict[str, Any] | None) -> None:
        self._over()
        if result is None:
            self.stopped.emit()
        else:
            self.ended.emit(result)

    def _on_failed(self, error: RetrouveError) -> None:
        self._over()
        self.failed.emit(error)

    @Slot()
    def _on_broke(self) -> None:
        self._over()
        self.stopped.emit()

    def _over(self) -> None:
        self.running = False
        self._late.stop()
