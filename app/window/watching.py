"""Notices what changes under the roots while the window is open, and tells which folders to look through."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterable
from functools import partial
from pathlib import Path
from typing import Any

from PySide6.QtCore import QObject, Qt, QTimer, Signal, Slot
from watchdog.events import FileSystemEvent, FileSystemEventHandler
from watchdog.observers import Observer

from app.jobs import Jobs
from core.photos.sidecars import SIDECAR_SUFFIXES
from core.photos.suffixes import is_photo_name

logger = logging.getLogger(__name__)

QUIET = 1_200
"""Milliseconds without news before the changed folders are told of: a copy of many files is one change."""
AT_LAST = 10_000
"""Milliseconds after which they are told of even when news keeps coming."""
LOOK_AROUND = 300_000
"""Milliseconds between looks through roots that cannot be watched."""
_CHANGES = frozenset({"created", "modified", "moved", "deleted", "closed"})


class _Handler(FileSystemEventHandler):
    """Lives in watchdog's thread; hands the folders of what changed over by signal."""

    def __init__(self, watching: Watching) -> None:
        self._watching = watching

    def on_any_event(self, event: FileSystemEvent) -> None:
        folders = changed_folders(event)
        if folders:
            self._watching.noticed.emit(folders)


class Watching(QObject):
    """Watches the roots that are online. Where the system cannot (too many folders), it looks around now and then."""

    folders_changed = Signal(object)
    """list[Path]: look through these."""
    limited = Signal(str)
    """A sentence: some roots are not watched live. Empty once all are."""
    noticed = Signal(object)
    """From watchdog's thread: set[Path] of folders with changes."""

    def __init__(self, lane: Jobs, leave_out: Path, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane, self._leave_out = lane, leave_out
        self._observers: dict[Path, Any] = {}
        self._lock = threading.Lock()
        self._running: set[Any] = set()
        """Every observer that was started and not ended, told of from the lane's thread: the result of a job that ends
        while the window closes is never delivered."""
        self._closed = False
        self._unwatched: set[Path] = set()
        self._starting: set[Path] = set()
        self._roots: set[Path] = set()
        self._changed: set[Path] = set()
        self._quiet = QTimer(self, singleShot=True, interval=QUIET)
        self._at_last = QTimer(self, singleShot=True, interval=AT_LAST)
        self._around = QTimer(self, interval=LOOK_AROUND)
        self._quiet.timeout.connect(self._tell)
        self._at_last.timeout.connect(self._tell)
        self._around.timeout.connect(self._look_around)
        self.noticed.connect(self._on_noticed, Qt.ConnectionType.QueuedConnection)

    def watch(self, roots: Iterable[Path]) -> None:
        """Watch these roots, and no others."""
        self._roots = set(roots)
        for path in set(self._observers) - self._roots:
            self._lane.submit(partial(self._end, self._observers.pop(path)))
        self._unwatched &= self._roots
        for path in sorted(self._roots - set(self._observers) - self._unwatched - self._starting):
            self._starting.add(path)
            # Setting up walks every folder of the root: not in the GUI thread.
            self._lane.submit(partial(self._begin, path), partial(self._on_begun, path))
        self._say_limits()

    def watched(self) -> set[Path]:
        """The roots that are watched live now."""
        return set(self._observers)

    def close(self) -> None:
        """Watch nothing any more; waits for watchdog's threads."""
        self._roots = set()
        for timer in (self._quiet, self._at_last, self._around):
            timer.stop()
        self._observers = {}
        with self._lock:
            self._closed = True
            running = list(self._running)
        for observer in running:
            self._end(observer)

    def _begin(self, path: Path) -> object | None:
        """In the lane's thread: watch a root; None where that cannot be."""
        observer = _begin(path, _Handler(self))
        if observer is None:
            return None
        with self._lock:
            self._running.add(observer)
            closed = self._closed
        if closed:
            self._end(observer)
            return None
        return observer

    def _end(self, observer: object) -> None:
        _end(observer)
        with self._lock:
            self._running.discard(observer)

    def _on_begun(self, path: Path, observer: object | None) -> None:
        self._starting.discard(path)
        if path not in self._roots:
            if observer is not None:
                self._lane.submit(partial(self._end, observer))
            return
        if observer is None:
            self._unwatched.add(path)
            self._around.start()
        else:
            self._observers[path] = observer
        self._say_limits()

    def _say_limits(self) -> None:
        if not self._unwatched:
            self._around.stop()
        names = ", ".join(sorted(path.name or str(path) for path in self._unwatched))
        self.limited.emit(f"{names}: too many folders to watch, looked through every few minutes" if names else "")

    def _look_around(self) -> None:
        if self._unwatched:
            self.folders_changed.emit(sorted(self._unwatched))

    @Slot(object)
    def _on_noticed(self, folders: set[Path]) -> None:
        inside = {
            folder
            for folder in folders
            if not folder.is_relative_to(self._leave_out) and any(folder.is_relative_to(root) for root in self._roots)
        }
        if inside:
            self._changed |= inside
            self._quiet.start()
            if not self._at_last.isActive():
                self._at_last.start()

    def _tell(self) -> None:
        self._quiet.stop()
        self._at_last.stop()
        folders, self._changed = topmost(self._changed), set()
        if folders:
            self.folders_changed.emit(folders)


def changed_folders(event: FileSystemEvent) -> set[Path]:
    """The folders to look through after an event; none for what is no change or no photo."""
    if event.event_type not in _CHANGES or (event.is_directory and event.event_type == "modified"):
        return set()
    paths = [Path(str(path)) for path in (event.src_path, event.dest_path) if path]
    if not event.is_directory:
        paths = [path for path in paths if is_photo_name(path.name) or path.suffix.lower() in SIDECAR_SUFFIXES]
    return {path.parent for path in paths if not path.name.startswith(".")}


def topmost(folders: Iterable[Path]) -> list[Path]:
    """The folders without those that lie inside another one of them."""
    kept: list[Path] = []
    for folder in sorted(folders):
        if not any(folder.is_relative_to(one) for one in kept):
            kept.append(folder)
    return kept


def _begin(path: Path, handler: FileSystemEventHandler) -> object | None:
    """Watch a root; None when the system has no room for that many folders, or cannot watch there at all."""
    observer: Any = None
    try:
        observer = Observer()
        observer.schedule(handler, str(path), recursive=True)
        observer.start()
    except OSError as error:
        logger.warning("cannot watch %s: %s", path, error)
        if observer is not None:
            _end(observer)
        return None
    return observer


def _end(observer: Any) -> None:
    """Also of an observer that never came to start: it holds a thread and a file from the beginning."""
    observer.stop()
    if observer.is_alive():
        observer.join(2)
