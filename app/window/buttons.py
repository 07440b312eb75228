"""A button that Enter presses as well as Space."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFocusEvent, QKeyEvent
from PySide6.QtWidgets import QPushButton


class PressButton(QPushButton):
    """Qt gives Enter to buttons in dialogs alone; people press it wherever a button has the focus."""

    focused = Signal()
    """It has the focus now."""
    left_upwards = Signal()
    """Up was pressed on it."""

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.click()
        elif event.key() == Qt.Key.Key_Up and not event.modifiers():
            self.left_upwards.emit()
        else:
            super().keyPressEvent(event)

    def focusInEvent(self, event: QFocusEvent) -> None:  # noqa: D102
        super().focusInEvent(event)
        self.focused.emit()
