"""Keys and clicks on the photos that say something about them: right, wrong, favourite, tag, open this burst."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPoint, Qt, Signal
from PySide6.QtGui import QFontMetrics, QHelpEvent, QKeyEvent, QMouseEvent
from PySide6.QtWidgets import QToolTip

from app.window.badges import stack_box
from app.window.photo_grid import PhotoGrid
from app.window.photo_model import PhotoModel

_SLACK = 6
"""Pixels around the sign of a burst that count as the sign."""


class PhotoKeys(QObject):
    """Watches the grid: a key that is meant for its current photo is not the first letter of a new question."""

    marked = Signal(bool)
    """The chosen hits are right, or wrong."""
    favourite_asked = Signal()
    tag_asked = Signal()
    """The chosen photos are to be tagged."""
    stack_asked = Signal(int)
    """The burst at this row is to be opened, or folded."""

    def __init__(self, grid: PhotoGrid, model: PhotoModel) -> None:
        super().__init__(grid)
        self._grid, self._model = grid, model
        self.can_mark = False
        """Whether there is an answer whose hits can be right or wrong."""
        grid.installEventFilter(self)
        grid.viewport().installEventFilter(self)

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        if isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress and watched is self._grid:
            return self._on_key(event)
        if isinstance(event, QHelpEvent) and event.type() == QEvent.Type.ToolTip and watched is self._grid.viewport():
            return self._on_help(event)
        if isinstance(event, QMouseEvent) and watched is self._grid.viewport():
            return self._on_mouse(event)
        return False

    def _on_key(self, event: QKeyEvent) -> bool:
        """Whether the key was for us."""
        row = self._grid.currentIndex().row()
        others = Qt.KeyboardModifier.ShiftModifier | Qt.KeyboardModifier.KeypadModifier
        if row < 0 or event.modifiers() & ~others:
            return False
        key, keys = event.key(), Qt.Key
        if key == keys.Key_F and not event.modifiers():
            self.favourite_asked.emit()
        elif key == keys.Key_T and not event.modifiers():
            self.tag_asked.emit()
        elif key == keys.Key_Space and not event.modifiers() and self._model.stack(row) is not None:
            self.stack_asked.emit(row)
        elif event.text() in ("+", "-") and self.can_mark:
            self.marked.emit(event.text() == "+")
        else:
            return False
        return True

    def _on_mouse(self, event: QMouseEvent) -> bool:
        """Whether it was the sign of a burst that was pressed. Pressing it twice is no double click on the photo."""
        pressed = event.type() in (QEvent.Type.MouseButtonPress, QEvent.Type.MouseButtonDblClick)
        if not pressed or event.button() != Qt.MouseButton.LeftButton or event.modifiers():
            return False
        row = self._stack_at(event.position().toPoint())
        if row is None:
            return False
        if event.type() == QEvent.Type.MouseButtonPress:
            self.stack_asked.emit(row)
        return True

    def _on_help(self, event: QHelpEvent) -> bool:
        """Whether something is said about the sign of a burst."""
        row = self._stack_at(event.pos())
        stack = None if row is None else self._model.stack(row)
        if stack is None:
            return False
        does = "fold it" if stack.opened else "see all of it"
        QToolTip.showText(event.globalPos(), f"A burst of {stack.count:,} photos: click or Space to {does}", self._grid)
        return True

    def _stack_at(self, at: QPoint) -> int | None:
        """The row whose sign of a burst lies at a point of the viewport."""
        index = self._grid.indexAt(at)
        stack = self._model.stack(index.row()) if index.isValid() else None
        if stack is None or not stack.first:
            return None
        box = stack_box(self._grid.visualRect(index), stack, QFontMetrics(self._grid.font()))
        return index.row() if box.adjusted(-_SLACK, -_SLACK, _SLACK, _SLACK).contains(at) else None
