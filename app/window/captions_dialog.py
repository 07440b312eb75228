"""Captions from a file: which files can be read, one to choose, and what came of it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QDialog,
    QFileDialog,
    QHBoxLayout,
    QLabel,
    QPlainTextEdit,
    QProgressBar,
    QVBoxLayout,
    QWidget,
)

from app.caption_report import sentences
from app.window.buttons import PressButton
from app.window.export_dialog import documents_folder
from app.window.words import count_of

if TYPE_CHECKING:
    from core.captioning.captions import CaptionReport

_FILTER = "Captions (*.jsonl *.ndjson *.json *.csv *.tsv *.txt *.token *.tar *.tar.gz *.tgz);;All files (*)"
_FORMATS = (
    "A file with a photo's name and a sentence about it in each row: JSON lines, JSON (COCO's too), CSV or TSV. A "
    "photo is named by its path from the file's folder or from a folder of the library; its name alone will do where "
    "one photo has it. Captions are kept in the library; photos stay as they are."
)


class CaptionsDialog(QDialog):
    """Asks for a file with the system's own dialog; its owner reads it, and comes back with a report."""

    asked = Signal(object)
    """Path of a file to read."""

    def __init__(self, parent: QWidget | None = None, folder: Path | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Import captions")
        self._folder = folder or documents_folder()
        self.words = QLabel(_FORMATS, objectName="words", textFormat=Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setAccessibleName("Reading the file")
        self.report = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.report.setWordWrap(True)
        self.report.setTextInteractionFlags(Qt.TextInteractionFlag.TextSelectableByMouse)
        self.left_out = QPlainTextEdit(readOnly=True)
        self.left_out.setAccessibleName("What was left out")
        self.left_out.setTabChangesFocus(True)
        self.choose, self.close_button = PressButton("Choose a file…"), PressButton("Close")
        self.choose.setProperty("primary", "true")
        row = QHBoxLayout()
        row.addStretch(1)
        row.addWidget(self.close_button)
        row.addWidget(self.choose)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 18, 20, 18)
        column.setSpacing(14)
        for widget in (self.words, self.busy, self.report, self.left_out):
            column.addWidget(widget, 1 if widget is self.left_out else 0)
        column.addStretch(0)
        column.addLayout(row)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 84)
        for hidden in (self.busy, self.report, self.left_out):
            hidden.hide()
        self.choose.clicked.connect(self._on_choose)
        self.close_button.clicked.connect(self.accept)
        self.choose.setFocus()

    def _on_choose(self) -> None:
        chosen, _ = QFileDialog.getOpenFileName(self, "Choose a captions file", str(self._folder), _FILTER)
        if chosen:
            self.read(Path(chosen))

    def read(self, path: Path) -> None:
        """A file was chosen: `show_report` or `show_fault` follows."""
        self._folder = path.parent
        self.choose.setEnabled(False)
        self.busy.show()
        self.report.hide()
        self.left_out.hide()
        self.asked.emit(path)

    def show_report(self, report: CaptionReport) -> None:
        """What was read, and what was not."""
        first, *more = sentences(report)
        self._say("\n".join([f"{report.file.name}: {first}", *more]), error=False)
        lines = list(report.broken_rows)
        if report.unknown_photos:
            lines += [f"not in the library: {name}" for name in report.unknown_photos]
        beyond = report.broken + report.unknown - len(report.broken_rows) - len(report.unknown_photos)
        if lines and beyond > 0:
            lines.append(f"and {count_of(beyond, 'row')} more")
        self.left_out.setPlainText("\n".join(lines))
        self.left_out.setVisible(bool(lines))
        self.choose.setText("Choose another file…")
        self.choose.setProperty("primary", "false")
        self.close_button.setProperty("primary", "true")
        for button in (self.choose, self.close_button):
            button.style().unpolish(button)
            button.style().polish(button)
        self.close_button.setFocus()

    def show_fault(self, sentence: str) -> None:
        """Why nothing was read."""
        self._say(sentence, error=True)
        self.choose.setFocus()

    def _say(self, words: str, *, error: bool) -> None:
        self.busy.hide()
        self.choose.setEnabled(True)
        self.report.setObjectName("fault" if error else "")
        self.report.style().unpolish(self.report)
        self.report.style().polish(self.report)
        self.report.setText(words)
        self.report.setAccessibleName(words)
        self.report.show()
