"""How far a run of learning is: what it is at, a bar, and what it tried so far as curves."""

from __future__ import annotations

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QVBoxLayout, QWidget

from app.training_child import Step
from app.window.buttons import PressButton
from app.window.teach_curves import Curves
from app.window.teach_wording import doing
from app.window.theme import Theme

_WIDEST = 110
"""Letters (x): longer bars and flatter curves are hard to read."""


class ProgressPage(QWidget):
    """Shown while a process learns."""

    stop_asked = Signal()

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.heading = QLabel("Learning your names", objectName="heading")
        font = self.heading.font()
        font.setPointSizeF(font.pointSizeF() * 1.5)
        font.setWeight(font.Weight.DemiBold)
        self.heading.setFont(font)
        self.words = QLabel(objectName="words", textFormat=Qt.TextFormat.PlainText)
        self.words.setWordWrap(True)
        self.bar = QProgressBar()
        self.bar.setTextVisible(False)
        self.bar.setAccessibleName("Progress of learning")
        self.stop = PressButton("Cancel")
        self.curves = Curves(theme)
        inner = QWidget()
        inner.setMaximumWidth(self.fontMetrics().horizontalAdvance("x") * _WIDEST)
        column = QVBoxLayout(inner)
        column.setContentsMargins(24, 24, 24, 16)
        column.setSpacing(12)
        row = QHBoxLayout()
        row.setSpacing(14)
        row.addWidget(self.bar, 1)
        row.addWidget(self.stop)
        column.addWidget(self.heading)
        column.addWidget(self.words)
        column.addLayout(row)
        column.addSpacing(10)
        column.addWidget(self.curves, 1)
        around = QHBoxLayout(self)
        around.setContentsMargins(0, 0, 0, 0)
        around.addStretch(1)
        around.addWidget(inner, 100)
        around.addStretch(1)
        self.stop.clicked.connect(self.stop_asked)

    def begin(self) -> None:
        """A run has begun."""
        self.curves.show_points(())
        self.bar.setRange(0, 0)
        self.words.setText("Starting…")
        self.stop.setEnabled(True)
        self.stop.setText("Cancel")

    def show_step(self, step: Step) -> None:
        """How far it is."""
        self.bar.setRange(0, step.total if step.total else 0)
        if step.total:
            self.bar.setValue(step.done)
        amount = f": {step.done:,} of {step.total:,}" if step.total else ""
        self.words.setText(f"{doing(step.what)}{amount}")
        if "tried" in step.more:
            self.curves.show_points(step.more["tried"])

    def show_stopping(self) -> None:
        """It was told to stop."""
        self.bar.setRange(0, 0)
        self.words.setText("Stopping…")
        self.stop.setEnabled(False)
