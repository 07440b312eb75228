"""The strip over the photos of the page "Teach": what a run learned, its figures, and what can be done about it."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtGui import QFont, QResizeEvent
from PySide6.QtWidgets import QBoxLayout, QFrame, QHBoxLayout, QLabel, QVBoxLayout, QWidget

from app.window.buttons import PressButton
from app.window.teach_curves import Curves
from app.window.teach_figures import Figures
from app.window.teach_reading import Lesson
from app.window.teach_wording import heading, state
from app.window.theme import Theme

_NARROW = 92
"""Letters (x) of width below which the buttons go under the words."""


class Strip(QFrame):
    """Right after a run it asks whether to keep what was learned, later it switches that on and off."""

    keep_asked = Signal()
    discard_asked = Signal()
    switch_asked = Signal()
    remove_asked = Signal()
    curves_shown = Signal(bool)
    """Whether the curves are shown: they need the room of the photos."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("strip")
        self.title = QLabel(textFormat=Qt.TextFormat.PlainText)
        font = self.title.font()
        font.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(font)
        self.words = QLabel(objectName="words", textFormat=Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.figures, self.curves = Figures(theme), Curves(theme)
        self.how = PressButton("How it was tried")
        self.how.setProperty("toggle", "true")
        self.how.setCheckable(True)
        self.discard, self.keep = PressButton("Discard"), PressButton("Keep")
        self.keep.setProperty("primary", "true")
        self.remove, self.switch = PressButton("Remove…"), PressButton("Switch off")
        said = QVBoxLayout()
        said.setSpacing(3)
        said.addWidget(self.title)
        said.addWidget(self.words)
        acts = QHBoxLayout()
        acts.setSpacing(8)
        for button in self.buttons():
            acts.addWidget(button)
        self._row = QHBoxLayout()
        self._row.setSpacing(14)
        self._row.addLayout(said, 1)
        self._row.addLayout(acts)
        column = QVBoxLayout(self)
        column.setContentsMargins(20, 10, 16, 10)
        column.setSpacing(10)
        column.addLayout(self._row)
        column.addWidget(self.figures)
        column.addWidget(self.curves, 1)
        self.curves.hide()
        self.how.toggled.connect(self._show_curves)
        self.keep.clicked.connect(self.keep_asked)
        self.discard.clicked.connect(self.discard_asked)
        self.switch.clicked.connect(self.switch_asked)
        self.remove.clicked.connect(self.remove_asked)

    def buttons(self) -> tuple[PressButton, ...]:
        """All of them, from the left; not all are there at a time."""
        return self.how, self.remove, self.switch, self.discard, self.keep

    def show_offer(self, why_not: str) -> None:
        """Nothing was learned yet: what could be. ``why_not`` says why it cannot, where it cannot."""
        self.title.setText("What could be learned")
        self.words.setText(
            why_not
            or "Learning takes seconds and stays on this computer. Photos are held out to see what comes of it: only "
            "what is found better than before is kept."
        )
        self.figures.show_figures({}, {})
        self._offer((), can_change=False)

    def show_lesson(self, lesson: Lesson, *, fresh: bool, can_change: bool) -> None:
        """A run; ``fresh`` as long as nobody has said whether to keep what it learned."""
        self.title.setText(heading(lesson))
        self.words.setText(state(lesson, fresh=fresh))
        self.figures.show_figures(lesson.before, lesson.after)
        self.curves.show_points(lesson.tried, lesson.chosen)
        self.switch.setText("Switch off" if lesson.is_on else "Switch on")
        acts: tuple[PressButton, ...] = (self.remove,)
        if lesson.adapter is not None:
            acts = (self.discard, self.keep) if fresh else (self.remove, self.switch)
        self._offer(acts, can_change=can_change)
        self.switch.setEnabled(can_change and lesson.fits)
        self.how.setVisible(bool(lesson.tried))
        self._show_curves(self.how.isChecked() and bool(lesson.tried))

    def _offer(self, acts: tuple[PressButton, ...], *, can_change: bool) -> None:
        for button in (self.remove, self.switch, self.discard, self.keep):
            button.setVisible(button in acts)
            button.setEnabled(can_change)
        self.how.setVisible(False)
        self._show_curves(False)

    def _show_curves(self, on: bool) -> None:
        self.curves.setVisible(on)
        self.curves_shown.emit(on)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        narrow = self.width() < self.fontMetrics().horizontalAdvance("x") * _NARROW
        way = QBoxLayout.Direction.TopToBottom if narrow else QBoxLayout.Direction.LeftToRight
        if self._row.direction() != way:
            self._row.setDirection(way)
