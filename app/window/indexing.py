"""Indexing from the window: one run at a time in its own thread, pausable, followed by what changed meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from enum import Enum, auto
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot

from app.jobs import Jobs
from core.errors import LibraryBusy, RetrouveError
from core.types import IndexProgress, IndexReport

if TYPE_CHECKING:
    from core.library import Library

_TRY_AGAIN = 15_000
"""Milliseconds until the next try while another process is indexing."""


class State(Enum):
    """What indexing is doing."""

    IDLE = auto()
    RUNNING = auto()
    STOPPING = auto()
    PAUSED = auto()
    BUSY = auto()
    """Another process is indexing this library."""


class Indexing(QObject):
    """Runs ``library.index``. Pausing closes the run (it loses nothing); going on starts it where it was."""

    state_changed = Signal(object)
    progressed = Signal(object)
    """IndexProgress, about ten a second."""
    stored = Signal(object)
    """tuple[int, ...] of photo ids that are new or changed."""
    ended = Signal(object)
    """IndexReport of a run that came to its end."""
    failed = Signal(object)
    """RetrouveError: the run could not go on."""
    _stepped = Signal(object)

    def __init__(self, lane: Jobs, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane = lane
        self._library: Library | None = None
        self.state = State.IDLE
        self.last: IndexProgress | None = None
        self._stop = threading.Event()
        self._everything = False
        self._folders: set[Path] = set()
        self._doing: tuple[bool, frozenset[Path]] = (False, frozenset())
        self._pause_asked = False
        self._holds = 0
        self._held: list[Callable[[], None]] = []
        self._again = QTimer(self, singleShot=True, interval=_TRY_AGAIN)
        self._again.timeout.connect(self._on_try_again)
        self._stepped.connect(self._on_stepped, Qt.ConnectionType.QueuedConnection)

    def use(self, library: Library) -> None:
        """Index this library from now on."""
        self._library = library

    def index_everything(self) -> None:
        """Look through all roots: now, or after the run that is under way."""
        self._everything = True
        self._start()

    def index_folders(self, folders: Sequence[Path]) -> None:
        """Look through these folders alone: now, or after the run that is under way."""
        self._folders.update(folders)
        self._start()

    def pause(self) -> None:
        """Stop after the batch at hand; ``resume`` goes on."""
        if self.state is State.RUNNING:
            self._pause_asked = True
            self._set(State.STOPPING)
            self._stop.set()

    def resume(self) -> None:
        """Go on after a pause."""
        if self.state is State.PAUSED:
            self._set(State.IDLE)
            self._start()

    def hold(self, held: Callable[[], None]) -> None:
        """Call ``held()`` once no run of ours is under way, and start none before ``let_go``.

        For what needs the library to itself. A run that is under way stops after the batch at hand, and goes on later.
        """
        self._holds += 1
        if self.state in (State.RUNNING, State.STOPPING):
            self._held.append(held)
            self._stop.set()
        else:
            held()

    def let_go(self) -> None:
        """The counterpart of ``hold``: what is to be indexed is indexed again."""
        self._holds -= 1
        self._start()

    def withdraw(self, held: Callable[[], None]) -> bool:
        """Take a ``hold`` back that still waits for a run to end; whether it did. ``held`` is not called then."""
        if held not in self._held:
            return False
        self._held.remove(held)
        self.let_go()
        return True

    def leave_out(self, root: Path) -> None:
        """Look through no folder of this root any more: it is no root now."""
        self._folders = {folder for folder in self._folders if not folder.is_relative_to(root)}

    def stop(self) -> None:
        """Stop for good: the window closes. The lane's threads are waited for by whoever owns them."""
        self._again.stop()
        self._everything = False
        self._folders.clear()
        self._held.clear()
        self._library = None
        self._stop.set()

    def _start(self) -> None:
        if self.state is not State.IDLE or self._holds or self._library is None:
            return
        if not (self._everything or self._folders):
            return
        self._doing = (self._everything, frozenset(self._folders))
        self._everything, self._folders = False, set()
        self._stop.clear()
        self._pause_asked = False
        self.last = None
        self._set(State.RUNNING)
        folders = None if self._doing[0] else sorted(self._doing[1])
        self._lane.submit(partial(self._work, self._library, folders), self._on_ended, self._on_failed)

    def _work(self, library: Library, folders: Sequence[Path] | None) -> IndexReport | None:
        """In the lane's thread. None when it was stopped before its end."""
        report: IndexReport | None = None
        run = library.index(folders, cancelled=self._stop.is_set)
        try:
            for progress in run:
                report = progress.report
                self._stepped.emit(progress)
                if self._stop.is_set():
                    return None
        finally:
            run.close()  # type: ignore[attr-defined]
        return report

    def _set(self, state: State) -> None:
        if state is not self.state:
            self.state = state
            self.state_changed.emit(state)

    @Slot(object)
    def _on_stepped(self, progress: IndexProgress) -> None:
        self.last = progress
        if self.state is State.RUNNING:
            self.progressed.emit(progress)
        # Encoded anew, a photo looks as before and is found as before.
        if progress.stored and not progress.updating:
            self.stored.emit(progress.stored)

    def _on_ended(self, report: IndexReport | None) -> None:
        if self._stop.is_set():
            self._put_back()
            self._set(State.PAUSED if self._pause_asked else State.IDLE)
        else:
            self._set(State.IDLE)
            if report is not None:
                self.ended.emit(report)
        self._tell_held()
        self._start()

    def _on_failed(self, error: RetrouveError) -> None:
        self._put_back()
        if isinstance(error, LibraryBusy):
            self._set(State.BUSY)
            self._again.start()
        else:
            self._set(State.PAUSED)
            self.failed.emit(error)
        self._tell_held()

    def _tell_held(self) -> None:
        """Nothing runs: whoever waits for that may begin."""
        held, self._held = self._held, []
        for begin in held:
            begin()

    def _put_back(self) -> None:
        """What the stopped run was asked for is still to do."""
        self._everything |= self._doing[0]
        self._folders |= self._doing[1]

    def _on_try_again(self) -> None:
        if self.state is State.BUSY:
            self._set(State.IDLE)
            self._start()
