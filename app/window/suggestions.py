"""The list of suggestions under the search field: what is offered, and what it means."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QPoint,
    QRect,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QVBoxLayout, QWidget

from app.window.theme import Theme

if TYPE_CHECKING:
    from core.search.completing import Completion

ROWS = 8
"""Rows that the list shows at once."""
_PAD = 12
_State = QStyle.StateFlag
_Index = QModelIndex | QPersistentModelIndex
_NONE = QModelIndex()


class SuggestionModel(QAbstractListModel):
    """The completions, a row each."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Completion, ...] = ()

    def put(self, rows: Sequence[Completion]) -> None:
        """Show these and no others."""
        self.beginResetModel()
        self.rows = tuple(rows)
        self.endResetModel()

    def rowCount(self, parent: _Index = _NONE) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: _Index, role: int = Qt.ItemDataRole.DisplayRole) -> object:  # noqa: D102
        if not index.isValid():
            return None
        row = self.rows[index.row()]
        if role == Qt.ItemDataRole.DisplayRole:
            return row.shown
        if role == Qt.ItemDataRole.UserRole:
            return row.detail
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{row.shown}, {row.detail}" if row.detail else row.shown
        return None


class SuggestionDelegate(QStyledItemDelegate):
    """What is offered at the left, what it means, in quieter letters, behind it."""

    def __init__(self, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.column = 0
        """Pixels from the left where the second column begins."""

    def sizeHint(self, option: QStyleOptionViewItem, index: _Index) -> QSize:  # noqa: D102
        return QSize(0, round(option.fontMetrics.height() * 1.75))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: _Index) -> None:  # noqa: D102
        theme, rect = self._theme, option.rect.adjusted(4, 1, -4, -1)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        chosen = bool(option.state & _State.State_Selected)
        if chosen or option.state & _State.State_MouseOver:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("soft" if chosen else "hover"))
            painter.drawRoundedRect(rect, 6, 6)
        if chosen:
            # A bar besides: the tint alone is faint.
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRect(rect.left(), rect.top() + 5, 3, rect.height() - 10), 1.5, 1.5)
        room = rect.adjusted(_PAD, 0, -_PAD, 0)
        detail = str(index.data(Qt.ItemDataRole.UserRole) or "")
        left = min(self.column, room.width()) if detail else room.width()
        self._write(painter, room.adjusted(0, 0, left - room.width(), 0), str(index.data()), "text")
        self._write(painter, room.adjusted(left + _PAD, 0, 0, 0), detail, "muted")
        painter.restore()

    def _write(self, painter: QPainter, rect: QRect, words: str, colour: str) -> None:
        if rect.width() > 0:
            painter.setPen(self._theme.colour(colour))
            words = painter.fontMetrics().elidedText(words, Qt.TextElideMode.ElideRight, rect.width())
            painter.drawText(rect, Qt.AlignmentFlag.AlignVCenter | Qt.AlignmentFlag.AlignLeft, words)


class SuggestionList(QFrame):
    """The list itself: it lies over the window, under the field."""

    chosen = Signal(int)
    """A row was clicked."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self.setObjectName("suggestions")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.model = SuggestionModel(self)
        self._delegate = SuggestionDelegate(theme, self)
        self.view = QListView()
        self.view.setModel(self.model)
        self.view.setItemDelegate(self._delegate)
        self.view.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.view.setFrameShape(QFrame.Shape.NoFrame)
        self.view.setMouseTracking(True)
        self.view.setUniformItemSizes(True)
        self.view.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.view.setAccessibleName("Suggestions")
        column = QVBoxLayout(self)
        column.setContentsMargins(1, 4, 1, 4)
        column.addWidget(self.view)
        self.view.clicked.connect(lambda index: self.chosen.emit(index.row()))
        self.hide()

    @property
    def row(self) -> int:
        """The row that is chosen; -1 for none."""
        return self.view.currentIndex().row()

    def go_to(self, row: int) -> None:
        """Choose a row; -1 for none."""
        if row < 0:
            self.view.setCurrentIndex(_NONE)
            self.view.clearSelection()
        else:
            self.view.setCurrentIndex(self.model.index(row))

    def show_under(self, field: QWidget, rows: Sequence[Completion]) -> None:
        """Show these rows under a field of the same window, none of them chosen."""
        self.model.put(rows)
        self.go_to(-1)
        metrics = self.view.fontMetrics()
        most = field.width()
        widest = max(metrics.horizontalAdvance(row.shown) for row in rows) + 4
        self._delegate.column = min(widest, max(most // 2, most - 60 * metrics.averageCharWidth()))
        detail = max(metrics.horizontalAdvance(row.detail) for row in rows)
        width = self._delegate.column + detail + 5 * _PAD
        if len(rows) > ROWS:
            width += self.view.verticalScrollBar().sizeHint().width()
        under = field.mapTo(self.parentWidget(), QPoint(0, field.height() + 3))
        line = self.view.sizeHintForRow(0)
        height = min(len(rows), ROWS) * line + 10
        self.resize(min(max(width, 220), most), max(line, min(height, self.parentWidget().height() - under.y() - 4)))
        self.move(under)
        self.raise_()
        self.show()
        self.view.scrollToTop()
