"""The dialog that writes tags beside the photos: what would be written is shown first; then it writes, and can undo."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt
from PySide6.QtGui import QCloseEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.window.sidecars import SidecarWork
from app.window.tag_run_dialog import Photos
from app.window.words import count_of
from core.errors import RetrouveError
from core.tagging.types import Planned, SidecarProgress, SidecarReport

if TYPE_CHECKING:
    from core.library import Library

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_COLUMNS = ("Sidecar", "Adds", "Takes away", "To know")


class PlanModel(QAbstractTableModel):
    """A row for each sidecar: those that cannot be written first, with the reason."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Path, str, str, str, bool]] = []

    def show(self, report: SidecarReport) -> None:
        """Show what a report tells."""
        self.beginResetModel()
        refused = [(path, "", "", why, True) for path, why in report.refused]
        self._rows = refused + [_row(planned) for planned in report.sidecars]
        self.endResetModel()

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(_COLUMNS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = 0) -> Any:  # noqa: D102
        if role == Qt.ItemDataRole.DisplayRole and orientation == Qt.Orientation.Horizontal:
            return _COLUMNS[section]
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        row = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row[0].name if index.column() == 0 else row[index.column()]
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(row[0]) if index.column() == 0 else row[index.column()] or None
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return f"{row[0].name}{', cannot be written' if row[4] else ''}"
        return None


