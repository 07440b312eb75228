"""The models that there are as rows and columns, which can be sorted by any of them."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractTableModel,
    QLocale,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QSortFilterProxyModel,
    Qt,
)

from app.window.models_work import Overview
from app.window.words import file_size
from core.types import ModelChoice, Place, RunsOn

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_Display = Qt.ItemDataRole.DisplayRole
CHOICE = Qt.ItemDataRole.UserRole
"""The ModelChoice of a row."""
STANDING = Qt.ItemDataRole.UserRole + 1
"""What the model is to this library, in a few words."""
SHARE = Qt.ItemDataRole.UserRole + 2
"""A figure of 0 to 1 beside the best of its column; None where nobody knows it."""
ACTIVE = Qt.ItemDataRole.UserRole + 3
"""Whether the model answers in this library, or will."""
SORT = Qt.ItemDataRole.UserRole + 4
MANY = "many"
NOT_KNOWN = "–"


class Column(IntEnum):
    """The columns, from left to right."""

    NAME = 0
    IMAGENET = 1
    COCO = 2
    SPEED = 3
    SIZE = 4
    LANGUAGES = 5
    LICENCE = 6
    RUNS_ON = 7


_HEADERS = ("Model", "ImageNet", "COCO", "Photos/s here", "Size", "Languages", "Licence", "Run by")
_TIPS = {
    Column.IMAGENET: "How often it names a photo right, of 1,000 names, as published",
    Column.COCO: "How often the photo of a sentence comes first among 5,000, as published",
    Column.SPEED: "How many photos a second it would learn on this computer, as measured",
    Column.RUNS_ON: "What runs it on this computer",
}
FIGURES = (Column.IMAGENET, Column.COCO, Column.SPEED)
"""Those that have a bar."""
_RIGHT = (*FIGURES, Column.SIZE)
_RUNS = {
    RunsOn.OPENVINO: "OpenVINO",
    RunsOn.CONVERTED: "OpenVINO, via PyTorch",
    RunsOn.TORCH: "PyTorch",
}
RUNS_AT_LENGTH = {
    RunsOn.OPENVINO: "It runs on this computer as it is (OpenVINO).",
    RunsOn.CONVERTED: "PyTorch has to turn it into graphs once, after it was fetched; they run without it (OpenVINO).",
    RunsOn.TORCH: "It runs with PyTorch.",
}
_PLACES = {
    Place.BUNDLED: "Comes with the program",
    Place.SHELF: "On the shelf",
    Place.KEPT: "Kept by this library",
    Place.HUB: "To be fetched",
    Place.BROKEN: "Cannot be used",
}


class ModelsTable(QAbstractTableModel):
    """A row for each `ModelChoice`."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._rows: tuple[ModelChoice, ...] = ()
        self._answering: str | None = None
        self._wanted: str | None = None
        self._best: dict[Column, float] = {}

    def show(self, overview: Overview) -> None:
        """Show these models, and what they are to the library."""
        self.beginResetModel()
        self._rows, self._answering, self._wanted = overview.choices, overview.answering, overview.wanted
        self._best = {
            column: max((value for row in self._rows if (value := figure(row, column)) is not None), default=0.0)
            for column in FIGURES
        }
        self.endResetModel()

    def row_of(self, name: str) -> int:
        """The row of a model, by its name or id; -1 where there is none."""
        wanted = name.casefold()
        if not wanted:  # what is not here has no id
            return -1
        for number, row in enumerate(self._rows):
            if wanted in (row.name.casefold(), (row.model_id or "").casefold()):
                return number
        return -1

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._rows)

    def columnCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(_HEADERS)

    def headerData(self, section: int, orientation: Qt.Orientation, role: int = _Display) -> Any:  # noqa: D102
        if orientation != Qt.Orientation.Horizontal:
            return None
        if role == _Display:
            return _HEADERS[section]
        if role == Qt.ItemDataRole.ToolTipRole:
            return _TIPS.get(Column(section))
        if role == Qt.ItemDataRole.InitialSortOrderRole:
            descending = section in FIGURES
            return int((Qt.SortOrder.DescendingOrder if descending else Qt.SortOrder.AscendingOrder).value)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if section in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        return None

    def data(self, index: AnyIndex, role: int = _Display) -> Any:  # noqa: D102
        if not index.isValid():
            return None
        row, column = self._rows[index.row()], Column(index.column())
        if role == _Display:
            return _text(row, column)
        if role == CHOICE:
            return row
        if role == STANDING:
            return self._standing(row)
        if role == ACTIVE:
            return row.model_id is not None and row.model_id in (self._answering, self._wanted)
        if role == SHARE:
            value, best = figure(row, column), self._best.get(column, 0.0)
            return None if value is None or not best else value / best
        if role == SORT:
            return _sorted_by(row, column)
        if role == Qt.ItemDataRole.TextAlignmentRole:
            side = Qt.AlignmentFlag.AlignRight if column in _RIGHT else Qt.AlignmentFlag.AlignLeft
            return int(side | Qt.AlignmentFlag.AlignVCenter)
        if role == Qt.ItemDataRole.ToolTipRole:
            return row.reason or row.about or None
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.name}, {self._standing(row)}" if column is Column.NAME else _spoken(row, column)
        return None

    def _standing(self, row: ModelChoice) -> str:
        if row.model_id is not None and row.model_id == self._answering:
            return "Answers in this library" if self._wanted == self._answering else "Answers until the move is done"
        if row.model_id is not None and row.model_id == self._wanted:
            return "This library moves to it"
        return f"Fetched in part ({file_size(row.fetched)})" if row.fetched else _PLACES[row.place]


