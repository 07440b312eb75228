"""What a run tries, as curves: for each way of learning, where photos that were held out are found."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

from PySide6.QtCore import QPointF, QRectF, QSize, Qt
from PySide6.QtGui import QFontMetrics, QPainter, QPaintEvent, QPen, QPolygonF
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.window.theme import Theme

_STROKES = (
    ("accent", Qt.PenStyle.SolidLine),
    ("text", Qt.PenStyle.DashLine),
    ("muted", Qt.PenStyle.DotLine),
)
"""Curves differ in their strokes as well as in their colours."""
_WORDS = ("what its photos have in common", "in between", "what sets them apart")
"""What counts, from the highest ridge to the lowest."""
_SAMPLE = 38
"""Pixels of a piece of a curve in the legend, with the gap behind it."""
Point = Mapping[str, float]


def place_of(point: Point) -> float:
    """The place at which a held-out photo is found, in the geometric mean: 1 is the first."""
    return float(2 ** point["log2"])


class Curves(QWidget):
    """Across: how much of a name is learned, and how much is left of what its words meant. Down: the place at which a
    photo that was held out is found, on a logarithmic scale with the first at the top."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._tried: list[Point] = []
        self._chosen: tuple[float, float] | None = None
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Expanding)
        self.setMinimumHeight(self.fontMetrics().height() * 7)
        theme.changed.connect(self.update)

    def show_points(self, tried: Sequence[Point], chosen: Point | None = None) -> None:
        """Draw what was tried so far (see `training.adapter.choose`), and a ring round what was chosen."""
        self._tried = [point for point in tried if {"ridge", "strength", "log2"} <= set(point)]
        self._chosen = (chosen["ridge"], chosen["strength"]) if chosen and "ridge" in chosen else None
        self.setAccessibleName("Where photos that were held out are found")
        self.setAccessibleDescription("; ".join(self._spoken()))
        self.update()

    def points(self) -> Sequence[Point]:
        """What is drawn."""
        return self._tried

    def _spoken(self) -> list[str]:
        said = []
        for words, curve in self._curves():
            places = ", ".join(f"{one['strength']:.0%} learned, place {place_of(one):.1f}" for one in curve)
            said.append(f"{words}: {places}")
        return said

    def _curves(self) -> list[tuple[str, list[Point]]]:
        ridges = sorted({point["ridge"] for point in self._tried}, reverse=True)
        return [
            (
                _WORDS[min(number, len(_WORDS) - 1)],
                sorted((p for p in self._tried if p["ridge"] == ridge), key=lambda p: p["strength"]),
            )
            for number, ridge in enumerate(ridges)
        ]

    def sizeHint(self) -> QSize:  # noqa: D102
        return QSize(self.fontMetrics().horizontalAdvance("x") * 70, self.fontMetrics().height() * 11)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        metrics, line = self.fontMetrics(), self.fontMetrics().height()
        curves = self._curves()
        worst = max([2.0, *(place_of(point) for point in self._tried)])
        steps = _steps(worst)
        left = max(metrics.horizontalAdvance(f"{step:,}") for step in steps) + 14
        places = self._legend([words for words, _ in curves], left)
        legend = line + 6 + (places[-1].y() if places else 0)
        plot = QRectF(left, line * 1.5, self.width() - left - 16, self.height() - line * 4.4 - legend)
        if plot.height() < line:
            return
        self._draw_frame(painter, plot, steps, metrics)
        for number, (words, points) in enumerate(curves):
            self._draw_curve(painter, plot, points, steps, number)
            self._draw_legend(painter, places[number] + QPointF(0, self.height() - legend), words, number)

    def _legend(self, words: Sequence[str], left: float) -> list[QPointF]:
        """Where each curve is explained: beside each other as far as there is room, the first at a height of 0."""
        metrics, at, places = self.fontMetrics(), QPointF(left, 0), []
        for said in words:
            width = _SAMPLE + metrics.horizontalAdvance(said) + 24
            if at.x() > left and at.x() + width > self.width():
                at = QPointF(left, at.y() + metrics.height() + 6)
            places.append(at)
            at = QPointF(at.x() + width, at.y())
        return places

    def _draw_frame(self, painter: QPainter, plot: QRectF, steps: Sequence[int], metrics: QFontMetrics) -> None:
        theme, line = self._theme, metrics.height()
        for step in steps:
            y = _down(plot, step, steps)
            painter.setPen(QPen(theme.colour("line"), 1))
            painter.drawLine(QPointF(plot.left(), y), QPointF(plot.right(), y))
            painter.setPen(theme.colour("muted"))
            at = QRectF(0, y - line / 2, plot.left() - 8, line)
            if step not in (1, steps[-1]) and plot.height() < line * len(steps):
                continue  # They would stand on each other.
            painter.drawText(at, Qt.AlignmentFlag.AlignRight | Qt.AlignmentFlag.AlignVCenter, f"{step:,}")
        painter.drawText(QRectF(0, 0, self.width(), line), Qt.AlignmentFlag.AlignLeft, "Place of a photo held out")
        for share in (0.3, 0.5, 0.7, 0.85, 1.0):
            x = _across(plot, share)
            words = f"{share * 100:.0f}%"
            at = QRectF(x - 30, plot.bottom() + 6, 60, line)
            if share == 1.0:
                at.moveRight(plot.right() + 12)
            painter.drawText(at, Qt.AlignmentFlag.AlignCenter if share < 1 else Qt.AlignmentFlag.AlignRight, words)
        words = "learned, the rest being what the words meant"
        if metrics.horizontalAdvance(words) < plot.width():
            at = QRectF(plot.left(), plot.bottom() + 6 + line, plot.width(), line)
            painter.drawText(at, Qt.AlignmentFlag.AlignRight, words)

    def _draw_curve(
        self, painter: QPainter, plot: QRectF, points: Sequence[Point], steps: Sequence[int], number: int
    ) -> None:
        at = [QPointF(_across(plot, p["strength"]), _down(plot, place_of(p), steps)) for p in points]
        painter.setPen(self._pen(number))
        painter.setBrush(Qt.BrushStyle.NoBrush)
        painter.drawPolyline(QPolygonF(at))
        colour = self._theme.colour(_STROKES[number % len(_STROKES)][0])
        painter.setPen(Qt.PenStyle.NoPen)
        painter.setBrush(colour)
        for point, place in zip(points, at, strict=True):
            painter.drawEllipse(place, 3, 3)
            if (point["ridge"], point["strength"]) == self._chosen:
                painter.setBrush(Qt.BrushStyle.NoBrush)
                painter.setPen(QPen(self._theme.colour("accent"), 2))
                painter.drawEllipse(place, 8, 8)
                painter.setPen(Qt.PenStyle.NoPen)
                painter.setBrush(colour)

    def _draw_legend(self, painter: QPainter, at: QPointF, words: str, number: int) -> None:
        line = self.fontMetrics().height()
        painter.setPen(self._pen(number))
        painter.drawLine(QPointF(at.x(), at.y() + line / 2), QPointF(at.x() + _SAMPLE - 10, at.y() + line / 2))
        painter.setPen(self._theme.colour("muted"))
        painter.drawText(QRectF(at.x() + _SAMPLE, at.y(), self.width() - at.x() - _SAMPLE, line), 0, words)

    def _pen(self, number: int) -> QPen:
        name, style = _STROKES[number % len(_STROKES)]
        pen = QPen(self._theme.colour(name), 2, style)
        pen.setCapStyle(Qt.PenCapStyle.RoundCap)
        return pen


def _steps(worst: float) -> list[int]:
    """The places that have a line: 1, 10, 100 and so on, or 1, 2, 4, 8 where all are near the top."""
    base = 10 if worst > 30 else 2
    return [base**power for power in range(math.ceil(math.log(worst, base)) + 1)]


def _down(plot: QRectF, place: float, steps: Sequence[int]) -> float:
    return float(plot.top() + plot.height() * math.log(max(1.0, place)) / math.log(steps[-1]))


def _across(plot: QRectF, share: float) -> float:
    return float(plot.left() + 12 + (plot.width() - 24) * (share - 0.3) / 0.7)
