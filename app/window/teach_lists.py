"""The two lists of the page "Teach": the names that there are, and the runs that there were. A row has two lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from PySide6.QtCore import QAbstractListModel, QModelIndex, QObject, QPersistentModelIndex, QRect, QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.window.icons import picture
from app.window.theme import Theme

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_State = QStyle.StateFlag
_Left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_Right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class Role(IntEnum):
    """What the model tells beside Qt's own roles."""

    ROW = Qt.ItemDataRole.UserRole + 1


@dataclass(frozen=True, slots=True)
class Row:
    """``note`` is the quiet line under the title, ``number`` stands at the right; ``mark`` is an icon there.

    ``on``: it is in force now, and has a bar at its edge.
    """

    key: str
    title: str
    note: str = ""
    number: str = ""
    mark: str = ""
    on: bool = False


class RowModel(QAbstractListModel):
    """Some rows. The current one is found again by its key."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self.rows: tuple[Row, ...] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Show these. Where they have the same keys as before nothing moves."""
        rows = tuple(rows)
        if [row.key for row in rows] == [row.key for row in self.rows]:
            self.rows = rows
            if rows:
                self.dataChanged.emit(self.index(0), self.index(len(rows) - 1))
            return
        self.beginResetModel()
        self.rows = rows
        self.endResetModel()

    def row_of(self, key: str) -> int | None:
        """The row of a key."""
        return next((place for place, row in enumerate(self.rows) if row.key == key), None)

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self.rows)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        if not index.isValid() or index.row() >= len(self.rows):
            return None
        row = self.rows[index.row()]
        if role == Role.ROW:
            return row
        if role == Qt.ItemDataRole.DisplayRole:
            return row.title
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{row.title}\n{row.note}" if row.note else row.title
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return ", ".join(part for part in (row.title, row.number, row.note) if part)
        return None


class RowDelegate(QStyledItemDelegate):
    """Title and number in the first line, what is said of it in the second."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:  # noqa: D102
        return QSize(0, round(option.fontMetrics.height() * 2.9))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        row: Row | None = index.data(Role.ROW)
        if row is None:
            return
        theme, rect = self._theme, option.rect.adjusted(6, 1, -6, -1)
        chosen = bool(option.state & _State.State_Selected)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or option.state & _State.State_MouseOver:
            painter.setBrush(theme.colour("soft" if chosen else "hover"))
            painter.drawRoundedRect(rect, 6, 6)
        if option.state & _State.State_HasFocus:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.colour("accent"))
            painter.drawRoundedRect(rect, 6, 6)
        if row.on:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRect(rect.left(), rect.top() + 8, 3, rect.height() - 16), 1.5, 1.5)
        self._write(painter, rect.adjusted(12, 0, -12, 0), row, chosen)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, row: Row, chosen: bool) -> None:
        theme, line = self._theme, painter.fontMetrics().height()
        top = room.top() + (room.height() - 2 * line - 2) // 2
        first = QRect(room.left(), top, room.width(), line)
        painter.setPen(theme.colour("muted"))
        painter.drawText(first, _Right, row.number)
        taken = painter.fontMetrics().horizontalAdvance(row.number) + (10 if row.number else 0)
        if row.mark:
            side = line - 2
            made = picture(row.mark, theme.colour("accent"), side, painter.device().devicePixelRatioF())
            painter.drawPixmap(first.right() - taken - side, first.top() + 1, made)
            taken += side + 8
        _text(painter, QRect(room.left(), top + line + 2, room.width(), line), row.note)
        font = QFont(painter.font())
        font.setWeight(QFont.Weight.DemiBold if chosen else QFont.Weight.Normal)
        painter.setFont(font)
        painter.setPen(theme.colour("text"))
        _text(painter, first.adjusted(0, 0, -taken, 0), row.title)


class RowView(QListView):
    """Moving in it chooses. Space acts on a row where its page says so, Delete asks to remove it."""

    chosen = Signal(str)
    """The key of the row that is current now."""
    acted = Signal(str)
    """Space or Enter was pressed on a row, or it was double-clicked."""
    remove_asked = Signal(str)

    def __init__(self, model: RowModel, name: str, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._rows = model
        self.setModel(model)
        self.setItemDelegate(RowDelegate(theme, self))
        self.setObjectName("labels")
        self.setAccessibleName(name)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.doubleClicked.connect(lambda index: self._tell(self.acted, index.row()))
        theme.changed.connect(self.viewport().update)

    def current(self) -> str | None:
        """The key of the current row."""
        row = self.currentIndex().row()
        return self._rows.rows[row].key if 0 <= row < len(self._rows.rows) else None

    def go_to(self, key: str) -> None:
        """Make a row current and bring it into view. ``chosen`` does not follow."""
        row = self._rows.row_of(key)
        self.blockSignals(True)
        if row is None:
            self.setCurrentIndex(QModelIndex())
            self.clearSelection()
        else:
            self.setCurrentIndex(self._rows.index(row))
        self.blockSignals(False)
        self.viewport().update()

    def walk(self, steps: int) -> None:
        """To the row after the current one, or before it."""
        row = self.currentIndex().row() + steps
        if 0 <= row < len(self._rows.rows):
            self.setCurrentIndex(self._rows.index(row))

    def _tell(self, signal: Any, row: int) -> None:
        if 0 <= row < len(self._rows.rows):
            signal.emit(self._rows.rows[row].key)

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # noqa: D102
        super().currentChanged(current, previous)
        if current.isValid() and not self.signalsBlocked():
            self._tell(self.chosen, current.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        match Qt.Key(event.key()):
            case Qt.Key.Key_Space | Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self._tell(self.acted, self.currentIndex().row())
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self._tell(self.remove_asked, self.currentIndex().row())
            case _:
                if event.text().strip() and not event.modifiers():
                    event.ignore()  # Letters are the page's keys, and no beginning of a name.
                else:
                    super().keyPressEvent(event)

    def focusInEvent(self, event: object) -> None:
        """Something is current as soon as keys can act."""
        super().focusInEvent(event)  # type: ignore[arg-type]
        if not self.currentIndex().isValid() and self._rows.rowCount():
            self.setCurrentIndex(self._rows.index(0))


def _text(painter: QPainter, room: QRect, text: str) -> None:
    painter.drawText(room, _Left, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width()))
