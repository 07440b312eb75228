"""The labels of the review page: how many photos wait under each, and how far it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from enum import IntEnum
from typing import Any

from PySide6.QtCore import (
    QAbstractListModel,
    QModelIndex,
    QObject,
    QPersistentModelIndex,
    QRect,
    QRectF,
    QSize,
    Qt,
    Signal,
)
from PySide6.QtGui import QFont, QKeyEvent, QPainter
from PySide6.QtWidgets import QFrame, QListView, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.window.icons import picture
from app.window.theme import Theme
from app.window.words import isolated
from core.tagging.types import Queue

AnyIndex = QModelIndex | QPersistentModelIndex
_ROOT = QModelIndex()
_State = QStyle.StateFlag


class Role(IntEnum):
    """What the model tells beside Qt's own roles."""

    QUEUE = Qt.ItemDataRole.UserRole + 1


class LabelModel(QAbstractListModel):
    """A row for each label. While a page is open labels keep their places, whatever is decided of them."""

    def __init__(self, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._queues: list[Queue] = []

    @property
    def queues(self) -> Sequence[Queue]:
        """All of them, in the order of the rows."""
        return self._queues

    @property
    def waiting(self) -> int:
        """Suggestions that wait, of all labels."""
        return sum(queue.waiting for queue in self._queues)

    @property
    def decided(self) -> int:
        """Suggestions that are decided, of all labels."""
        return sum(queue.decided for queue in self._queues)

    def show(self, queues: Sequence[Queue]) -> None:
        """Show these, in this order."""
        self.beginResetModel()
        self._queues = list(queues)
        self.endResetModel()

    def renew(self, queues: Sequence[Queue]) -> None:
        """What is known now. Labels that are shown stay where they are; new ones come after them."""
        now = {queue.label_id: queue for queue in queues}
        shown = {queue.label_id for queue in self._queues}
        kept = [now.get(old.label_id, replace(old, waiting=0)) for old in self._queues]
        fresh = [queue for queue in queues if queue.label_id not in shown]
        self._queues = kept
        if kept:
            self.dataChanged.emit(self.index(0), self.index(len(kept) - 1))
        if fresh:
            self.beginInsertRows(_ROOT, len(kept), len(kept) + len(fresh) - 1)
            self._queues = [*kept, *fresh]
            self.endInsertRows()

    def count(self, label_id: int, decided: int) -> None:
        """So many more photos of a label are decided (fewer, where it is negative)."""
        row = self.row_of(label_id)
        if row is not None and decided:
            queue = self._queues[row]
            waiting = max(0, queue.waiting - decided)
            self._queues[row] = replace(queue, waiting=waiting, decided=max(0, queue.decided + decided))
            self.dataChanged.emit(self.index(row), self.index(row))

    def queue(self, row: int) -> Queue | None:
        """The label in a row."""
        return self._queues[row] if 0 <= row < len(self._queues) else None

    def row_of(self, label_id: int) -> int | None:
        """The row of a label, if it is shown."""
        return next((row for row, queue in enumerate(self._queues) if queue.label_id == label_id), None)

    def next_waiting(self, row: int, steps: int = 1) -> int | None:
        """The next label with something that waits, after ``row`` or, with -1, before it; it goes round."""
        count = len(self._queues)
        for number in range(1, count + 1):
            other = (row + steps * number) % count
            if self._queues[other].waiting:
                return other
        return None

    def rowCount(self, parent: AnyIndex = _ROOT) -> int:  # noqa: D102
        return 0 if parent.isValid() else len(self._queues)

    def data(self, index: AnyIndex, role: int = Qt.ItemDataRole.DisplayRole) -> Any:  # noqa: D102
        queue = self.queue(index.row()) if index.isValid() else None
        if queue is None:
            return None
        if role == Role.QUEUE:
            return queue
        if role == Qt.ItemDataRole.DisplayRole:
            return queue.label
        if role == Qt.ItemDataRole.ToolTipRole:
            return f"{isolated(queue.label)}\n{standing(queue)}"
        if role == Qt.ItemDataRole.AccessibleTextRole:
            return f"{queue.label}, {standing(queue)}"
        return None


def standing(queue: Queue) -> str:
    """How far a label is: ``12 wait, 3 decided``."""
    if not queue.waiting:
        return f"all {queue.decided:,} decided" if queue.decided else "nothing waits"
    waits = "waits" if queue.waiting == 1 else "wait"
    return f"{queue.waiting:,} {waits}, {queue.decided:,} decided"


class LabelDelegate(QStyledItemDelegate):
    """The label at the left, how many wait at the right, and a line under both for how many are decided."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:  # noqa: D102
        return QSize(0, round(option.fontMetrics.height() * 2.3))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        queue = index.data(Role.QUEUE)
        theme, rect = self._theme, option.rect.adjusted(6, 1, -6, -1)
        chosen, focused = bool(option.state & _State.State_Selected), bool(option.state & _State.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or option.state & _State.State_MouseOver:
            painter.setBrush(theme.colour("soft" if chosen else "hover"))
            painter.drawRoundedRect(rect, 6, 6)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.colour("accent"))
            painter.drawRoundedRect(rect, 6, 6)
        room = rect.adjusted(12, 0, -12, -4)
        self._write(painter, room, queue, chosen)
        self._paint_progress(painter, QRectF(room.left(), rect.bottom() - 7, room.width(), 3), queue)
        painter.restore()

    def _write(self, painter: QPainter, room: QRect, queue: Queue, chosen: bool) -> None:
        theme, metrics = self._theme, painter.fontMetrics()
        if queue.waiting:
            number = f"{queue.waiting:,}"
            painter.setPen(theme.colour("muted"))
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
            room = room.adjusted(0, 0, -metrics.horizontalAdvance(number) - 10, 0)
        else:
            side = metrics.height()
            done = picture("check", theme.colour("accent"), side, painter.device().devicePixelRatioF())
            painter.drawPixmap(room.right() - side, room.center().y() - side // 2, done)
            room = room.adjusted(0, 0, -side - 10, 0)
        if chosen:
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
        painter.setPen(theme.colour("text" if queue.waiting or chosen else "muted"))
        name = painter.fontMetrics().elidedText(isolated(queue.label), Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def _paint_progress(self, painter: QPainter, line: QRectF, queue: Queue) -> None:
        total = queue.waiting + queue.decided
        if not total or not queue.decided or not queue.waiting:
            return
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("line"))
        painter.drawRoundedRect(line, 1.5, 1.5)
        line.setWidth(max(3.0, line.width() * queue.decided / total))
        painter.setBrush(self._theme.colour("accent"))
        painter.drawRoundedRect(line, 1.5, 1.5)


class LabelView(QListView):
    """The list. Moving in it shows a label's photos; Enter and Right go to them."""

    chosen = Signal(int)
    """The row that is current now."""
    left = Signal()
    """The photos should have the focus."""

    def __init__(self, model: LabelModel, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setModel(model)
        self.setItemDelegate(LabelDelegate(theme, self))
        self.setObjectName("labels")
        self.setAccessibleName("Labels")
        self.setAccessibleDescription("Labels with suggestions. Enter goes to the photos.")
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setUniformItemSizes(True)
        self.setEditTriggers(QListView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.clicked.connect(lambda _index: self.left.emit())
        theme.changed.connect(self.viewport().update)

    def go_to(self, row: int) -> None:
        """Make a row current and bring it into view. ``chosen`` does not follow."""
        self.blockSignals(True)
        self.setCurrentIndex(self.model().index(row, 0))
        self.blockSignals(False)
        self.viewport().update()

    def currentChanged(self, current: QModelIndex, previous: QModelIndex) -> None:  # noqa: D102
        super().currentChanged(current, previous)
        if current.isValid() and not self.signalsBlocked():
            self.chosen.emit(current.row())

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter, Qt.Key.Key_Space, Qt.Key.Key_Right):
            self.left.emit()
        elif event.text().strip() and not event.modifiers():
            event.ignore()  # Letters are the page's keys, and no beginning of a label's name.
        else:
            super().keyPressEvent(event)


def summary(model: LabelModel) -> str:
    """``48 wait, 64 decided``, of all labels that are shown."""
    return f"{model.waiting:,} {'waits' if model.waiting == 1 else 'wait'}, {model.decided:,} decided"
