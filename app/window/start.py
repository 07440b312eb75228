"""Builds the objects of the window, once, and runs it."""

from __future__ import annotations

import logging
import os
import signal
import socket
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QSocketNotifier
from PySide6.QtWidgets import QApplication

from app.jobs import Lanes
from app.window.conductor import Conductor
from app.window.faults import Faults, start_log
from app.window.help_dialogs import own_version
from app.window.icons import window_icon
from app.window.indexing import Indexing
from app.window.main_window import MainWindow
from app.window.searching import Searching
from app.window.session import Session
from app.window.settings import Settings
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails
from app.window.watching import Watching

if TYPE_CHECKING:
    from core.library import Library

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Parts:
    """Everything that a window consists of, so that tests can reach it."""

    window: MainWindow
    session: Session
    searching: Searching
    indexing: Indexing
    watching: Watching
    thumbnails: Thumbnails
    lanes: Lanes
    conductor: Conductor

    def close(self, seconds: float = 5.0) -> bool:
        """Stop everything; whether all threads ended within ``seconds``."""
        self.window.close()
        return self.session.close(seconds)


def build(
    application: QApplication,
    library_folder: Path,
    roots: Sequence[Path],
    open_library: Callable[[], Library],
    faults: Faults,
) -> Parts:
    """The window and all that stands behind it; nothing is shown or opened yet."""
    settings = Settings(library_folder)
    theme = Theme(application, settings.theme)
    theme.setParent(application)
    lanes = Lanes.build()
    thumbnails = Thumbnails(lanes.thumbnails)
    window = MainWindow(theme, thumbnails, lanes, settings)
    faults.window = window
    session = Session(open_library, roots, lanes)
    searching, indexing = Searching(lanes), Indexing(lanes.indexing)
    watching = Watching(lanes.watching, library_folder)
    for lane in lanes.each():
        lane.crashed.connect(faults.report)
    conductor = Conductor(window, session, searching, indexing, watching, thumbnails)
    return Parts(window, session, searching, indexing, watching, thumbnails, lanes, conductor)


def run(library_folder: Path, roots: Sequence[Path] = ()) -> int:
    """Run the window until it is closed; returns the exit code."""
    # A worker thread that computes hands the interpreter over after a millisecond: a frame is never late for it.
    sys.setswitchinterval(0.001)
    application = make_application()
    log = start_log(library_folder)
    faults = Faults(log)
    faults.hook()
    parts = build(application, library_folder, roots, partial(_open_library, library_folder), faults)
    parts.window.show()
    parts.conductor.start()
    with _ended_by_signals(application):
        code = application.exec()
    faults.unhook()
    if not parts.close():
        # A thread hangs in a read of a disk that does not answer. What is stored is stored: leave without it.
        logger.warning("left while a thread was still waiting for a disk")
        logging.shutdown()
        sys.stdout.flush()
        os._exit(code)
    return code


def make_application() -> QApplication:
    """The application object, named as the desktop knows it."""
    existing = QApplication.instance()
    application = existing if isinstance(existing, QApplication) else QApplication(sys.argv[:1])
    application.setApplicationName("retrouve")
    application.setApplicationDisplayName("Retrouve")
    application.setApplicationVersion(own_version())
    application.setDesktopFileName("retrouve")
    application.setWindowIcon(window_icon())
    return application


def _open_library(folder: Path) -> Library:
    """In a worker thread: the import alone costs more than a frame."""
    from core.library import Library

    return Library.open(folder)


@contextmanager
def _ended_by_signals(application: QApplication) -> Iterator[None]:
    """Ctrl-C in the terminal, and a polite kill, close the window as its cross would.

    Python runs signal handlers only between its own instructions, and Qt's loop runs none: the byte that Python writes
    to the socket wakes the loop, and the handler runs on the way to the slot.
    """
    ours, pythons = socket.socketpair()
    for end in (ours, pythons):
        end.setblocking(False)
    owner = QObject()
    notifier = QSocketNotifier(ours.fileno(), QSocketNotifier.Type.Read, owner)
    notifier.activated.connect(lambda: ours.recv(64))
    before = signal.set_wakeup_fd(pythons.fileno(), warn_on_full_buffer=False)
    handlers = {
        number: signal.signal(number, lambda *_: application.closeAllWindows())
        for number in (signal.SIGINT, signal.SIGTERM)
    }
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(before)
        notifier.setEnabled(False)
        ours.close()
        pythons.close()
