"""What lies in the middle of the window: one page at a time."""

from __future__ import annotations

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QStackedWidget


class Pages(QStackedWidget):
    """Takes the room that is left. What it would like to have is not asked for: the bars above it, which grow with what
    they say, would be squeezed instead."""

    def sizeHint(self) -> QSize:  # noqa: D102
        return self.minimumSizeHint()
