"""A rectangle over a picture, dragged or moved with keys, that says which part of it to look for."""

from __future__ import annotations

from PySide6.QtCore import QEvent, QObject, QPointF, QRectF, Qt, Signal
from PySide6.QtGui import QColor, QKeyEvent, QMouseEvent, QPainter, QPainterPath, QPaintEvent, QPen
from PySide6.QtWidgets import QWidget

from app.window.picture_view import PictureView
from app.window.theme import Theme

_SHADE = QColor(8, 9, 10, 150)
_SMALLEST = 8.0
"""Pixels on the screen: a shorter drag was a click."""
_STEP = 2.0
"""Percent that a key moves an edge."""
_LEAST = 4.0
"""Percent: with keys the rectangle gets no smaller."""
_WORDS = "Drag over the part to look for.  Arrows move it, Shift+arrows change its size, Enter searches, Esc leaves."
_BEGINNING = QRectF(25, 25, 50, 50)
_ARROWS = {
    Qt.Key.Key_Left: QPointF(-_STEP, 0),
    Qt.Key.Key_Right: QPointF(_STEP, 0),
    Qt.Key.Key_Up: QPointF(0, -_STEP),
    Qt.Key.Key_Down: QPointF(0, _STEP),
}


class PartPicker(QWidget):
    """Lies over a `PictureView` and watches its mouse: Shift and a drag choose a part at once; after `begin` a plain
    drag does, and the keys."""

    chosen = Signal(object)
    """QRectF: the part in percent of the picture's width and height."""
    ended = Signal()
    """It is gone, with or without a choice."""

    def __init__(self, picture: PictureView, theme: Theme) -> None:
        super().__init__(picture)
        self.setAttribute(Qt.WidgetAttribute.WA_TransparentForMouseEvents)
        self._picture, self._theme = picture, theme
        self._part = QRectF()
        self._from: QPointF | None = None
        self._asked = False
        self.hide()
        picture.installEventFilter(self)
        picture.zoom_changed.connect(self.update)

    @property
    def part(self) -> QRectF:
        """What is marked now, in percent."""
        return QRectF(self._part)

    def begin(self) -> None:
        """Offer a rectangle to drag anew, or to move with the keys. Nothing happens while no picture is there."""
        if self._picture.target().isEmpty() or self._picture.isHidden():
            self.cancel()
            return
        self._asked, self._part = True, QRectF(_BEGINNING)
        self._picture.setCursor(Qt.CursorShape.CrossCursor)
        self._lie_over()

    def cancel(self) -> None:
        """Take the rectangle away."""
        if not self.isHidden() or self._asked:
            self._asked, self._from = False, None
            self.hide()
            fitted = self._picture.fitted
            self._picture.setCursor(Qt.CursorShape.ArrowCursor if fitted else Qt.CursorShape.OpenHandCursor)
        self.ended.emit()

    def take_key(self, event: QKeyEvent) -> bool:
        """Whether a key was for the rectangle."""
        if not self._asked:
            return False
        key = Qt.Key(event.key())
        if key == Qt.Key.Key_Escape:
            self.cancel()
        elif key in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self._choose()
        elif key in _ARROWS:
            sizes = event.modifiers() & Qt.KeyboardModifier.ShiftModifier
            self._part = _sized(self._part, _ARROWS[key]) if sizes else _moved(self._part, _ARROWS[key])
            self.update()
        else:
            return False
        return True

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:  # noqa: D102
        kind, kinds = event.type(), QEvent.Type
        if kind == kinds.Resize:
            self.resize(self._picture.size())
        if not isinstance(event, QMouseEvent):
            return False
        if self._from is not None and kind == kinds.MouseMove:
            self._part = self._to_percent(self._from, event.position())
            self._lie_over()
            return True
        if self._from is not None and kind == kinds.MouseButtonRelease:
            self._drop(event.position())
            return True
        wanted = self._asked or event.modifiers() & Qt.KeyboardModifier.ShiftModifier
        if not wanted or event.button() != Qt.MouseButton.LeftButton or self._picture.target().isEmpty():
            return False
        if kind == kinds.MouseButtonPress:
            self._from = event.position()
        return kind in (kinds.MouseButtonPress, kinds.MouseButtonDblClick)

    def _drop(self, at: QPointF) -> None:
        assert self._from is not None
        start, self._from = self._from, None
        dragged = self._on_screen(self._to_percent(start, at))
        if min(dragged.width(), dragged.height()) >= _SMALLEST:
            self._part = self._to_percent(start, at)
            self._choose()
        elif self._asked:
            self.begin()
        else:
            self.cancel()

    def _choose(self) -> None:
        part = self.part
        self.cancel()
        self.chosen.emit(part)

    def _lie_over(self) -> None:
        self.resize(self._picture.size())
        self.raise_()
        self.show()
        self.update()

    def _to_percent(self, one: QPointF, other: QPointF) -> QRectF:
        """The rectangle between two points of the widget, as far as it lies on the picture."""
        target = self._picture.target()
        corners = []
        for point in (one, other):
            x = (point.x() - target.x()) / target.width() * 100
            y = (point.y() - target.y()) / target.height() * 100
            corners.append(QPointF(max(0.0, min(100.0, x)), max(0.0, min(100.0, y))))
        return QRectF(*corners).normalized()

    def _on_screen(self, part: QRectF) -> QRectF:
        target = self._picture.target()
        scale_x, scale_y = target.width() / 100, target.height() / 100
        corner = QPointF(target.x() + part.x() * scale_x, target.y() + part.y() * scale_y)
        return QRectF(corner.x(), corner.y(), part.width() * scale_x, part.height() * scale_y)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        box = self._on_screen(self._part)
        around, hole = QPainterPath(), QPainterPath()
        around.addRect(self._picture.target().intersected(QRectF(self.rect())))
        hole.addRect(box)
        painter.fillPath(around.subtracted(hole), _SHADE)
        painter.setPen(QPen(QColor("#ffffff"), 2))
        painter.drawRect(box)
        if self._asked and self._from is None:
            self._paint_words(painter)

    def _paint_words(self, painter: QPainter) -> None:
        flags = Qt.AlignmentFlag.AlignCenter | Qt.TextFlag.TextWordWrap
        room = self.rect().adjusted(24, 0, -24, -18)
        said = painter.boundingRect(room, flags, _WORDS)
        said.moveBottom(room.bottom())
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(QColor(12, 14, 16, 215))
        painter.drawRoundedRect(said.adjusted(-14, -8, 14, 8), 8, 8)
        painter.setPen(QColor("#f3f3f1"))
        painter.drawText(said, flags, _WORDS)


def _moved(part: QRectF, by: QPointF) -> QRectF:
    """Moved, but never over the picture's edge."""
    left = max(0.0, min(100.0 - part.width(), part.left() + by.x()))
    top = max(0.0, min(100.0 - part.height(), part.top() + by.y()))
    return QRectF(left, top, part.width(), part.height())


def _sized(part: QRectF, by: QPointF) -> QRectF:
    """Its right and lower edges moved."""
    right = max(part.left() + _LEAST, min(100.0, part.right() + by.x()))
    bottom = max(part.top() + _LEAST, min(100.0, part.bottom() + by.y()))
    return QRectF(part.left(), part.top(), right - part.left(), bottom - part.top())
