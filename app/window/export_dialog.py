"""The dialog of an export: which photos, as what, where to; then how far it is, and what came of it."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

from PySide6.QtCore import QStandardPaths, Qt, Signal
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QDialog,
    QFileDialog,
    QGridLayout,
    QHBoxLayout,
    QLabel,
    QLineEdit,
    QListWidget,
    QProgressBar,
    QPushButton,
    QRadioButton,
    QVBoxLayout,
    QWidget,
)

from app.window.exporting import Choice, Exporting
from app.window.said import Said
from app.window.words import count_of, short_path
from core.errors import RetrouveError, TargetTaken
from core.exporting import ExportProgress, ExportReport, Format

_KINDS: tuple[tuple[Format, str, str, str], ...] = (
    (Format.COPIES, "&Copies of the photos", "in a folder; the photos themselves stay where they are", ""),
    (Format.PATHS, "List of &paths", "a text file, one path a line", ".txt"),
    (Format.CSV, "&Table", "for a spreadsheet: path, match, why it was found", ".csv"),
    (Format.JSON, "&JSON", "for other programs", ".json"),
)
"""Each form: what it is called, what that is, and how its file's name ends."""
_MOST_FAILED = 500
"""Photos that could not be copied and are listed."""


class ExportDialog(QDialog):
    """Asks, runs, and says what was done. While it runs its button stops it."""

    folder_asked = Signal(object)
    """Path of what was written, to be shown in the file manager."""
    folder_used = Signal(object)
    """Path of the folder that was written to, to begin there the next time."""
    started = Signal(object, object, object, bool)
    """Choice, Format, Path, and whether a file may be overwritten."""

    def __init__(
        self, choices: Sequence[Choice], name: str, folder: Path, exporting: Exporting, parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self.setWindowTitle("Export results")
        self._choices, self._name, self._folder, self._exporting = choices, name, folder, exporting
        self._agreed: Path | None = None
        self._written: Path | None = None
        self._closing = False
        self.which, self.kinds = QButtonGroup(self), QButtonGroup(self)
        self.where = QLineEdit()
        self.where.setAccessibleName("Where to")
        self.browse = QPushButton("C&hoose…")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress of the export")
        self.said = Said()
        self.failed = QListWidget()
        self.failed.setAccessibleName("Photos that could not be copied")
        self.reveal = QPushButton("Show in folder")
        self.act = QPushButton("Export")
        self.act.setProperty("primary", "true")
        self.act.setDefault(True)
        self.leave = QPushButton("Close")
        self._inputs = QWidget()
        self._lay_out()
        self._connect()
        self.which.button(0).setChecked(True)
        self.kinds.button(0).setChecked(True)
        self._suggest()
        self._show_idle("")

    def _lay_out(self) -> None:
        grid = QGridLayout(self._inputs)
        grid.setContentsMargins(0, 0, 0, 0)
        grid.setHorizontalSpacing(18)
        grid.setVerticalSpacing(14)
        top = Qt.AlignmentFlag.AlignTop
        grid.addWidget(QLabel("Photos"), 0, 0, top)
        grid.addLayout(_radios(self.which, [(choice.words, choice.aside) for choice in self._choices]), 0, 1)
        grid.addWidget(QLabel("As"), 1, 0, top)
        grid.addLayout(_radios(self.kinds, [(words, what) for _, words, what, _ in _KINDS]), 1, 1)
        grid.addWidget(QLabel("To"), 2, 0)
        line = QHBoxLayout()
        line.setSpacing(8)
        line.addWidget(self.where, 1)
        line.addWidget(self.browse)
        grid.addLayout(line, 2, 1)
        grid.setColumnStretch(1, 1)
        buttons = QHBoxLayout()
        buttons.addWidget(self.reveal)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.act)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 20, 22, 18)
        column.setSpacing(14)
        column.addWidget(self._inputs)
        column.addWidget(self.progress)
        column.addWidget(self.said)
        column.addWidget(self.failed, 1)
        column.addStretch(0)
        column.addLayout(buttons)
        self.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 92)

    def _connect(self) -> None:
        self.kinds.idToggled.connect(lambda _id, on: self._suggest() if on else None)
        self.browse.clicked.connect(self._on_browse)
        self.where.textEdited.connect(lambda _text: self._show_idle(""))
        self.act.clicked.connect(self._on_act)
        self.leave.clicked.connect(self.reject)
        self.reveal.clicked.connect(lambda: self.folder_asked.emit(self._written))
        self._exporting.progressed.connect(self._on_progressed)
        self._exporting.ended.connect(self._on_ended)
        self._exporting.failed.connect(self._on_failed)

    # What is asked

    @property
    def format(self) -> Format:
        """As what."""
        return _KINDS[self.kinds.checkedId()][0]

    def target(self) -> Path:
        """Where to; a name alone goes to the folder that was suggested."""
        return self._folder / Path(self.where.text().strip()).expanduser()

    def _suggest(self) -> None:
        """A place that fits the form, in the folder that is in the field now."""
        ending = _KINDS[self.kinds.checkedId()][3]
        if self.where.text().strip():
            self._folder = self.target().parent
        self.where.setText(str(self._folder / f"{self._name}{ending}"))
        self._show_idle("")

    def _on_browse(self) -> None:
        if self.format is Format.COPIES:
            chosen = QFileDialog.getExistingDirectory(self, "Choose a folder for the copies", str(self._folder))
        else:
            chosen, _ = QFileDialog.getSaveFileName(self, "Choose a file", str(self.target()))
            # The system's dialog has asked whether a file may be replaced.
            self._agreed = Path(chosen) if chosen else None
        if chosen:
            self.where.setText(chosen)
            self._show_idle("")

    # What is done

    def _on_act(self) -> None:
        if self._exporting.running:
            self._exporting.stop()
            self.act.setEnabled(False)
            self.said.setText("Stopping…")
            return
        if not self.where.text().strip():
            self._show_idle("Say where to: a folder for copies, else a file.", error=True)
            self.where.setFocus()
            return
        choice, target = self._choices[self.which.checkedId()], self.target()
        self._inputs.setEnabled(False)
        self.failed.hide()
        self.reveal.hide()
        self.progress.setRange(0, choice.total)
        self.progress.setValue(0)
        self.progress.show()
        self.act.setText("Stop")
        self._set_primary(False)
        self._say("Beginning…")
        self.leave.setEnabled(False)
        self.act.setFocus()
        self.started.emit(choice, self.format, target, target == self._agreed)

    def _on_progressed(self, progress: ExportProgress) -> None:
        self.progress.setValue(progress.done)
        self._say(f"{progress.done:,} of {progress.total:,}")

    def _on_ended(self, report: ExportReport, finished: bool) -> None:
        self._written = report.target if report.written or report.present or finished else None
        self._show_idle(_outcome(report, self.format, finished))
        if finished:
            self.folder_used.emit(report.target.parent)
            self.leave.setFocus()
        self.reveal.setVisible(self._written is not None)
        self.failed.clear()
        self.failed.addItems([f"{path.name}: {why}" for path, why in report.failed[:_MOST_FAILED]])
        self.failed.setVisible(bool(report.failed))
        self._end()

    def _on_failed(self, error: RetrouveError) -> None:
        taken = isinstance(error, TargetTaken)
        self._agreed = self.target() if taken else None
        words = f"{self.target().name} is there already. Choose another name, or replace it." if taken else str(error)
        self._show_idle(words, error=True, act="Replace" if taken else "Export")
        self._end()

    def _end(self) -> None:
        if self._closing:
            self.reject()

    def _show_idle(self, words: str, *, error: bool = False, act: str = "Export") -> None:
        """Nothing runs: what was said last, and everything can be changed."""
        if act == "Export" and not error and self._agreed != self.target():
            self._agreed = None
        self._inputs.setEnabled(True)
        self.leave.setEnabled(True)
        self.progress.hide()
        self.failed.hide()
        self.reveal.hide()
        self.act.setText(act)
        self.act.setEnabled(True)
        self._set_primary(True)
        self._say(words, error=error)

    def _say(self, words: str, *, error: bool = False) -> None:
        self.said.tell(words, error=error)
        self.said.setAccessibleName(words)
        self.said.setVisible(bool(words))

    def _set_primary(self, primary: bool) -> None:
        self.act.setProperty("primary", "true" if primary else "false")
        self.act.style().unpolish(self.act)
        self.act.style().polish(self.act)

    def reject(self) -> None:
        """Escape, or the cross: what runs is stopped first."""
        if self._exporting.running:
            self._closing = True
            self._exporting.stop()
            return
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        if self._exporting.running:
            event.ignore()
            self.reject()
        else:
            super().closeEvent(event)


