"""Paints the table of models: a name with what the model is to the library under it, and figures with bars."""

from __future__ import annotations

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem, QWidget

from app.window.models_table import ACTIVE, CHOICE, FIGURES, SHARE, STANDING, AnyIndex, Column
from app.window.theme import Theme
from core.types import ModelChoice, Place

_PAD = 9
_BAR = 4
_State = QStyle.StateFlag
_Left = Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter
_Right = Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter


class ModelsDelegate(QStyledItemDelegate):
    """Every cell of a row has the same ground, so that the row reads as one."""

    def __init__(self, theme: Theme, parent: QWidget) -> None:
        super().__init__(parent)
        self._theme = theme

    def sizeHint(self, option: QStyleOptionViewItem, index: AnyIndex) -> QSize:
        """As wide as its words: the columns fit what is in them."""
        metrics, name = option.fontMetrics, str(index.data() or "")
        width = metrics.horizontalAdvance(name)
        if index.column() == Column.NAME:
            width = max(
                QFontMetrics(_bold(option.font)).horizontalAdvance(name),
                metrics.horizontalAdvance(str(index.data(STANDING))),
            )
        return QSize(width + 2 * _PAD + 2, row_height(metrics.height()))

    def paint(self, painter: QPainter, option: QStyleOptionViewItem, index: AnyIndex) -> None:  # noqa: D102
        theme, rect = self._theme, option.rect
        choice: ModelChoice = index.data(CHOICE)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        if option.state & _State.State_Selected:
            painter.fillRect(rect, theme.colour("soft"))
        elif option.state & _State.State_MouseOver:
            painter.fillRect(rect, theme.colour("hover"))
        room = rect.adjusted(_PAD, 0, -_PAD, 0)
        if index.column() == Column.NAME:
            self._write_name(painter, room, index, choice)
        elif index.column() in FIGURES:
            self._write_figure(painter, room, index)
        else:
            research = index.column() == Column.LICENCE and choice.research_only
            painter.setPen(theme.colour("danger" if research else "text"))
            right = index.column() == Column.SIZE
            _write(painter, room, str(index.data()), _Right if right else _Left)
        painter.setPen(theme.colour("line"))
        painter.drawLine(rect.bottomLeft(), rect.bottomRight())
        painter.restore()

    def _write_name(self, painter: QPainter, room: QRect, index: AnyIndex, choice: ModelChoice) -> None:
        theme, line = self._theme, painter.fontMetrics().height()
        active = bool(index.data(ACTIVE))
        if active:
            # A bar besides: that the name is in another colour is faint.
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("accent"))
            painter.drawRoundedRect(QRect(room.left() - _PAD + 2, room.top() + 7, 3, room.height() - 14), 1.5, 1.5)
        top = room.top() + (room.height() - 2 * line - 2) // 2
        font = QFont(painter.font())
        painter.setPen(theme.colour("muted" if choice.place is Place.BROKEN else "text"))
        painter.setFont(_bold(font))
        _write(painter, QRect(room.left(), top, room.width(), line), str(index.data()), _Left)
        painter.setFont(font)
        colour = "danger" if choice.place is Place.BROKEN else "accent" if active else "muted"
        painter.setPen(theme.colour(colour))
        _write(painter, QRect(room.left(), top + line + 2, room.width(), line), str(index.data(STANDING)), _Left)

    def _write_figure(self, painter: QPainter, room: QRect, index: AnyIndex) -> None:
        theme, line, share = self._theme, painter.fontMetrics().height(), index.data(SHARE)
        painter.setPen(theme.colour("muted" if share is None else "text"))
        if share is None:
            _write(painter, room, str(index.data()), _Right)
            return
        top = room.top() + (room.height() - line - _BAR - 4) // 2
        _write(painter, QRect(room.left(), top, room.width(), line), str(index.data()), _Right)
        bar = QRectF(room.left(), top + line + 4, room.width(), _BAR)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(theme.colour("line"))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)
        bar.setWidth(max(_BAR, bar.width() * share))
        painter.setBrush(theme.colour("accent"))
        painter.drawRoundedRect(bar, _BAR / 2, _BAR / 2)


def _bold(font: QFont) -> QFont:
    bold = QFont(font)
    bold.setWeight(QFont.Weight.DemiBold)
    return bold


def row_height(letters: int) -> int:
    """Of a row with two lines, in pixels, for letters of this height."""
    return round(letters * 2.65)


def _write(painter: QPainter, room: QRect, text: str, where: Qt.AlignmentFlag) -> None:
    painter.drawText(room, where, painter.fontMetrics().elidedText(text, Qt.TextElideMode.ElideRight, room.width()))
