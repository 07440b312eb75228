"""A line of a dialog that says what came of something, or what is wrong."""

from __future__ import annotations

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel


class Said(QLabel):
    """Plain text in quiet letters; a fault in those of faults."""

    def __init__(self) -> None:
        super().__init__(textFormat=Qt.TextFormat.PlainText, objectName="quiet", wordWrap=True)

    def tell(self, words: str, *, error: bool = False) -> None:
        """Say something in place of what was said before."""
        kind = "fault" if error else "quiet"
        if self.objectName() != kind:
            self.setObjectName(kind)
            self.style().unpolish(self)
            self.style().polish(self)
        self.setText(words)
