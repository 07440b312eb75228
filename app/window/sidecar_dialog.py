"""The dialog that writes tags beside the photos: what would be written is shown first; then it writes, and can undo."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QObject, QPersistentModelIndex, Qt, QTimer
from PySide6.QtGui import QCloseEvent, QResizeEvent
from PySide6.QtWidgets import (
    QAbstractItemView,
    QComboBox,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QProgressBar,
    QPushButton,
    QStyledItemDelegate,
    QStyleOptionViewItem,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.window.said import Said
from app.window.sidecars import SidecarWork
from app.window.tag_run_dialog import Photos
from app.window.words import count_of, isolated, short_path
from core.errors import RetrouveError
from core.tagging.types import Planned, SidecarProgress, SidecarReport

if TYPE_CHECKING:
    from core.library import Library

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_COLUMNS = ("Sidecar", "Folder", "State", "What")
_FOLDER, _WHAT = 1, 3
_PAD = 24
"""Pixels of a cell beside its words."""
_STAYS, WRITTEN = "Stays as it is", "Written"
_TALL = 200
"""Rows whose height follows what they say: each costs a layout of its words."""


class PlanModel(QAbstractTableModel):
    """A row for each sidecar: those that cannot be written first, with the reason in full."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: list[tuple[Path, str, str]] = []

    def show(self, report: SidecarReport, state: str) -> None:
        """Show what a report tells; ``state`` is what was done with those that were not refused."""
        self.beginResetModel()
        refused = [(path, _STAYS, why) for path, why in report.refused]
        self._rows = refused + [(planned.sidecar, state, _what(planned)) for planned in report.sidecars]
        self.endResetModel()

    def put_back(self, report: SidecarReport) -> None:
        """What was written is put back, but for those that a report refuses, which are shown with the reason."""
        refused = dict(report.refused)
        written = [(path, state, what) for path, state, what in self._rows if state == WRITTEN and path not in refused]
        self.beginResetModel()
        self._rows = [(path, _STAYS, why) for path, why in refused.items()]
        self._rows += [(path, "Put back", what) for path, _, what in written]
        self.endResetModel()

    def row(self, number: int) -> tuple[Path, str, str] | None:
        """The sidecar of a row, what is or was done with it, and what there is to say of that."""
        return self._rows[number] if 0 <= number < len(self._rows) else None

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
        sidecar, state, what = self._rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return isolated((sidecar.name, short_path(sidecar.parent), state, what)[index.column()])
        if role == Qt.ItemDataRole.ToolTipRole:
            return str(sidecar) if index.column() < 2 else f"<p>{escape(what)}</p>" if what else None
        if role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.AccessibleTextRole and index.column() == 0:
            return f"{sidecar.name} in {short_path(sidecar.parent)}, {state[0].lower()}{state[1:]}"
        return None


class FolderDelegate(QStyledItemDelegate):
    """A folder on one line: where there is no room its end stays, which tells two folders apart."""

    def initStyleOption(self, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        super().initStyleOption(option, index)
        option.features &= ~QStyleOptionViewItem.ViewItemFeature.WrapText  # type: ignore[attr-defined]
        option.textElideMode = Qt.TextElideMode.ElideLeft  # type: ignore[attr-defined]


class SidecarDialog(QDialog):
    """Nothing is written before somebody has seen what would be, and presses the button. No photo is touched."""

    def __init__(self, library: Library, work: SidecarWork, photos: Sequence[Photos], parent: QWidget | None = None):
        super().__init__(parent)
        self.setWindowTitle("Write tags beside the photos")
        self._library, self._work, self._photos, self._can_write = library, work, photos, not library.read_only
        self._can_undo = 0
        self._closing = False
        self._fitting = QTimer(self, singleShot=True, interval=0)
        self._fitting.timeout.connect(self._fit_rows)
        self.which = QComboBox()
        self.which.setAccessibleName("Photos")
        for some in photos:
            self.which.addItem(some.words.replace("&", ""))
        self.model = PlanModel(self)
        self.table = QTableView()
        self.said = Said()
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
        self.table.setItemDelegateForColumn(_FOLDER, FolderDelegate(self.table))
        self.table.setTextElideMode(Qt.TextElideMode.ElideMiddle)
        self.table.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.table.setTabKeyNavigation(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 1.9))
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        header.setSectionResizeMode(QHeaderView.ResizeMode.Interactive)
        header.setStretchLastSection(True)
        header.sectionResized.connect(lambda *_: self._fitting.start())
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

        for column_at, percent in enumerate((20, 26, 13)):
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
        self._show(report, "To be written")
        self._idle(_would(report), ready=report.written)

    def _on_written(self, report: SidecarReport, finished: bool) -> None:
        self._show(report, WRITTEN)
        self._can_undo = report.written
        begun = "" if finished else "Stopped: "
        self._idle(f"{begun}{count_of(report.written, 'sidecar')} written{_left(report)}.", ready=0)
        self._end()

    def _on_undone(self, report: SidecarReport) -> None:
        self.model.put_back(report)
        self._fitting.start()
        self._can_undo = 0
        self._idle(f"{count_of(report.written, 'sidecar')} put back as they were{_left(report)}.", ready=0)
        self._end()

    def _on_failed(self, error: RetrouveError) -> None:
        self._idle(str(error), ready=0, error=True)
        self._end()

    def _show(self, report: SidecarReport, state: str) -> None:
        self.model.show(report, state)
        self._fitting.start()

    def _fit_rows(self) -> None:
        """What there is to say of a sidecar is read in full: its row is as high as that takes."""
        usual = self.table.verticalHeader().defaultSectionSize()
        room = self.table.columnWidth(_WHAT) - _PAD
        metrics = self.table.fontMetrics()
        for number in range(min(_TALL, self.model.rowCount())):
            row = self.model.row(number)
            words = row[2] if row is not None else ""
            lines = metrics.boundingRect(0, 0, max(80, room), 10_000, Qt.TextFlag.TextWordWrap, words).height()
            self.table.setRowHeight(number, max(usual, lines + usual - metrics.height()))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fitting.start()

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
        self.said.tell(words, error=error)

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


def _what(planned: Planned) -> str:
    """What is or was changed in a sidecar, in sentences: what it adds, what it takes away, the caption."""
    said = []
    if planned.adds:
        said.append(f"Adds {', '.join(planned.adds_at)}.")
    if planned.removes_at:
        said.append(f"Takes away {', '.join(planned.removes_at)}.")
    if planned.caption is not None:
        said.append(f"Caption: {planned.caption}" if planned.caption else "Takes the caption away.")
    if planned.note:
        said.append(planned.note)
    return " ".join(said)


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
