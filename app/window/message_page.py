"""A page that speaks instead of showing photos: nothing here yet, nothing found, getting ready, cannot open."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from PySide6.QtCore import QSize, Qt
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QPushButton, QVBoxLayout, QWidget

from app.window.buttons import PressButton
from app.window.icons import icon, picture
from app.window.theme import Theme

Button = tuple[str, Callable[[], None]]


class MessagePage(QWidget):
    """A mark, a heading, a paragraph, buttons and a quiet line, in the middle of the window."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme, self._mark = theme, "photo"
        self._picture = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self.heading = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self.heading.setObjectName("heading")
        self.heading.setWordWrap(True)
        self.words = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self.words.setObjectName("words")
        self.words.setWordWrap(True)
        self.quiet = QLabel(alignment=Qt.AlignmentFlag.AlignHCenter)
        self.quiet.setObjectName("quiet")
        self.quiet.setWordWrap(True)
        self.busy = QProgressBar()
        self.busy.setRange(0, 0)
        self.busy.setTextVisible(False)
        self.busy.setFixedWidth(180)
        self._buttons = QHBoxLayout()
        self._buttons.setSpacing(10)
        for label in (self.heading, self.words, self.quiet):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self._fit()
        column = QVBoxLayout(self)
        column.setContentsMargins(40, 40, 40, 40)
        column.addStretch(2)
        column.addWidget(self._picture)
        column.addSpacing(18)
        for widget in (self.heading, self.words):
            # Lines of about seventy letters: longer ones are hard to follow.
            widget.setMaximumWidth(self.fontMetrics().horizontalAdvance("x") * 84)
            row = QHBoxLayout()
            row.addStretch(1)
            row.addWidget(widget, 100)
            row.addStretch(1)
            column.addLayout(row)
            column.addSpacing(8)
        column.addSpacing(14)
        column.addWidget(self.busy, alignment=Qt.AlignmentFlag.AlignHCenter)
        column.addLayout(self._buttons)
        column.addSpacing(22)
        column.addWidget(self.quiet)
        column.addStretch(3)
        self.busy.hide()
        self.words.hide()
        self.quiet.hide()
        theme.changed.connect(self._tint)

    def say(
        self,
        heading: str,
        words: str = "",
        *,
        mark: str = "photo",
        buttons: Sequence[Button] = (),
        quiet: str = "",
        busy: bool = False,
    ) -> None:
        """Show this. The first button is the one that most people want."""
        self._mark = mark
        self.heading.setText(heading)
        self.words.setText(words)
        self.words.setVisible(bool(words))
        self.quiet.setText(quiet)
        self.quiet.setVisible(bool(quiet))
        self.busy.setVisible(busy)
        self.setAccessibleName(f"{heading} {words}")
        while (item := self._buttons.takeAt(0)) is not None:
            if (old := item.widget()) is not None:
                old.hide()
                old.deleteLater()
        self._buttons.addStretch(1)
        for number, (label, act) in enumerate(buttons):
            button = PressButton(label)
            button.setProperty("primary", "true" if number == 0 else "false")
            button.setMinimumHeight(round(self.fontMetrics().height() * 2.4))
            if number == 0 and "older" in label:
                button.setIcon(icon("folder-add", self._theme.colour("on_accent"), 20))
                button.setIconSize(QSize(20, 20))
            button.clicked.connect(lambda _checked=False, act=act: act())
            self._buttons.addWidget(button)
        self._buttons.addStretch(1)
        self._tint()

    def buttons(self) -> list[QPushButton]:
        """What can be done, the likeliest first."""
        items = (self._buttons.itemAt(place) for place in range(self._buttons.count()))
        return [button for item in items if item is not None and isinstance(button := item.widget(), QPushButton)]

    def _fit(self) -> None:
        font = self.font()
        font.setPointSizeF(self.font().pointSizeF() * 1.75)
        font.setWeight(font.Weight.DemiBold)
        self.heading.setFont(font)
        body = self.font()
        body.setPointSizeF(self.font().pointSizeF() * 1.1)
        self.words.setFont(body)

    def _tint(self) -> None:
        own = self._mark == "retrouve"
        size = 96 if own else 64
        colour = None if own else self._theme.colour("danger" if self._mark == "warning" else "muted")
        self._picture.setPixmap(picture(self._mark, colour, size, self.devicePixelRatioF()))
