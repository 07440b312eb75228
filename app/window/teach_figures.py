"""Figures before and after, each with two bars: how much of what is looked for is found."""

from __future__ import annotations

from collections.abc import Mapping

from PySide6.QtCore import QRect, QRectF, QSize, Qt
from PySide6.QtGui import QFont, QPainter, QPaintEvent
from PySide6.QtWidgets import QSizePolicy, QWidget

from app.window.teach_wording import FIGURES, share
from app.window.theme import Theme

_BAR = 5
_GAP = 28


class Figures(QWidget):
    """Side by side, those that were measured alone."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self._shown: list[tuple[str, float, float]] = []
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        theme.changed.connect(self.update)

    def show_figures(self, before: Mapping[str, float | None], after: Mapping[str, float | None]) -> None:
        """Show what a run measured (see `training.adapter`): shares, 0 to 1, or None where nothing was."""
        shown = []
        for key, words in FIGURES:
            was, now = before.get(key), after.get(key)
            if was is not None and now is not None:
                shown.append((words, was, now))
        self._shown = shown
        said = [f"{words}: {share(was)} before, {share(now)} after" for words, was, now in shown]
        self.setAccessibleName("What is found among the first ten")
        self.setAccessibleDescription("; ".join(said))
        self.setToolTip("Found among the first ten:\n" + "\n".join(said) if said else "")
        self.setVisible(bool(shown))
        self.update()

    def shown(self) -> list[tuple[str, float, float]]:
        """What is shown: in words, before, after."""
        return self._shown

    def sizeHint(self) -> QSize:  # noqa: D102
        line = self.fontMetrics().height()
        return QSize(line * 12, 2 * line + 2 * _BAR + 12)

    def paintEvent(self, event: QPaintEvent) -> None:  # noqa: D102
        if not self._shown:
            return
        painter = QPainter(self)
        painter.setRenderHint(QPainter.RenderHint.Antialiasing)
        most = self.fontMetrics().horizontalAdvance("x") * 44
        width = min(most, (self.width() - _GAP * (len(self._shown) - 1)) // len(self._shown))
        for place, (words, was, now) in enumerate(self._shown):
            self._draw(painter, QRect(place * (width + _GAP), 0, width, self.height()), words, was, now)

    def _draw(self, painter: QPainter, room: QRect, words: str, was: float, now: float) -> None:
        theme, metrics = self._theme, self.fontMetrics()
        line = metrics.height()
        strong = QFont(self.font())
        strong.setWeight(QFont.Weight.DemiBold)
        painter.setFont(self.font())
        painter.setPen(theme.colour("muted"))
        said = metrics.elidedText(words, Qt.TextElideMode.ElideRight, room.width())
        painter.drawText(QRect(room.left(), 0, room.width(), line), Qt.AlignmentFlag.AlignLeft, said)
        second = QRect(room.left(), line + 1, room.width(), line)
        before = f"{share(was)}  →  "
        painter.drawText(second, Qt.AlignmentFlag.AlignLeft, before)
        painter.setFont(strong)
        painter.setPen(theme.colour("text"))
        painter.drawText(
            second.adjusted(metrics.horizontalAdvance(before), 0, 0, 0), Qt.AlignmentFlag.AlignLeft, share(now)
        )
        top = 2 * line + 5
        for value, colour in ((was, "muted"), (now, "accent")):
            bar = QRectF(room.left(), top, room.width(), _BAR - 1)
            painter.setPen(Qt.PenStyle.NoPen)
            painter.setBrush(theme.colour("line"))
            painter.drawRoundedRect(bar, 2, 2)
            bar.setWidth(bar.width() * max(0.0, min(1.0, value)))
            painter.setBrush(theme.colour(colour))
            painter.drawRoundedRect(bar, 2, 2)
            top += _BAR + 1
