"""A sentence across the window that something went wrong or is worth knowing, with what one can do about it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QPushButton, QToolButton, QWidget

from app.window.icons import icon, picture
from app.window.theme import Theme


class Banner(QFrame):
    """Hidden until there is something to say."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("banner")
        self._theme = theme
        self._kind = "info"
        self._act: Callable[[], None] | None = None
        self._topic = ""
        self._icon = QLabel()
        self.words = QLabel()
        self.words.setWordWrap(True)
        self.words.setTextFormat(Qt.TextFormat.PlainText)
        self.button = QPushButton()
        self._close = QToolButton()
        self._close.setAccessibleName("Dismiss")
        self._close.setToolTip("Dismiss")
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 8, 12, 8)
        row.setSpacing(12)
        row.addWidget(self._icon)
        row.addWidget(self.words, 1)
        row.addWidget(self.button)
        row.addWidget(self._close)
        self.button.clicked.connect(self._on_button)
        self._close.clicked.connect(self.hide)
        theme.changed.connect(self._tint)
        self.hide()

    @property
    def topic(self) -> str:
        """What is being talked about, while shown."""
        return self._topic if not self.isHidden() else ""

    def say(
        self,
        sentence: str,
        *,
        topic: str = "",
        error: bool = True,
        button: str = "",
        act: Callable[[], None] | None = None,
    ) -> None:
        """Show a sentence. ``topic`` lets ``settle`` take it back when the matter is settled."""
        self._kind, self._topic, self._act = ("error" if error else "info"), topic, act
        self.words.setText(sentence)
        self.words.setAccessibleName(sentence)
        self.button.setText(button)
        self.button.setVisible(bool(button))
        self.setProperty("kind", self._kind)
        self.style().unpolish(self)
        self.style().polish(self)
        self._tint()
        self.show()

    def settle(self, topic: str) -> None:
        """Hide the banner if it still speaks of this."""
        if self._topic == topic:
            self.hide()

    def _on_button(self) -> None:
        self.hide()
        if self._act is not None:
            self._act()

    def _tint(self) -> None:
        colour = self._theme.colour("danger" if self._kind == "error" else "accent")
        name = "warning" if self._kind == "error" else "info"
        self._icon.setPixmap(picture(name, colour, 20, self.devicePixelRatioF()))
        self._close.setIcon(icon("clear", self._theme.colour("muted"), 16))
