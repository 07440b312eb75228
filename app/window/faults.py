"""Faults of ours: into the log, and into a dialog that says so and shows the traceback."""

from __future__ import annotations

import logging
import sys
import threading
import traceback
from logging.handlers import RotatingFileHandler
from pathlib import Path
from types import TracebackType

from PySide6.QtCore import QObject, Qt, Signal, Slot
from PySide6.QtGui import QFontDatabase, QGuiApplication
from PySide6.QtWidgets import QDialog, QHBoxLayout, QLabel, QPlainTextEdit, QPushButton, QVBoxLayout, QWidget

from app.window.desktop import open_with_default

logger = logging.getLogger(__name__)


class _LogFile(RotatingFileHandler):
    """A log that cannot be written is no fault to tell of in the terminal, with a traceback for each line."""

    def handleError(self, record: logging.LogRecord) -> None:
        """The disk is full, or was unplugged: the line is lost, the program goes on. Faults of ours are told of."""
        if not isinstance(sys.exception() if sys.version_info >= (3, 11) else sys.exc_info()[1], OSError):
            super().handleError(record)


def start_log(library_folder: Path) -> Path | None:
    """Log warnings and worse to ``<library>/logs/retrouve.log`` (three files of a megabyte); None where none can be."""
    folder = library_folder / "logs"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        handler = _LogFile(folder / "retrouve.log", maxBytes=1 << 20, backupCount=2, encoding="utf-8", delay=True)
    except OSError as error:
        logger.info("no log file: %s", error)
        return None
    handler.setFormatter(logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    handler.setLevel(logging.WARNING)
    logging.getLogger().addHandler(handler)
    return folder / "retrouve.log"


class Faults(QObject):
    """Takes exceptions from any thread; shows the first, logs them all."""

    _came = Signal(object)

    def __init__(self, log: Path | None, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._log = log
        self.window: QWidget | None = None
        self.dialog: CrashDialog | None = None
        self._came.connect(self._on_came, Qt.ConnectionType.QueuedConnection)

    def hook(self) -> None:
        """Take what no one else catches, in the GUI thread and in others."""
        sys.excepthook = self._on_exception
        threading.excepthook = lambda args: self._on_exception(args.exc_type, args.exc_value, args.exc_traceback)

    def unhook(self) -> None:
        """Back to Python's own."""
        sys.excepthook = sys.__excepthook__
        threading.excepthook = threading.__excepthook__

    @Slot(object)
    def report(self, error: BaseException) -> None:
        """A fault of ours, with its traceback."""
        text = "".join(traceback.format_exception(error))
        logger.error("a fault of ours\n%s", text)
        self._came.emit(text)

    def _on_exception(
        self, kind: type[BaseException], error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if issubclass(kind, KeyboardInterrupt):
            QGuiApplication.quit()
        elif error is not None:
            self.report(error.with_traceback(trace))

    @Slot(object)
    def _on_came(self, text: str) -> None:
        if self.dialog is None:
            self.dialog = CrashDialog(text, self._log, self.window)
            self.dialog.finished.connect(self._on_dialog_closed)
            self.dialog.open()

    def _on_dialog_closed(self) -> None:
        if self.dialog is not None:
            self.dialog.deleteLater()
            self.dialog = None


class CrashDialog(QDialog):
    """Says that something went wrong in the program, that nothing is lost, and offers the traceback for a report."""

    def __init__(self, text: str, log: Path | None, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Something went wrong")
        self._text = text
        words = QLabel(
            "Retrouve met a fault of its own. Your photos and your library are safe, and you can go on.\n"
            "If it happens again, please report it with the text below."
        )
        words.setWordWrap(True)
        self.trace = QPlainTextEdit(text)
        self.trace.setReadOnly(True)
        self.trace.setFont(QFontDatabase.systemFont(QFontDatabase.SystemFont.FixedFont))
        self.trace.setAccessibleName("Traceback")
        copy = QPushButton("Copy")
        copy.clicked.connect(lambda: QGuiApplication.clipboard().setText(self._text))
        go_on = QPushButton("Go on")
        go_on.setProperty("primary", "true")
        go_on.setDefault(True)
        go_on.clicked.connect(self.accept)
        row = QHBoxLayout()
        row.addWidget(copy)
        if log is not None:
            show = QPushButton("Open the log")
            show.clicked.connect(lambda: open_with_default(log))
            row.addWidget(show)
        row.addStretch(1)
        row.addWidget(go_on)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(14)
        column.addWidget(words)
        column.addWidget(self.trace, 1)
        column.addLayout(row)
        self.resize(self.fontMetrics().horizontalAdvance("x") * 100, self.fontMetrics().height() * 24)
