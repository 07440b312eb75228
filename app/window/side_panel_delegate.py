"""Paints a row of the side panel: a name, and a number behind it."""

from __future__ import annotations

from PySide6.QtCore import QRect, QSize, Qt
from PySide6.QtGui import QFont, QPainter
from PySide6.QtWidgets import QLineEdit, QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.window.saved_model import AnyIndex, Role
from app.window.theme import Theme
from app.window.words import isolated
from core.saved import LONGEST_NAME

_PAD = 12
_State = QStyle.StateFlag


class SideDelegate(QStyledItemDelegate):
    """The name at the left, the number of photos, in quieter letters, at the right. ``called`` is what the field is
    called in which a name is edited."""

    keeps = False
    """Whether the chosen row stands out without the focus, too."""

    def __init__(self, theme: Theme, parent: QWidget, called: str, longest: int = LONGEST_NAME) -> None:
        super().__init__(parent)
        self._theme, self._called, self._longest = theme, called, longest

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:  # noqa: D102
        return QSize(0, round(option.fontMetrics.height() * 1.9))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        theme, rect = self._theme, option.rect.adjusted(6, 1, -6, -1)
        active, focused = bool(index.data(Role.ACTIVE)), bool(option.state & _State.State_HasFocus)
        chosen = bool(option.state & _State.State_Selected) and (focused or self.keeps)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if chosen or active or option.state & _State.State_MouseOver:
            painter.setBrush(theme.colour("soft" if active or chosen else "hover"))
            painter.drawRoundedRect(rect, 6, 6)
        if active:
            # A bar besides: the tint alone is faint.
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRect(rect.left(), rect.top() + 5, 3, rect.height() - 10), 1.5, 1.5)
        if focused:
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.setPen(theme.colour("accent"))
            painter.drawRoundedRect(rect, 6, 6)
        self._write(painter, rect.adjusted(_PAD, 0, -_PAD, 0), index, active or (self.keeps and chosen))
        painter.restore()

    def said(self, index: AnyIndex) -> tuple[str, str]:
        """The name and the number of a row."""
        return isolated(str(index.data())), str(index.data(Role.COUNT) or "")

    def _write(self, painter: QPainter, room: QRect, index: AnyIndex, active: bool) -> None:
        name, number = self.said(index)
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, number)
        if number:
            room.setRight(room.right() - painter.fontMetrics().horizontalAdvance(number) - 10)
        if active:
            font = QFont(painter.font())
            font.setWeight(QFont.Weight.DemiBold)
            painter.setFont(font)
        painter.setPen(self._theme.colour("text"))
        name = painter.fontMetrics().elidedText(name, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)

    def createEditor(self, parent: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> QWidget:  # noqa: D102
        editor = QLineEdit(parent)
        editor.setMaxLength(self._longest)
        editor.setAccessibleName(self._called)
        editor.setObjectName("renaming")
        return editor

    def setEditorData(self, editor: QWidget, index: AnyIndex) -> None:
        """Once: a number that changes while somebody types must not bring the old name back."""
        if not editor.property("filled"):
            editor.setProperty("filled", True)
            super().setEditorData(editor, index)

    def updateEditorGeometry(self, editor: QWidget, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        editor.setGeometry(option.rect.adjusted(6, 1, -6, -1))
