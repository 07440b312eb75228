"""Paints a tile of the review page: the photo, how sure the suggestion is, and what was decided of it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, Qt
from PySide6.QtGui import QColor, QFontMetrics, QPainter
from PySide6.QtWidgets import QStyle, QStyleOptionViewItem

from app.window.badges import Badges
from app.window.photo_delegate import PhotoDelegate
from app.window.photo_model import Role
from app.window.review_model import SCORE, percent
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails

_SHADE = QColor(12, 14, 16, 190)
_EDGE = 7
_FADED = 150
"""How much of a decided photo is covered, of 255: what waits must stand out."""


class ReviewDelegate(PhotoDelegate):
    """The tile of any photo, with a number at its top right and, once it is decided, a sign at its top left."""

    def __init__(self, thumbnails: Thumbnails, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(thumbnails, theme, parent)
        self._colours, self._signs = theme, Badges(theme)

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        super().paint(painter, option, index)
        mark, score = index.data(Role.MARK), index.data(SCORE)
        selected = bool(option.state & QStyle.StateFlag.State_Selected)
        inner = option.rect.adjusted(5, 5, -5, -5) if selected else option.rect
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        painter.setPen(Qt.PenStyle.NoPen)
        if mark is not None:
            cover = self._colours.colour("window")
            cover.setAlpha(_FADED)
            painter.setBrush(cover)
            painter.drawRoundedRect(inner, 8, 8)
            self._signs.paint_signs(painter, inner, mark, False, option.font)
        elif score is not None:
            self._paint_score(painter, inner, percent(score), option)
        painter.restore()

    def _paint_score(self, painter: QPainter, tile: QRect, words: str, option: QStyleOptionViewItem) -> None:
        metrics = QFontMetrics(option.font)
        width, height = metrics.horizontalAdvance(words) + 14, metrics.height() + 4
        if width + 2 * _EDGE > tile.width():
            return
        box = QRect(tile.right() - _EDGE - width, tile.top() + _EDGE, width, height)
        painter.setBrush(_SHADE)
        painter.drawRoundedRect(box, height / 2, height / 2)
        painter.setPen(QColor("#ffffff"))
        painter.setFont(option.font)
        painter.drawText(box, Qt.AlignmentFlag.AlignCenter, words)