class SortedModels(QSortFilterProxyModel):
    """The same rows in the order of a column; what nobody knows comes last, whichever way it is sorted."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.setSortRole(SORT)

    def lessThan(self, left: AnyIndex, right: AnyIndex) -> bool:  # noqa: D102
        one, two = left.data(SORT), right.data(SORT)
        if one is None or two is None:
            ascending = self.sortOrder() == Qt.SortOrder.AscendingOrder
            return (one is not None and ascending) if two is None else not ascending
        return bool(one < two)


def figure(row: ModelChoice, column: Column) -> float | None:
    """The number of a column that has a bar; None where nobody knows it."""
    if column is Column.IMAGENET:
        return row.imagenet
    if column is Column.COCO:
        return row.coco
    return row.photos_a_second if column is Column.SPEED else None


def rate_words(rate: float) -> str:
    """``3.2``, ``140``: no more exact than it is known."""
    return f"{rate:,.0f}" if rate >= 9.5 else f"{rate:.1f}"


def languages(codes: tuple[str, ...]) -> str:
    """``English``; ``about 100`` for the many."""
    if codes == (MANY,):
        return "about 100"
    names = [QLocale.languageToString(QLocale(code).language()) for code in codes]
    return ", ".join(names[:3]) + (f" and {len(names) - 3} more" if len(names) > 3 else "")


def _text(row: ModelChoice, column: Column) -> str:
    if column is Column.NAME:
        return row.name
    value = figure(row, column)
    if column is Column.SPEED:
        return NOT_KNOWN if value is None else rate_words(value)
    if column in FIGURES:
        return NOT_KNOWN if value is None else f"{100 * value:.1f}%"
    if column is Column.SIZE:
        return file_size(row.bytes) if row.bytes else NOT_KNOWN
    if column is Column.LANGUAGES:
        return languages(row.languages) or NOT_KNOWN
    if column is Column.LICENCE:
        return "Research only" if row.research_only else row.licence or NOT_KNOWN
    return NOT_KNOWN if row.runs_on is None else _RUNS[row.runs_on]


def _spoken(row: ModelChoice, column: Column) -> str:
    text = _text(row, column)
    return f"{_HEADERS[column]}: {'not known' if text == NOT_KNOWN else text}"


def _sorted_by(row: ModelChoice, column: Column) -> Any:
    if column in FIGURES:
        return figure(row, column)
    if column is Column.SIZE:
        return row.bytes or None
    text = _text(row, column)
    return None if text == NOT_KNOWN else text.casefold()
