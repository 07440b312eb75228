"""The small signs on a tile: how many photos its burst has, whether it was marked right or wrong, the heart."""

from __future__ import annotations

from PySide6.QtCore import QPointF, QRect, QRectF, Qt
from PySide6.QtGui import QColor, QFont, QFontMetrics, QPainter, QPixmap

from app.window.icons import picture
from app.window.laid import Stack
from app.window.theme import Theme

_SHADE = QColor(12, 14, 16, 190)
"""Behind a sign: it is read on any photo."""
_WHITE = QColor("#ffffff")
_HEART = QColor("#ff6b7d")
_EDGE = 7
"""Pixels between a sign and the edge of its tile."""


def stack_box(tile: QRect, stack: Stack, metrics: QFontMetrics) -> QRect:
    """Where the number of photos of a burst stands on a tile, at the top right."""
    height = metrics.height() + 4
    width = height + metrics.horizontalAdvance(_count(stack)) + 8
    return QRect(tile.right() - _EDGE - width, tile.top() + _EDGE, width, height)


class Badges:
    """Paints the signs. The pictures are drawn once for each size and colour."""

    def __init__(self, theme: Theme) -> None:
        self._theme = theme
        self._made: dict[tuple[str, str, int, float], QPixmap] = {}

    def paint_stack(self, painter: QPainter, tile: QRect, stack: Stack, font: QFont) -> None:
        """The number of photos of a burst, on the one on top; a short line on the others while it is open."""
        metrics = QFontMetrics(font)
        if not stack.first:
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(self._theme.colour("accent"))
            painter.drawRoundedRect(QRectF(tile.left() + 1, tile.top() + tile.height() / 3, 4, tile.height() / 3), 2, 2)
            return
        box = stack_box(tile, stack, metrics)
        ink = self._theme.colour("on_accent") if stack.opened else _WHITE
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(self._theme.colour("accent") if stack.opened else _SHADE)
        painter.drawRoundedRect(box, box.height() / 2, box.height() / 2)
        side = metrics.height() - 2
        at = QPointF(box.left() + 6, box.top() + (box.height() - side) / 2)
        painter.drawPixmap(at, self._picture(painter, "stack", ink, side))
        painter.setPen(ink)
        painter.setFont(font)
        painter.drawText(box.adjusted(side + 8, 0, -8, 0), Qt.AlignmentFlag.AlignCenter, _count(stack))

    def paint_signs(self, painter: QPainter, tile: QRect, mark: bool | None, favourite: bool, font: QFont) -> None:
        """What a person said of the photo, at the top left."""
        side = QFontMetrics(font).height() + 4
        at = QRect(tile.left() + _EDGE, tile.top() + _EDGE, side, side)
        if mark is not None:
            ground = self._theme.colour("accent" if mark else "danger")
            ink = self._theme.colour("on_accent" if mark else "window")
            self._paint_sign(painter, at, ground, "check" if mark else "cross", ink)
            at.translate(side + 4, 0)
        if favourite:
            self._paint_sign(painter, at, _SHADE, "heart-full", _HEART)

    def _paint_sign(self, painter: QPainter, at: QRect, ground: QColor, name: str, ink: QColor) -> None:
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(ground)
        painter.drawEllipse(at)
        side = at.width() - 8
        painter.drawPixmap(QPointF(at.left() + 4, at.top() + 4), self._picture(painter, name, ink, side))

    def _picture(self, painter: QPainter, name: str, colour: QColor, side: int) -> QPixmap:
        key = (name, colour.name(), side, painter.device().devicePixelRatioF())
        if key not in self._made:
            self._made[key] = picture(name, colour, side, key[3])
        return self._made[key]


def _count(stack: Stack) -> str:
    return f"{stack.count:,}"
