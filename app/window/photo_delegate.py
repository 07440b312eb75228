"""Paints one tile of the grid: the photo with round corners, and what is said of it when one points at it."""

from __future__ import annotations

from PySide6.QtCore import QModelIndex, QObject, QPersistentModelIndex, QRect, QRectF, QSize, Qt
from PySide6.QtGui import QBrush, QColor, QFont, QLinearGradient, QPainter, QPen, QPixmap, QTransform
from PySide6.QtWidgets import QStyle, QStyledItemDelegate, QStyleOptionViewItem

from app.window.badges import Badges
from app.window.icons import picture
from app.window.photo_model import Role
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails

_RADIUS = 8.0
_State = QStyle.StateFlag


class PhotoDelegate(QStyledItemDelegate):
    """Pixels only: everything that it paints has already been fetched."""

    def __init__(self, thumbnails: Thumbnails, theme: Theme, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._thumbnails, self._theme, self._badges = thumbnails, theme, Badges(theme)

    def sizeHint(self, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex) -> QSize:  # noqa: D102
        return option.rect.size()

    def paint(  # noqa: D102
        self, painter: QPainter, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        photo_id = index.data(Role.PHOTO_ID)
        if photo_id is None:
            return
        rect, state = option.rect, option.state
        selected, current = bool(state & _State.State_Selected), bool(state & _State.State_HasFocus)
        painter.save()
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        inner = rect.adjusted(5, 5, -5, -5) if selected else rect
        pixmap = self._thumbnails.pixmap(photo_id)
        if pixmap is not None:
            self._paint_photo(painter, inner, pixmap)
        else:
            self._paint_missing(painter, inner, option, str(index.data() or ""), self._thumbnails.reason(photo_id))
        if pixmap is not None and bool(state & _State.State_MouseOver):
            self._paint_words(painter, inner, option, index)
        stack, mark, favourite = (index.data(role) for role in (Role.STACK, Role.MARK, Role.FAVOURITE))
        if stack is not None:
            self._badges.paint_stack(painter, inner, stack, option.font)
        if mark is not None or favourite:
            self._badges.paint_signs(painter, inner, mark, bool(favourite), option.font)
        if selected or current:
            ring = QPen(self._theme.colour("accent"), 3 if selected else 2)
            painter.setPen(ring)
            painter.setBrush(Qt.BrushStyle.NoBrush)
            painter.drawRoundedRect(QRectF(rect).adjusted(1.5, 1.5, -1.5, -1.5), _RADIUS + 2, _RADIUS + 2)
        painter.restore()

    def _paint_photo(self, painter: QPainter, rect: QRect, pixmap: QPixmap) -> None:
        brush = QBrush(pixmap)
        scale = rect.width() / pixmap.width()
        brush.setTransform(QTransform.fromTranslate(rect.x(), rect.y()).scale(scale, scale))
        if abs(scale * painter.device().devicePixelRatioF() - 1) > 0.01:
            painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform)
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(brush)
        painter.drawRoundedRect(rect, _RADIUS, _RADIUS)

    def _paint_missing(
        self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem, name: str, reason: str
    ) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("tile"))
        painter.drawRoundedRect(rect, _RADIUS, _RADIUS)
        if not reason:
            return
        muted = self._theme.colour("muted")
        size = max(20, rect.width() // 6)
        ratio = painter.device().devicePixelRatioF()
        painter.drawPixmap(
            rect.center().x() - size // 2, rect.center().y() - size, picture("broken", muted, size, ratio)
        )
        painter.setPen(muted)
        room = rect.adjusted(10, rect.height() // 2 + 6, -10, -6)
        painter.drawText(room, Qt.AlignmentFlag.AlignHCenter | Qt.TextFlag.TextWordWrap, name or reason)

    def _paint_words(
        self, painter: QPainter, rect: QRect, option: QStyleOptionViewItem, index: QModelIndex | QPersistentModelIndex
    ) -> None:
        """The file's name, and how well it matches, on a shade at the foot of the photo."""
        hit = index.data(Role.HIT)
        line = option.fontMetrics.height()
        foot = rect.adjusted(0, max(0, rect.height() - line - 34), 0, 0)
        shade = QLinearGradient(foot.topLeft(), foot.bottomLeft())
        shade.setColorAt(0, QColor(0, 0, 0, 0))
        shade.setColorAt(1, QColor(0, 0, 0, 190))
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(shade)
        painter.setClipRect(foot)
        painter.drawRoundedRect(rect, _RADIUS, _RADIUS)
        painter.setClipping(False)
        room = rect.adjusted(10, rect.height() - line - 8, -10, -8)
        painter.setPen(QColor("#ffffff"))
        if hit is not None and hit.score:
            words = f"{hit.match:.0%}"
            strong = QFont(option.font)
            strong.setWeight(QFont.Weight.DemiBold)
            painter.setFont(strong)
            painter.drawText(room, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, words)
            room.setRight(room.right() - painter.fontMetrics().horizontalAdvance(words) - 8)
        painter.setFont(option.font)
        name = option.fontMetrics.elidedText(str(index.data() or ""), Qt.TextElideMode.ElideMiddle, room.width())
        painter.drawText(room, Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter, name)