class SidecarDialog(QDialog):
    """Nothing is written before somebody has seen what would be, and presses the button. No photo is touched."""

    def __init__(self, library: Library, work: SidecarWork, photos: Sequence[Photos], parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Write tags beside the photos")
        self._library, self._work, self._photos, self._can_write = library, work, photos, not library.read_only
        self._can_undo = 0
        self._closing = False
        self.which = QComboBox()
        self.which.setAccessibleName("Photos")
        for some in photos:
            self.which.addItem(some.words.replace("&", ""))
        self.model = PlanModel(self)
        self.table = QTableView()
        self.said = QLabel(textFormat=Qt.TextFormat.PlainText, wordWrap=True, objectName="quiet")
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Progress")
        self.write, self.undo, self.leave = QPushButton("Write"), QPushButton("&Undo"), QPushButton("Close")
        self.write.setProperty("primary", "true")
        self.write.setDefault(True)
        for button in (self.undo, self.leave):
            button.setAutoDefault(False)
        self._lay_out()
        self.which.currentIndexChanged.connect(lambda _at: self._plan())
        self.write.clicked.connect(self._on_write)
        self.undo.clicked.connect(self._on_undo)
        self.leave.clicked.connect(self.reject)
        work.progressed.connect(self._on_progressed)
        work.planned.connect(self._on_planned)
        work.written.connect(self._on_written)
        work.undone.connect(self._on_undone)
        work.failed.connect(self._on_failed)
        self._plan()

    def _lay_out(self) -> None:
        words = QLabel(
            "Your accepted tags and your captions go into XMP files beside the photos, where other programs find them. "
            "What is in such a file already stays, and the photos themselves are never written.",
            wordWrap=True,
            objectName="quiet",
        )
        self.table.setModel(self.model)
        self.table.setAccessibleName("What would be written")
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setShowGrid(False)
        self.table.setWordWrap(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.9))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        line = QHBoxLayout()
        line.setSpacing(10)
        line.addWidget(QLabel("For"))
        line.addWidget(self.which)
        line.addStretch(1)
        buttons = QHBoxLayout()
        buttons.setSpacing(8)
        buttons.addWidget(self.undo)
        buttons.addStretch(1)
        buttons.addWidget(self.leave)
        buttons.addWidget(self.write)
        column = QVBoxLayout(self)
        column.setContentsMargins(22, 18, 22, 18)
        column.setSpacing(12)
        column.addWidget(words)
        column.addLayout(line)
        column.addWidget(self.table, 1)
        column.addWidget(self.progress)
        column.addWidget(self.said)
        column.addLayout(buttons)
        parent = self.parentWidget()
        room = parent.size() if parent is not None else self.size()
        letter = self.fontMetrics().horizontalAdvance("x")
        self.resize(min(letter * 130, max(460, room.width() - 60)), min(620, max(400, room.height() - 60)))

        for column_at, percent in enumerate((30, 34, 16)):
            self.table.setColumnWidth(column_at, (self.width() - 60) * percent // 100)

    def _chosen(self) -> Sequence[int] | None:
        some = self._photos[max(0, self.which.currentIndex())]
        return None if some.ids is None else some.ids()

    def _plan(self) -> None:
        self._busy("Looking at what would be written…")
        self._work.plan(self._library, self._chosen())

    def _on_write(self) -> None:
        if self._work.running and self._work.writing:
            self._work.stop()
            self.write.setEnabled(False)
            self._say("Stopping…")
            return
        self._busy("Writing…", writing=True)
        self._work.write(self._library, self._chosen())

    def _on_undo(self) -> None:
        self._busy("Putting back what was there…", writing=True)
        self._work.undo(self._library)

    def _on_progressed(self, progress: SidecarProgress) -> None:
        self.progress.setRange(0, max(1, progress.total))
        self.progress.setValue(progress.done)

    def _on_planned(self, report: SidecarReport, can_undo: int) -> None:
        self._can_undo = can_undo
        self.model.show(report)
        self._idle(_would(report), ready=report.written)

    def _on_written(self, report: SidecarReport, finished: bool) -> None:
        self.model.show(report)
        self._can_undo = report.written
        begun = "" if finished else "Stopped: "
        self._idle(f"{begun}{count_of(report.written, 'sidecar')} written{_left(report)}.", ready=0)
        self._end()

    def _on_undone(self, report: SidecarReport) -> None:
        self.model.show(report)
        self._can_undo = 0
        self._idle(f"{count_of(report.written, 'sidecar')} put back as they were{_left(report)}.", ready=0)
        self._end()

    def _on_failed(self, error: RetrouveError) -> None:
        self._idle(str(error), ready=0, error=True)
        self._end()

    def _busy(self, words: str, *, writing: bool = False) -> None:
        self.which.setEnabled(not writing)
        self.undo.setEnabled(False)
        self.progress.setRange(0, 0)
        self.progress.show()
        self.write.setText("Stop" if writing else "Write")
        self.write.setEnabled(writing)
        self.leave.setEnabled(not writing)
        self._say(words)

    def _idle(self, words: str, *, ready: int, error: bool = False) -> None:
        self.which.setEnabled(True)
        self.progress.hide()
        self.leave.setEnabled(True)
        self.write.setText(f"Write {count_of(ready, 'sidecar')}" if ready else "Write")
        self.write.setEnabled(bool(ready) and self._can_write)
        self.undo.setVisible(bool(self._can_undo))
        self.undo.setEnabled(self._can_write)
        self.undo.setText(f"&Undo the last writing ({self._can_undo:,})" if self._can_undo else "&Undo")
        self._say(words, error=error)
        (self.write if self.write.isEnabled() else self.leave).setFocus()

    def _say(self, words: str, *, error: bool = False) -> None:
        kind = "fault" if error else "quiet"
        if self.said.objectName() != kind:
            self.said.setObjectName(kind)
            self.said.style().unpolish(self.said)
            self.said.style().polish(self.said)
        self.said.setText(words)

    def _end(self) -> None:
        if self._closing:
            super().reject()

    def reject(self) -> None:
        """Escape, or the cross: a writing that runs is stopped first."""
        self._work.stop()
        if self._work.running and self._work.writing:
            self._closing = True
            self._say("Stopping…")
            return
        super().reject()

    def closeEvent(self, event: QCloseEvent) -> None:  # noqa: D102
        if self._work.running and self._work.writing:
            event.ignore()
            self.reject()
        else:
            self._work.stop()
            super().closeEvent(event)


def _row(planned: Planned) -> tuple[Path, str, str, str, bool]:
    caption = f"caption: {planned.caption}" if planned.caption else ""
    adds = ", ".join(part for part in (*planned.adds, caption) if part)
    return planned.sidecar, adds, ", ".join(planned.removes), planned.note, False


def _would(report: SidecarReport) -> str:
    if not report.written and not report.refused:
        if report.unchanged:
            return f"Nothing to write: {count_of(report.unchanged, 'sidecar')} say it all already."
        return "Nothing to write: none of these photos has an accepted tag or a caption of yours."
    return f"{count_of(report.written, 'sidecar')} would be written{_left(report)}."


def _left(report: SidecarReport) -> str:
    parts = []
    if report.unchanged:
        parts.append(f"{report.unchanged:,} say it all already")
    if count := len(report.refused):
        parts.append(f"{count:,} {'stays as it is' if count == 1 else 'stay as they are'}")
    return f"; {'; '.join(parts)}" if parts else ""
