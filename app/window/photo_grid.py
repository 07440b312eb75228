"""The virtual grid: paints the tiles in view and nothing else, over any number of photos."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import islice

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import (
    QEvent,
    QItemSelection,
    QItemSelectionModel,
    QModelIndex,
    QPoint,
    QRect,
    QSignalBlocker,
    QSize,
    Qt,
    QTimer,
    Signal,
)
from PySide6.QtGui import QFont, QKeyEvent, QMouseEvent, QPainter, QPaintEvent, QPen, QRegion, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QAbstractItemView, QApplication, QFrame, QStyle, QStyleOptionViewItem, QWidget

from app.window.buttons import PressButton
from app.window.grid_layout import GridLayout, Section, Spacing
from app.window.photo_model import PhotoModel
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails

SMALLEST, LARGEST, USUAL = 88, 384, 180
"""Sides of a tile in pixels."""
_PLACES = 8
"""Photos that are remembered to come back to: one that is still there is enough."""


class PhotoGrid(QAbstractItemView):
    """Square tiles in lines, in sections with headings; keyboard, mouse and Ctrl+wheel zoom.

    An item view of Qt with its own geometry (see ``grid_layout`` for why it is no QListView). The delegate paints.
    """

    photo_opened = Signal(int)
    """A row was double-clicked, or Enter was pressed on it."""
    typed = Signal(str)
    """A letter was typed here: it is meant for the search field."""
    zoomed = Signal(int)
    """The wanted side of a tile changed, in pixels."""

    def __init__(self, model: PhotoModel, thumbnails: Thumbnails, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._photos, self._thumbnails, self._theme = model, thumbnails, theme
        self._side = USUAL
        self._sections: tuple[Section, ...] = ()
        self._layout = GridLayout((), 1, Spacing())
        self._hovered = QModelIndex()
        self.button = PressButton(self.viewport())
        """The button in the last heading, where there is one."""
        self.button.hide()
        self._wish = QTimer(self, singleShot=True, interval=15)
        self._wish.timeout.connect(self._ask_for_thumbnails)
        self.setModel(model)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSelectionMode(QAbstractItemView.SelectionMode.ExtendedSelection)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setVerticalScrollMode(QAbstractItemView.ScrollMode.ScrollPerPixel)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setVerticalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOn)
        self.setDragEnabled(True)
        self.setDragDropMode(QAbstractItemView.DragDropMode.DragOnly)
        self.setContextMenuPolicy(Qt.ContextMenuPolicy.CustomContextMenu)
        self.viewport().setMouseTracking(True)
        self.setAccessibleName("Photos")
        self.setAccessibleDescription("The photos found. Enter opens one.")
        self.doubleClicked.connect(lambda index: self.photo_opened.emit(index.row()))
        self.button.focused.connect(self._show_button)
        self.button.left_upwards.connect(self._on_button_left)
        theme.changed.connect(self.viewport().update)

    # What the window calls

    def set_sections(self, sections: tuple[Section, ...]) -> None:
        """Headings over runs of rows; set after the model's photos."""
        self._sections = sections
        self._lay_out()

    def sections(self) -> tuple[Section, ...]:
        """The headings over the photos, those with neither photos nor a button left out."""
        return self._layout.sections

    def is_on_edge(self, row: int, lines: int) -> bool:
        """Whether no line of photos follows a row: below it, or above it where ``lines`` is -1."""
        return self._layout.beside(row, lines) == row

    def side(self) -> int:
        """The wanted side of a tile."""
        return self._side

    def set_side(self, side: int) -> None:
        """Zoom: the wanted side of a tile in pixels. What was in the middle stays in view."""
        side = max(SMALLEST, min(LARGEST, side))
        if side == self._side:
            return
        middle = self.viewport().rect().center()
        anchor = self.currentIndex() if self._in_view(self.currentIndex()) else self.indexAt(middle)
        self._side = side
        self._lay_out()
        if anchor.isValid():
            self.scrollTo(anchor, QAbstractItemView.ScrollHint.PositionAtCenter)
        self.zoomed.emit(side)

    def places(self) -> list[tuple[int, int]]:
        """Photos in view and how far the top of each lies below the edge, to come back to the first that is left.

        The current one comes first, if it is in view; then the others from the top. At most a handful.
        """
        offset, rows = self.verticalOffset(), list(islice(self.visible_rows(), _PLACES))
        if self._in_view(self.currentIndex()):
            rows.insert(0, self.currentIndex().row())
        return [(self._photos.photo_id(row), self._layout.box(row)[1] - offset) for row in rows]

    def go_back_to(self, places: list[tuple[int, int]]) -> None:
        """Scroll so that a photo lies where ``places`` saw it; nothing happens when all of them are gone."""
        for photo_id, below in places:
            row = self._photos.row_of(photo_id)
            if row is not None:
                self.verticalScrollBar().setValue(self._layout.box(row)[1] - below)
                return

    def chosen(self) -> NDArray[np.int64]:
        """The photos that are selected: int64[n]."""
        ids = self._photos.ids
        parts = [ids[span.top() : span.bottom() + 1] for span in self.selectionModel().selection()]
        return np.concatenate(parts) if parts else np.zeros(0, np.int64)

    def choose(self, photo_ids: NDArray[np.int64]) -> None:
        """Select these photos beside what is selected, as far as they are shown."""
        rows = np.flatnonzero(np.isin(self._photos.ids, photo_ids))
        selection = QItemSelection()
        # A span for each run of rows that follow each other.
        for run in np.split(rows, np.flatnonzero(np.diff(rows) > 1) + 1):
            if len(run):
                selection.select(self._photos.index(int(run[0])), self._photos.index(int(run[-1])))
        self.selectionModel().select(selection, QItemSelectionModel.SelectionFlag.Select)

    def is_looked_at(self) -> bool:
        """Whether somebody is at these photos: what they see must not be moved away from under them."""
        return (
            self.hasFocus()
            or self.currentIndex().isValid()
            or self.viewport().underMouse()
            or QApplication.activePopupWidget() is not None
        )

    def go_to_row(self, row: int) -> None:
        """Make a row current and bring it into view."""
        self.make_current(row)
        self.scrollTo(self.currentIndex())

    def make_current(self, row: int, *, select: bool = True) -> None:
        """Make a row current, and the only one selected unless ``select`` is False, wherever it lies."""
        with QSignalBlocker(self.verticalScrollBar()):
            place = self.verticalOffset()
            kinds = QItemSelectionModel.SelectionFlag
            flags = kinds.ClearAndSelect if select else kinds.NoUpdate
            self.selectionModel().setCurrentIndex(self._photos.index(row), flags)
            self.verticalScrollBar().setValue(place)
        self.viewport().update()

    def visible_rows(self) -> Iterator[int]:
        """The rows in view, from the top."""
        top = self.verticalOffset()
        for rows in self._layout.rows_between(top, top + self.viewport().height()):
            yield from rows

    # What QAbstractItemView asks of its kinds

    def visualRect(self, index: QModelIndex) -> QRect:  # noqa: D102
        if not index.isValid() or index.row() >= self._layout.count:
            return QRect()
        x, y, width, height = self._layout.box(index.row())
        return QRect(x, y - self.verticalOffset(), width, height)

    def indexAt(self, point: QPoint) -> QModelIndex:  # noqa: D102
        row = self._layout.row_at(point.x(), point.y() + self.verticalOffset())
        return self._photos.index(row) if row is not None else QModelIndex()

    def scrollTo(  # noqa: D102
        self, index: QModelIndex, hint: QAbstractItemView.ScrollHint = QAbstractItemView.ScrollHint.EnsureVisible
    ) -> None:
        if not index.isValid() or index.row() >= self._layout.count:
            return
        _, y, _, height = self._layout.box(index.row())
        bar, room, space = self.verticalScrollBar(), self.viewport().height(), self._layout.spacing.heading
        if hint == QAbstractItemView.ScrollHint.PositionAtCenter:
            bar.setValue(y - (room - height) // 2)
        elif hint == QAbstractItemView.ScrollHint.PositionAtTop or y - space < bar.value():
            bar.setValue(y - space)
        elif y + height + space // 2 > bar.value() + room:
            bar.setValue(y + height + space // 2 - room)

    def horizontalOffset(self) -> int:  # noqa: D102
        return 0

    def verticalOffset(self) -> int:  # noqa: D102
        return self.verticalScrollBar().value()

    def isIndexHidden(self, index: QModelIndex) -> bool:  # noqa: D102
        return False

    def moveCursor(  # noqa: D102
        self, action: QAbstractItemView.CursorAction, modifiers: Qt.KeyboardModifier
    ) -> QModelIndex:
        if not self._layout.count:
            return QModelIndex()
        current = self.currentIndex()
        if not current.isValid():
            return self._photos.index(next(self.visible_rows(), 0))
        row, last, kinds = current.row(), self._layout.count - 1, QAbstractItemView.CursorAction
        page = max(1, self.viewport().height() // self._layout.step)
        if action in (kinds.MoveLeft, kinds.MovePrevious):
            row = max(0, row - 1)
        elif action in (kinds.MoveRight, kinds.MoveNext):
            row = min(last, row + 1)
        elif action in (kinds.MoveUp, kinds.MoveDown):
            row = self._layout.beside(row, -1 if action == kinds.MoveUp else 1)
        elif action in (kinds.MovePageUp, kinds.MovePageDown):
            row = self._layout.beside(row, -page if action == kinds.MovePageUp else page)
        else:
            row = 0 if action == kinds.MoveHome else last
        return self._photos.index(row)

    def setSelection(self, rect: QRect, command: QItemSelectionModel.SelectionFlag) -> None:
        """Everything in reading order from one corner to the other, as a text would be selected."""
        ends = [self._nearest_row(point) for point in (rect.topLeft(), rect.bottomRight())]
        selection = QItemSelection()
        if rect.topLeft() == rect.bottomRight() and not self.indexAt(rect.topLeft()).isValid():
            ends = []
        if ends:
            selection.select(self._photos.index(min(ends)), self._photos.index(max(ends)))
        self.selectionModel().select(selection, command)

    def visualRegionForSelection(self, selection: QItemSelection) -> QRegion:  # noqa: D102
        return QRegion(self.viewport().rect())

    def updateGeometries(self) -> None:  # noqa: D102
        bar, room = self.verticalScrollBar(), self.viewport().height()
        bar.setRange(0, max(0, self._layout.height - room))
        bar.setEnabled(bar.maximum() > 0)
        bar.setPageStep(room)
        bar.setSingleStep(max(20, self._layout.step // 3))
        super().updateGeometries()

    def doItemsLayout(self) -> None:  # noqa: D102
        self._lay_out()

    def reset(self) -> None:  # noqa: D102
        super().reset()
        self._hovered = QModelIndex()
        self._sections = (Section(0, self._photos.rowCount()),)
        self._lay_out()

    def scrollContentsBy(self, dx: int, dy: int) -> None:  # noqa: D102
        self.viewport().update()
        self._place_button()
        self._wish.start()

    # Events

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self.viewport())
        painter.fillRect(event.rect(), self._theme.colour("window"))
        offset, band = self.verticalOffset(), event.rect()
        option = QStyleOptionViewItem()
        self.initViewItemOption(option)
        base = QStyle.StateFlag.State_Enabled | (
            QStyle.StateFlag.State_Active if self.isActiveWindow() else QStyle.StateFlag(0)
        )
        current, focused = self.currentIndex().row(), self.hasFocus()
        for rows in self._layout.rows_between(offset + band.top(), offset + band.bottom()):
            for row in rows:
                index = self._photos.index(row)
                x, y, width, height = self._layout.box(row)
                option.rect = QRect(x, y - offset, width, height)
                state = base
                if self.selectionModel().isSelected(index):
                    state |= QStyle.StateFlag.State_Selected
                if focused and row == current:
                    state |= QStyle.StateFlag.State_HasFocus
                if self._hovered.isValid() and row == self._hovered.row():
                    state |= QStyle.StateFlag.State_MouseOver
                option.state = state
                self.itemDelegate().paint(painter, option, index)
        self._paint_headings(painter, offset, band)

    def _paint_headings(self, painter: QPainter, offset: int, band: QRect) -> None:
        strong = QFont(self.font())
        strong.setWeight(QFont.Weight.DemiBold)
        for section, (x, y, width, height) in self._layout.headings_between(
            offset + band.top(), offset + band.bottom()
        ):
            room = QRect(x, y - offset + height - self._layout.spacing.heading, width, self._layout.spacing.heading)
            if section.ruled:
                painter.setPen(QPen(self._theme.colour("line"), 1))
                painter.drawLine(x, room.top() - 2, x + width, room.top() - 2)
            if section.title:
                room.setRight(room.right() - (self.button.width() + 12 if section.button else 0))
                painter.setFont(strong)
                painter.setPen(self._theme.colour("text"))
                title = painter.fontMetrics().elidedText(section.title, Qt.TextElideMode.ElideRight, room.width())
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, title)
                room.setLeft(room.left() + painter.fontMetrics().horizontalAdvance(title) + 12)
            elif section.button:
                room.setLeft(room.left() + self.button.width() + 12)
            if section.note and room.width() > 0:
                painter.setFont(self.font())
                painter.setPen(self._theme.colour("muted"))
                note = painter.fontMetrics().elidedText(section.note, Qt.TextElideMode.ElideRight, room.width())
                painter.drawText(room, Qt.AlignmentFlag.AlignVCenter, note)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        places = self.places() if self._layout.count < 200_000 else []
        self._lay_out()
        self.go_back_to(places)
        super().resizeEvent(event)

    def changeEvent(self, event: QEvent) -> None:  # noqa: D102
        super().changeEvent(event)
        if event.type() in (QEvent.Type.FontChange, QEvent.Type.StyleChange):
            self._lay_out()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        if event.modifiers() & Qt.KeyboardModifier.ControlModifier:
            self.set_side(round(self._side * 1.12 ** (event.angleDelta().y() / 120)))
            event.accept()
        else:
            super().wheelEvent(event)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter) and self.currentIndex().isValid():
            self.photo_opened.emit(self.currentIndex().row())
            event.accept()
            return
        current, plain = self.currentIndex().row(), not event.modifiers() & ~Qt.KeyboardModifier.KeypadModifier
        if event.key() == Qt.Key.Key_Up and plain and (current < 0 or self.is_on_edge(current, -1)):
            event.ignore()  # the first line: the window takes the focus back to the search field
            return
        if event.key() == Qt.Key.Key_Down and plain and current >= 0 and self.is_on_edge(current, 1):
            if self.button.isVisibleTo(self):
                self.button.setFocus(Qt.FocusReason.TabFocusReason)
            return
        letter = not event.modifiers() & ~(Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier)
        if letter and event.text().strip() and event.text().isprintable():
            # Qt would walk every row to find a name that begins so.
            self.typed.emit(event.text())
            event.accept()
            return
        super().keyPressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        super().mouseMoveEvent(event)
        self._hover(self.indexAt(event.position().toPoint()))

    def viewportEvent(self, event: QEvent) -> bool:  # noqa: D102
        if event.type() in (QEvent.Type.Leave, QEvent.Type.Wheel):
            self._hover(QModelIndex())
        return super().viewportEvent(event)

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(960, 640)

    # Inside

    def _hover(self, index: QModelIndex) -> None:
        if index != self._hovered:
            for changed in (self._hovered, index):
                if changed.isValid():
                    self.viewport().update(self.visualRect(changed).adjusted(-4, -4, 4, 4))
            self._hovered = QModelIndex(index)

    def _in_view(self, index: QModelIndex) -> bool:
        return index.isValid() and self.visualRect(index).intersects(self.viewport().rect())

    def _nearest_row(self, point: QPoint) -> int:
        index = self.indexAt(point)
        if index.isValid():
            return index.row()
        y = point.y() + self.verticalOffset()
        for rows in self._layout.rows_between(max(0, y), max(0, y)):
            column = max(0, min(self._layout.columns - 1, (point.x() - self._layout.left) // self._layout.step))
            return min(rows[0] + column, rows[-1])
        return 0 if y <= 0 else max(0, self._layout.count - 1)

    def _lay_out(self) -> None:
        # A section that was set for other photos than the model now has would reach past its end.
        if sum(s.count for s in self._sections) != self._photos.rowCount():
            self._sections = (Section(0, self._photos.rowCount()),)
        line = self.fontMetrics().height()
        spacing = Spacing(self._side, gap=8, margin=20, heading=line + 26)
        self._layout = GridLayout(self._sections, self.viewport().width(), spacing)
        self.updateGeometries()
        self._place_button()
        self.viewport().update()
        self._wish.start()

    def _place_button(self) -> None:
        """Keep the button in its heading, which scrolls with the photos."""
        placed = self._layout.button_box()
        if placed is None:
            self.button.hide()
            return
        section, (x, y, width, height) = placed
        if self.button.text() != section.button:
            self.button.setText(section.button)
        self.button.adjustSize()
        left = x + width - self.button.width() if section.title else x
        room = self._layout.spacing.heading
        self.button.move(left, y - self.verticalOffset() + height - room + (room - self.button.height()) // 2)
        self.button.show()

    def _show_button(self) -> None:
        """Bring the button into view, with the first photos behind it where there are any."""
        top, height = self.button.y() + self.verticalOffset(), self.button.height()
        bar, room = self.verticalScrollBar(), self.viewport().height()
        if top < bar.value() or top + height + self._layout.spacing.margin > bar.value() + room:
            bar.setValue(top - min(room // 2, self._layout.step))

    def _on_button_left(self) -> None:
        self.setFocus(Qt.FocusReason.BacktabFocusReason)

    def _ask_for_thumbnails(self) -> None:
        rows = list(self.visible_rows())
        if rows:
            # One screenful ahead in reading order, so that a calm scroll never meets an empty tile.
            ahead = range(rows[-1] + 1, min(self._layout.count, rows[-1] + 1 + len(rows)))
            in_view, next_ids = ([self._photos.photo_id(row) for row in some] for some in (rows, ahead))
            self._thumbnails.want(in_view, next_ids, round(self._layout.side * self.devicePixelRatioF()))
