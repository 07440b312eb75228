"""The strip over the photos that are reviewed: which label, how far it is, the order, and the line to accept above."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QFont, QKeyEvent, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QSizePolicy, QSlider, QToolButton, QVBoxLayout

from app.window.buttons import PressButton
from app.window.icons import icon
from app.window.review_labels import standing
from app.window.theme import Theme
from app.window.words import isolated
from core.tagging.types import Queue

USUAL_LINE = 90
"""Percent: where the line lies until somebody moves it."""
MANY = 100_000
"""Photos that are read of a label at the most."""
_NARROW = 96
"""Letters (x) of width below which the button at the line is said shorter."""


class LineSlider(QSlider):
    """Percent from 1 to 100, by the mouse or the arrows. Enter accepts, Escape leaves."""

    accepted = Signal()
    left = Signal()

    def __init__(self) -> None:
        super().__init__(Qt.Orientation.Horizontal)
        self.setRange(1, 100)
        self.setValue(USUAL_LINE)
        self.setPageStep(10)
        self.setAccessibleName("Line to accept above, in percent")

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() in (Qt.Key.Key_Return, Qt.Key.Key_Enter):
            self.accepted.emit()
        elif event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)


class ReviewBar(QFrame):
    """Shows and asks; what it leads to is decided by the page's owner."""

    line_moved = Signal(float)
    """The probability to accept above, 0 to 1."""
    line_left = Signal()
    """The photos should have the focus."""
    accept_asked = Signal()
    """Everything above the line is to be accepted."""
    teaching_chosen = Signal(bool)
    """Whether those that teach most come first."""
    walk_asked = Signal(int)
    """To the label before, -1, or the next, 1."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("results")
        self._theme = theme
        self.previous, self.next = QToolButton(), QToolButton()
        for button, words, steps in (
            (self.previous, "The label before (P)", -1),
            (self.next, "The next label (N)", 1),
        ):
            button.setToolTip(words)
            button.setAccessibleName(words.rpartition(" (")[0])
            button.clicked.connect(lambda _checked=False, steps=steps: self.walk_asked.emit(steps))
        self.title = QLabel(textFormat=Qt.TextFormat.PlainText)
        self.title.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Preferred)
        self.standing = QLabel(objectName="quiet")
        self.standing.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.teaching = PressButton("Ask what teaches most")
        self.teaching.setCheckable(True)
        self.teaching.setProperty("toggle", "true")
        self.teaching.setToolTip("Ask about the photos that teach most first (T)")
        self.teaching.setAccessibleName("Ask about the photos that teach most")
        self.slider = LineSlider()
        self.named = QLabel()
        self.named.setBuddy(self.slider)
        self.slider.setToolTip("The line to accept above (L)")
        self.slider.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 14)
        self.accept = PressButton()
        self.accept.setToolTip("Accept every photo above the line (Shift+A)")
        self._name, self._line = "", QFrame()
        self._above, self._more = 0, False
        self._lay_out()
        self.slider.valueChanged.connect(lambda value: self.line_moved.emit(value / 100))
        self.slider.accepted.connect(self.accept_asked)
        self.slider.left.connect(self.line_left)
        self.accept.clicked.connect(self.accept_asked)
        self.teaching.clicked.connect(self.teaching_chosen)
        theme.changed.connect(self._tint)
        self._tint()

    def _lay_out(self) -> None:
        strong = QFont(self.font())
        strong.setPointSizeF(strong.pointSizeF() * 1.25)
        strong.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(strong)
        about = QHBoxLayout()
        about.setSpacing(8)
        about.addWidget(self.previous)
        about.addWidget(self.title)
        about.addWidget(self.next)
        about.addWidget(self.standing, 1)
        about.addWidget(self.teaching)
        # Neither what is before the slider changes its width nor the button after it: it stays in its place.
        self.named.setFixedWidth(self.named.fontMetrics().horizontalAdvance(_named(100)) + 4)
        line = QHBoxLayout(self._line)
        line.setContentsMargins(8, 0, 0, 0)
        line.setSpacing(12)
        line.addWidget(self.named)
        line.addWidget(self.slider, 1)
        line.addWidget(self.accept)
        rows = QVBoxLayout(self)
        rows.setContentsMargins(14, 6, 16, 6)
        rows.setSpacing(6)
        rows.addLayout(about)
        rows.addWidget(self._line)

    @property
    def line(self) -> float:
        """The probability to accept above, 0 to 1."""
        return self.slider.value() / 100

    def show_label(self, queue: Queue) -> None:
        """Which label, and how far it is."""
        self._name = isolated(queue.label)
        self.standing.setText(standing(queue))
        self._fit_title()

    def show_line(self, above: int, *, teaching: bool, at_least: bool = False) -> None:
        """How many photos lie above the line; in the order that teaches there is none. ``at_least``: more may."""
        self.teaching.setChecked(teaching)
        self._line.setVisible(not teaching)
        percent = self.slider.value()
        self._above, self._more = above, at_least
        self.named.setText(_named(percent))
        self.accept.setAccessibleName(accepting(above, percent, more=at_least))
        self.accept.setEnabled(above > 0)
        self._fit_accept()

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit_accept()
        self._fit_title()

    def minimumSizeHint(self) -> QSize:
        """Whatever is said here, the window may be narrow."""
        return QSize(self.fontMetrics().horizontalAdvance("x") * 40, super().minimumSizeHint().height())

    def _fit_accept(self) -> None:
        """The words of the button, in a width that no other words change."""
        narrow = self.width() < self.fontMetrics().horizontalAdvance("x") * _NARROW
        widest = accepting(MANY, 100, more=True, short=narrow)
        around = self.accept.fontMetrics().height() * 2
        self.accept.setFixedWidth(self.accept.fontMetrics().horizontalAdvance(widest) + around)
        self.accept.setText(accepting(self._above, self.slider.value(), more=self._more, short=narrow))

    def _fit_title(self) -> None:
        metrics = self.title.fontMetrics()
        self.title.setText(metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, max(80, self.width() // 3)))
        self.title.setToolTip(self._name)
        self.title.setAccessibleName(f"Label {self._name}")

    def _tint(self) -> None:
        for button, name in ((self.previous, "previous"), (self.next, "next")):
            button.setIcon(icon(name, self._theme.colour("muted"), 18))
            button.setIconSize(QSize(18, 18))


def accepting(above: int, percent: int, *, more: bool = False, short: bool = False) -> str:
    """What the button at the line does: ``Accept the 4 photos that are 90% sure or more``."""
    if short:
        some = f"the {above:,}{' or more' if more else ''}" if above > 1 else "the one"
        return f"Accept {some} above the line" if above else "No photo is above the line"
    if not above:
        return f"No photo is {percent}% sure or more"
    photos = f"the {above:,} photos{' or more' if more else ''} that are" if above > 1 else "the photo that is"
    return f"Accept {photos} {percent}% sure or more"


def _named(percent: int) -> str:
    """The name of the slider, with where it stands."""
    return f"Line at {percent}%"
