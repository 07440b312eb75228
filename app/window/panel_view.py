"""What the views of the side panel have in common: how they look, a menu for what is current, and the keys for it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, NamedTuple

from PySide6.QtCore import QPoint, Qt, Signal
from PySide6.QtGui import QAction, QContextMenuEvent, QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QAbstractItemView, QFrame, QMenu

from app.window.side_panel_delegate import SideDelegate
from app.window.theme import Theme

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
    """Mixed into a view, before Qt's own class. The view has the signal ``left``: the photos should have the focus.

    Enter acts, F2 renames, Delete removes, Escape leaves; the menu has the same and more.
    """

    if TYPE_CHECKING:
        left: Signal
    space_acts = True
    """Whether Space does what Enter does."""

    def set_up(self, theme: Theme, name: str, called: str, of_one: str) -> None:
        """Look as the panel's views do. ``name`` is the object's; ``called`` is told to screen readers, as what the
        keys do; ``of_one`` is what the field is called in which a name is edited."""
        self.setItemDelegate(SideDelegate(theme, self, of_one))
        self.setObjectName(name)
        self.setAccessibleName(called)
        self.setFrameShape(QFrame.Shape.NoFrame)
        self.setMouseTracking(True)
        self.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)

    def act(self) -> None:
        """Do with what is current what it is there for."""
        raise NotImplementedError

    def rename(self) -> None:
        """Edit the name of what is current in its place, where that may be."""
        if self.may_rename() and self.state() != QAbstractItemView.State.EditingState:
            self.edit(self.currentIndex())

    def may_rename(self) -> bool:
        """Whether something is current that can have another name."""
        raise NotImplementedError

    def remove(self) -> None:
        """Ask to remove what is current; what cannot be removed stays."""

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

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        match Qt.Key(event.key()):
            case Qt.Key.Key_Return | Qt.Key.Key_Enter:
                self.act()
            case Qt.Key.Key_Space if self.space_acts:
                self.act()
            case Qt.Key.Key_F2:
                self.rename()
            case Qt.Key.Key_Delete | Qt.Key.Key_Backspace:
                self.remove()
            case Qt.Key.Key_Escape:
                self.left.emit()
            case _:
                super().keyPressEvent(event)

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
