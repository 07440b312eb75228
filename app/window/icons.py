"""Line icons, drawn by us as SVG, tinted to the theme."""

from __future__ import annotations

from functools import cache
from importlib.resources import files

from PySide6.QtCore import QByteArray, QRectF, QSize, Qt
from PySide6.QtGui import QColor, QIcon, QPainter, QPixmap
from PySide6.QtSvg import QSvgRenderer


@cache
def _drawing(name: str) -> str:
    """The SVG of an icon. Each is drawn in six ways at the least, and the window has dozens: they are read once."""
    return (files("resources") / "icons" / f"{name}.svg").read_text(encoding="utf-8")


def picture(name: str, colour: QColor | None, size: int, ratio: float = 1.0, opacity: float = 1.0) -> QPixmap:
    """The icon ``resources/icons/<name>.svg`` at ``size`` logical pixels, its ``currentColor`` being ``colour``."""
    svg = _drawing(name)
    if colour is not None:
        svg = svg.replace("currentColor", colour.name())
    pixmap = QPixmap(QSize(size, size) * ratio)
    pixmap.fill(Qt.GlobalColor.transparent)
    painter = QPainter(pixmap)
    painter.setOpacity(opacity)
    QSvgRenderer(QByteArray(svg.encode())).render(painter, QRectF(pixmap.rect()))
    painter.end()
    pixmap.setDevicePixelRatio(ratio)
    return pixmap


def icon(name: str, colour: QColor, size: int = 20) -> QIcon:
    """An icon sharp at one, one and a half and two device pixels a pixel; faint where it is disabled."""
    made = QIcon()
    for ratio in (1.0, 1.5, 2.0):
        made.addPixmap(picture(name, colour, size, ratio))
        made.addPixmap(picture(name, colour, size, ratio, 0.25), QIcon.Mode.Disabled)
    return made


def window_icon() -> QIcon:
    """The mark of the program, at the sizes that desktops ask for."""
    made = QIcon()
    for size in (16, 24, 32, 48, 64, 128, 256):
        made.addPixmap(picture("retrouve", None, size))
    return made