def _radios(group: QButtonGroup, lines: Sequence[tuple[str, str]]) -> QVBoxLayout:
    """Buttons of which one is chosen, each with a quieter word behind it; their ids count from 0."""
    column = QVBoxLayout()
    column.setSpacing(6)
    for number, (words, aside) in enumerate(lines):
        button = QRadioButton(words)
        button.setAccessibleDescription(aside)
        group.addButton(button, number)
        quiet = QLabel(aside)
        quiet.setObjectName("quiet")
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(button)
        line.addWidget(quiet, 1)
        column.addLayout(line)
    return column


def _outcome(report: ExportReport, format: Format, finished: bool) -> str:
    """What was done, for people."""
    place = short_path(report.target)
    if format is not Format.COPIES:
        return (
            f"{count_of(report.written, 'photo')} listed in {place}." if finished else "Stopped: nothing was written."
        )
    parts = [f"{count_of(report.written, 'photo')} copied to {place}"]
    if report.renamed:
        parts.append(f"{report.renamed:,} under another name, since theirs was taken")
    if report.present:
        parts.append(f"{report.present:,} there already")
    if report.failed:
        parts.append(f"{len(report.failed):,} could not be copied")
    return f"{'' if finished else 'Stopped: '}{'; '.join(parts)}."


def file_name(query: str) -> str:
    """A name for what a query found that every file system takes: ``dog people``, ``photos``."""
    words = re.sub(r"[^\w -]+", " ", query, flags=re.ASCII if query.isascii() else 0)
    return " ".join(words.split())[:60].strip(" -") or "photos"


def documents_folder() -> Path:
    """Where an export goes as long as nobody chose another place."""
    place = QStandardPaths.writableLocation(QStandardPaths.StandardLocation.DocumentsLocation)
    return Path(place) if place and Path(place).is_dir() else Path.home()
