"""A row of small buttons with icons, and a column with such a row at its foot."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtGui import QFont
from PySide6.QtWidgets import QHBoxLayout, QLabel, QToolButton, QVBoxLayout, QWidget

from app.window.icons import icon
from app.window.theme import Theme

_SIDE = 18
"""Pixels of an icon."""


class ToolRow(QWidget):
    """Its icons follow the theme."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._icons: dict[QToolButton, str] = {}
        self._row = QHBoxLayout(self)
        self._row.setContentsMargins(0, 0, 0, 0)
        self._row.setSpacing(2)
        theme.changed.connect(self._tint)

    def add(self, name: str, words: str, act: Callable[[], object] | None = None) -> QToolButton:
        """One more button: its icon, what it does (a key in brackets at the end), and the doing."""
        button = QToolButton()
        button.setToolTip(words)
        button.setAccessibleName(words.partition(" (")[0])
        button.setIconSize(QSize(_SIDE, _SIDE))
        if act is not None:
            button.clicked.connect(lambda _checked=False: act())
        self._icons[button] = name
        self._row.addWidget(button)
        self._tint()
        return button

    def stretch(self) -> None:
        """What follows stands at the right."""
        self._row.addStretch(1)

    def _tint(self) -> None:
        for button, name in self._icons.items():
            button.setIcon(icon(name, self._theme.colour("text"), _SIDE))


def strong(words: str) -> QLabel:
    """A heading in strong letters."""
    label = QLabel(words)
    font = label.font()
    font.setWeight(QFont.Weight.DemiBold)
    label.setFont(font)
    return label


def column_of(heading: str, view: QWidget, row: QWidget, *above: QWidget) -> QWidget:
    """A heading, fields, a view that takes the room that is left, and a row of buttons under it."""
    side = QWidget()
    column = QVBoxLayout(side)
    column.setContentsMargins(0, 0, 0, 0)
    column.setSpacing(6)
    for widget in (strong(heading), *above):
        column.addWidget(widget)
    column.addWidget(view, 1)
    column.addWidget(row)
    side.setMinimumWidth(side.fontMetrics().horizontalAdvance("x") * 16)
    return side
