"""The files that could not be read, and why."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from PySide6.QtCore import QAbstractTableModel, QModelIndex, QPersistentModelIndex, Qt, Signal
from PySide6.QtWidgets import (
    QAbstractItemView,
    QDialog,
    QHBoxLayout,
    QHeaderView,
    QLabel,
    QPushButton,
    QTableView,
    QVBoxLayout,
    QWidget,
)

from app.window.words import count_of
from core.types import Failure

_HEADERS = ("File", "Why", "Folder")
_ROOT = QModelIndex()


class FailureModel(QAbstractTableModel):
    """Failures as rows: a hundred thousand of them cost what the list costs."""

    def __init__(self, failures: Sequence[Failure], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.failures = failures

    def rowCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self.failures)

    def columnCount(self, parent: QModelIndex | QPersistentModelIndex = _ROOT) -> int:  # noqa: D102
        return len(_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.DisplayRole:
            return _HEADERS[section]
        if orientation == Qt.Orientation.Horizontal and role == Qt.ItemDataRole.TextAlignmentRole:
            return int(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: QModelIndex | QPersistentModelIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        failure = self.failures[index.row()]
        if role in (Qt.ItemDataRole.DisplayRole, Qt.ItemDataRole.ToolTipRole):
            return (failure.path.name, failure.reason, str(failure.path.parent))[index.column()]
        return None


class FailuresDialog(QDialog):
    """A table of file, reason and folder, with a way to each file."""

    folder_asked = Signal(object)
    """Path of a file to show in the file manager."""

    def __init__(self, failures: Sequence[Failure], parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle("Files that could not be read")
        self.model = FailureModel(failures, self)
        self.table = QTableView()
        self.table.setModel(self.model)
        self.table.setAccessibleName("Files that could not be read")
        self.table.setShowGrid(False)
        self.table.verticalHeader().hide()
        self.table.verticalHeader().setDefaultSectionSize(round(self.fontMetrics().height() * 2))
        self.table.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.table.setWordWrap(False)
        # Tab leaves the table, for the buttons below.
        self.table.setTabKeyNavigation(False)
        header = self.table.horizontalHeader()
        header.setHighlightSections(False)
        width = self.fontMetrics().horizontalAdvance("x")
        for column, letters in enumerate((30, 52)):
            self.table.setColumnWidth(column, letters * width)
        header.setSectionResizeMode(2, QHeaderView.ResizeMode.Stretch)
        words = QLabel(
            f"{count_of(len(failures), 'file')} could not be read. "
            "They are left as they are, and tried again when they change."
        )
        words.setObjectName("quiet")
        words.setWordWrap(True)
        self.reveal = QPushButton("Show in folder")
        close = QPushButton("Close")
        buttons = QHBoxLayout()
        buttons.addWidget(self.reveal)
        buttons.addStretch(1)
        buttons.addWidget(close)
        column_layout = QVBoxLayout(self)
        column_layout.setContentsMargins(20, 18, 20, 18)
        column_layout.setSpacing(14)
        column_layout.addWidget(words)
        column_layout.addWidget(self.table, 1)
        column_layout.addLayout(buttons)
        self.resize(width * 125, self.fontMetrics().height() * 26)
        self.reveal.clicked.connect(self._on_open)
        self.table.doubleClicked.connect(self._on_open)
        close.clicked.connect(self.accept)
        if failures:
            self.table.selectRow(0)
        self.reveal.setEnabled(bool(failures))

    def current(self) -> Path | None:
        """The file that is selected."""
        index = self.table.currentIndex()
        return self.model.failures[index.row()].path if index.isValid() else None

    def _on_open(self) -> None:
        path = self.current()
        if path is not None:
            self.folder_asked.emit(path)
