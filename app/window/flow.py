"""A row of small widgets that wraps where the room ends, and scrolls where there are too many of them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol, runtime_checkable

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QResizeEvent
from PySide6.QtWidgets import QFrame, QScrollArea, QSizePolicy, QWidget

GAP = 6
"""Pixels between two widgets, and between two rows."""
MOST_ROWS = 3
"""Rows that are shown at once, in a window that is high enough; more are scrolled to."""
SHARE = 8
"""At least one row, but no more of the window's height than one part in so many."""


@runtime_checkable
class Fits(Protocol):
    """A widget that shortens what it says to the room that it has."""

    def fit(self, room: int) -> None:
        """Be no wider than ``room`` pixels."""


class Flow(QScrollArea):
    """Lays its widgets out in rows. It asks for the height that they need, but for no width, and gives way where the
    window has no height to spare: however many they are, the window need not grow for them."""

    changed = Signal()
    """Other widgets are shown than before."""

    def __init__(self, parent: QWidget | None = None, most_rows: int | None = None) -> None:
        """``most_rows``: so many are shown at once whatever the window's height, where it can grow for them."""
        super().__init__(parent)
        self._most_rows = most_rows
        self.setObjectName("flow")
        self.setFocusPolicy(Qt.FocusPolicy.NoFocus)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Maximum)
        self._floor = QWidget(objectName="floor")
        self.setWidget(self._floor)
        self._items: tuple[QWidget, ...] = ()
        self._height = 0
        self._held = 0
        self.hide()

    @property
    def items(self) -> tuple[QWidget, ...]:
        """The widgets, in order."""
        return self._items

    def put(self, items: Sequence[QWidget]) -> None:
        """Show these and no others. Those that are left out are hidden, and stay whose they are."""
        kept, before = set(items), self._items
        for item in before:
            if item not in kept:
                item.hide()
        self._items = tuple(items)
        for item in items:
            if item.parent() is not self._floor:
                item.setParent(self._floor)
            item.show()
        self._arrange()
        if self._items != before:
            self.changed.emit()

    def hold(self) -> None:
        """Do not shrink until ``let_go``: what lies below would jump up and down at every key."""
        self._held = 0 if self.isHidden() else self._height
        self._arrange()

    def let_go(self) -> None:
        """Take the height that is needed again."""
        self._held = 0
        self._arrange()

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(0, self._height)

    def minimumSizeHint(self) -> QSize:  # noqa: D102
        return QSize(0, 0)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._arrange()

    def _arrange(self) -> None:
        rows = self._lay(self.width())
        line = max((item.height() for item in self._items), default=0)
        most = self._most_rows or max(1, min(MOST_ROWS, self.window().height() // SHARE // (line + GAP)))
        if rows > most:
            self._lay(self.width() - self.verticalScrollBar().sizeHint().width())
        height = max(min(rows, most) * (line + GAP) - GAP if rows else 0, self._held)
        if height != self._height or self.isHidden() != (height == 0):
            self._height = height
            self.setVisible(height > 0)
            self.updateGeometry()

    def _lay(self, width: int) -> int:
        """Put every widget in its place in rows of this width; how many rows that are."""
        for item in self._items:
            if isinstance(item, Fits):
                item.fit(width)
            item.resize(min(item.sizeHint().width(), max(width, 1)), item.sizeHint().height())
        line = max((item.height() for item in self._items), default=0)
        left, top, rows = 0, 0, 1 if self._items else 0
        for item in self._items:
            if left and left + item.width() > width:
                left, top, rows = 0, top + line + GAP, rows + 1
            item.move(left, top + (line - item.height()) // 2)
            left += item.width() + GAP
        self._floor.resize(max(width, 1), top + line)
        return rows
