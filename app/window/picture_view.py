"""A picture that fills the room it has, and can be zoomed and dragged about."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QPointF, QRectF, QSizeF, Qt, Signal
from PySide6.QtGui import QImage, QMouseEvent, QPainter, QPaintEvent, QPixmap, QResizeEvent, QWheelEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.window.theme import Theme

_MOST = 16.0
"""The largest zoom: one pixel of the photo on sixteen of the screen."""
_LARGER = 2.0
"""How much larger than it is a small photo is shown, to fill the room."""


class PictureView(QWidget):
    """Paints one of several sizes of the same picture, the smallest that is sharp: painting stays quick at any zoom.

    Zoom is screen pixels for each pixel of the photo; ``fit`` follows the room until the person zooms.
    """

    zoom_changed = Signal(float)
    double_clicked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._levels: list[QPixmap] = []
        self._size = QSizeF()
        self._zoom = 1.0
        self._fitted = True
        self._centre = QPointF()
        """The point of the photo that lies in the middle of the room, in the photo's pixels."""
        self._grabbed: QPointF | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumSize(120, 80)

    def clear(self) -> None:
        """Show nothing."""
        self._levels, self._size = [], QSizeF()
        self.update()

    def show_preview(self, pixmap: QPixmap, size: QSizeF) -> None:
        """Show a small picture in the place of the whole one, which is ``size`` pixels and still on its way."""
        self._set([pixmap], size, keep=False)

    def show_picture(self, levels: Sequence[QImage], *, keep: bool) -> None:
        """The whole picture, the largest level first. ``keep``: it takes the place of its preview, zoom and all."""
        self._set([QPixmap.fromImage(level) for level in levels], QSizeF(levels[0].size()), keep=keep)

    def is_sharp(self) -> bool:
        """Whether the whole picture is shown, not only its preview."""
        return bool(self._levels) and self._levels[0].width() >= self._size.width()

    @property
    def zoom(self) -> float:
        """Screen pixels for each pixel of the photo."""
        return self._zoom

    @property
    def fitted(self) -> bool:
        """Whether the picture follows the room."""
        return self._fitted

    def fit(self) -> None:
        """Show all of it; a small photo at twice its size at the most."""
        self._fitted = True
        self._centre = QPointF(self._size.width() / 2, self._size.height() / 2)
        self._set_zoom(self._fitting())

    def actual(self) -> None:
        """One pixel of the photo on one of the screen."""
        self.zoom_to(1 / self.devicePixelRatioF())

    def zoom_by(self, factor: float, at: QPointF | None = None) -> None:
        """Zoom in or out, around a point of the widget (its middle without one)."""
        self.zoom_to(self._zoom * factor, at)

    def zoom_to(self, zoom: float, at: QPointF | None = None) -> None:
        """Zoom to ``zoom`` screen pixels a photo pixel; never smaller than fits, nor than the photo's own size."""
        if self._size.isEmpty():
            return
        fitting = self._fitting()
        zoom = max(min(fitting, 1 / self.devicePixelRatioF()), min(_MOST, zoom))
        at = at if at is not None else QPointF(self.rect().center())
        under = self._to_photo(at)
        self._fitted = abs(zoom / fitting - 1) < 0.001
        self._centre = under - (at - QPointF(self.rect().center())) / zoom
        self._set_zoom(zoom)

    def _set(self, levels: list[QPixmap], size: QSizeF, *, keep: bool) -> None:
        previous = self._size
        self._levels, self._size = levels, size
        if keep and not self._fitted and not previous.isEmpty():
            # A preview may have guessed the size wrong (a file changed since it was indexed).
            scale = size.width() / previous.width()
            self._centre *= scale
            self._set_zoom(self._zoom / scale)
        else:
            self.fit()
        self.update()

    def _fitting(self) -> float:
        if self._size.isEmpty():
            return 1.0
        room = self.size()
        return min(room.width() / self._size.width(), room.height() / self._size.height(), _LARGER)

    def _set_zoom(self, zoom: float) -> None:
        self._zoom = zoom
        self._hold()
        self.setCursor(Qt.CursorShape.ArrowCursor if self._fitted else Qt.CursorShape.OpenHandCursor)
        self.update()
        self.zoom_changed.emit(zoom)

    def _hold(self) -> None:
        """Keep the picture in the room: no more empty space than needed on any side."""
        for length, room, get, put in (
            (self._size.width(), self.width(), self._centre.x, self._centre.setX),
            (self._size.height(), self.height(), self._centre.y, self._centre.setY),
        ):
            half = room / 2 / self._zoom
            put(length / 2 if half * 2 >= length else max(half, min(length - half, get())))

    def _to_photo(self, point: QPointF) -> QPointF:
        return self._centre + (point - QPointF(self.rect().center())) / self._zoom

    def target(self) -> QRectF:
        """Where the picture lies in the widget."""
        corner = QPointF(self.rect().center()) - self._centre * self._zoom
        return QRectF(corner, self._size * self._zoom)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.fillRect(event.rect(), self._theme.colour("stage"))
        if not self._levels:
            return
        wanted = self._size.width() * self._zoom * self.devicePixelRatioF()
        level = next((one for one in reversed(self._levels) if one.width() >= wanted), self._levels[0])
        # Past four screen pixels a pixel, one wants to see the pixels themselves.
        painter.setRenderHint(QPainter.RenderHint.SmoothPixmapTransform, self._zoom < 4)
        seen = self.target().intersected(QRectF(event.rect()))
        scale = level.width() / (self._size.width() * self._zoom)
        source = QRectF((seen.topLeft() - self.target().topLeft()) * scale, seen.size() * scale)
        painter.drawPixmap(seen, level, source)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        if self._fitted:
            self.fit()
        else:
            self._hold()

    def wheelEvent(self, event: QWheelEvent) -> None:  # noqa: D102
        self.zoom_by(1.2 ** (event.angleDelta().y() / 120), event.position())
        event.accept()

    def mousePressEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if event.button() == Qt.MouseButton.LeftButton and not self._fitted:
            self._grabbed = event.position()
            self.setCursor(Qt.CursorShape.ClosedHandCursor)
            event.accept()
        else:
            super().mousePressEvent(event)

    def mouseMoveEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        if self._grabbed is not None:
            self._centre -= (event.position() - self._grabbed) / self._zoom
            self._grabbed = event.position()
            self._hold()
            self.update()

    def mouseReleaseEvent(self, event: QMouseEvent) -> None:  # noqa: D102
        self._grabbed = None
        self.setCursor(Qt.CursorShape.ArrowCursor if self._fitted else Qt.CursorShape.OpenHandCursor)

    def mouseDoubleClickEvent(self, event: QMouseEvent) -> None:
        """Between the whole photo and its own size, around the point."""
        if self._fitted:
            self.zoom_to(1 / self.devicePixelRatioF(), event.position())
        else:
            self.fit()
