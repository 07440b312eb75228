"""What the views of the side panel have in common: a menu for what is current, and something current for the keys."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPoint
from PySide6.QtGui import QAction, QContextMenuEvent, QFocusEvent
from PySide6.QtWidgets import QAbstractItemView, QMenu

if TYPE_CHECKING:
    _Base = QAbstractItemView
else:
    _Base = object


class Entry(NamedTuple):
    """A line of a view's menu. ``keys`` are named, not set: the view itself looks at its keys."""

    words: str
    keys: str
    act: Callable[[], object]
    enabled: bool = True


class PanelView(_Base):
    """Mixed into a view, before Qt's own class."""

    def entries(self) -> Sequence[Entry]:
        """What can be done with what is current; nothing where nothing is."""
        raise NotImplementedError

    def menu(self) -> QMenu:
        """The entries as a menu, which goes away once it was closed."""
        menu = QMenu(self)
        for entry in self.entries():
            action = QAction(f"{entry.words}\t{entry.keys}" if entry.keys else entry.words, menu)
            action.setEnabled(entry.enabled)
            action.triggered.connect(lambda _checked=False, act=entry.act: act())
            menu.addAction(action)
        menu.aboutToHide.connect(menu.deleteLater)
        return menu

    def focusInEvent(self, event: QFocusEvent) -> None:
        """Something is current as soon as keys can act."""
        super().focusInEvent(event)
        model = self.model()
        if not self.currentIndex().isValid() and model.rowCount():
            self.setCurrentIndex(model.index(0, 0))

    def contextMenuEvent(self, event: QContextMenuEvent) -> None:
        """By the mouse: of the row under it; by the keyboard: of the current one."""
        if event.reason() == QContextMenuEvent.Reason.Mouse:
            index = self.indexAt(event.pos())
            if not index.isValid():
                return
            self.setCurrentIndex(index)
            at = event.globalPos()
        else:
            at = self.viewport().mapToGlobal(self.visualRect(self.currentIndex()).center())
        if self.entries():
            self.menu().popup(QPoint(at))
