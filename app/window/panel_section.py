"""A part of the side panel: a heading that folds it, small buttons, and what is in it or what it says while empty."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.window.icons import icon
from app.window.theme import Theme

_SIDE = 18
"""Pixels of an icon."""
_FEWEST = 3
"""Rows that are to be seen of any view, however little room there is."""
_EDGE = 6
"""Pixels above and below the rows together."""
_HIGHEST = 1 << 20
"""Pixels: no part is higher."""


class _Body(QStackedWidget):
    """Would be as high as it may be: a view's own wish is the same however many rows it has."""

    def sizeHint(self) -> QSize:
        return QSize(super().sizeHint().width(), min(self.maximumHeight(), _HIGHEST))


class PanelSection(QWidget):
    """Asks for as much height as its rows need, and gives way where there is none."""

    folded = Signal(bool)

    def __init__(self, title: str, hint: str, view: QAbstractItemView, theme: Theme) -> None:
        super().__init__()
        self._theme, self.view = theme, view
        self._icons: dict[QToolButton, str] = {}
        self._most: int | None = None
        self.title = QToolButton()
        self.title.setObjectName("fold")
        self.title.setText(title)
        font = self.title.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(font)
        self.title.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.title.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Preferred)
        self.title.setCheckable(True)
        self.title.setChecked(True)
        self.title.setAccessibleName(title)
        self.title.setAccessibleDescription("Folds this part of the panel, or opens it")
        self.hint = QLabel(hint)
        self.hint.setObjectName("quiet")
        self.hint.setWordWrap(True)
        self.hint.setAlignment(Qt.AlignmentFlag.AlignTop)
        self.hint.setContentsMargins(18, 2, 14, 8)
        self.body = _Body()
        self.body.addWidget(self.hint)
        self.body.addWidget(view)
        self.above = QVBoxLayout()
        """Widgets between the heading and the view."""
        self._head = QHBoxLayout()
        self._head.setContentsMargins(8, 2, 6, 2)
        self._head.setSpacing(2)
        self._head.addWidget(self.title, 1)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addLayout(self._head)
        column.addLayout(self.above)
        column.addWidget(self.body)
        self.title.toggled.connect(self._on_toggled)
        theme.changed.connect(self._tint)
        self.fit()
        self._tint()

    def button(self, name: str, words: str) -> QToolButton:
        """One more button in the heading: its icon, and what it does with its key in brackets."""
        button = QToolButton()
        button.setToolTip(words)
        button.setAccessibleName(words.rpartition(" (")[0] or words)
        button.setIconSize(QSize(_SIDE, _SIDE))
        self._icons[button] = name
        self._head.addWidget(button)
        self._tint()
        return button

    @property
    def opened(self) -> bool:
        """Whether it is open."""
        return self.title.isChecked()

    def open(self, opened: bool) -> None:
        """Open it, or fold it."""
        self.title.setChecked(opened)

    def rows(self) -> int:
        """How many rows the view would show with room for all."""
        count = getattr(self.view, "rows", None)
        if count is not None:
            return int(count())
        model = self.view.model()
        return model.rowCount() if model is not None else 0

    def set_most(self, most: int | None) -> None:
        """How many rows are shown at once, where others need the room too; None for as many as there is room for."""
        if most != self._most:
            self._most = most
            self.fit()

    def line(self) -> int:
        """Pixels of a row."""
        return max(1, self.view.sizeHintForRow(0))

    def around(self) -> int:
        """Pixels that it takes beside its rows."""
        head = self._head.sizeHint().height() + self.above.sizeHint().height()
        return head + (0 if not self.opened else _EDGE if self.rows() else self.body.maximumHeight())

    def fit(self) -> None:
        """Take the height that fits what is in it now."""
        rows = self.rows()
        self.body.setCurrentWidget(self.view if rows else self.hint)
        self.body.setVisible(self.opened)
        if rows:
            line = self.line()
            self.body.setMinimumHeight(min(rows, _FEWEST) * line + 4)
            shown = rows if self._most is None else min(rows, self._most)
            self.body.setMaximumHeight(min(_HIGHEST, shown * line + _EDGE))
        else:
            # A stack asks for the room of its largest page, and the view's is endless.
            width = max(120, self.width())
            high = self.hint.heightForWidth(width)
            self.body.setMinimumHeight(0)
            self.body.setMaximumHeight(high)
        head = self._head.sizeHint().height() + self.above.sizeHint().height()
        self.setMaximumHeight(head + (self.body.maximumHeight() if self.opened else 0))
        greedy = bool(rows) and self.opened and self._most is None
        vertical = QSizePolicy.Policy.Expanding if greedy else QSizePolicy.Policy.Maximum
        for widget in (self, self.body):
            widget.setSizePolicy(QSizePolicy.Policy.Preferred, vertical)

    def resizeEvent(self, event: object) -> None:  # noqa: D102
        super().resizeEvent(event)  # type: ignore[arg-type]
        if not self.rows():
            self.fit()

    def _on_toggled(self, opened: bool) -> None:
        self.fit()
        self._tint()
        self.folded.emit(not opened)

    def _tint(self) -> None:
        for button, name in self._icons.items():
            button.setIcon(icon(name, self._theme.colour("muted"), _SIDE))
        self.title.setIcon(icon("fold-open" if self.opened else "fold", self._theme.colour("muted"), 14))
        self.title.setIconSize(QSize(14, 14))
