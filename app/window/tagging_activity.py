"""A run of a label list beside an index run in the bar at the foot: how far it is, and a button that stops it."""

from __future__ import annotations

from collections.abc import Callable

from PySide6.QtCore import QSize
from PySide6.QtWidgets import QHBoxLayout, QLabel, QProgressBar, QSizePolicy, QToolButton, QWidget

from app.window.icons import icon
from app.window.tagging import Tagging, TagRun
from app.window.theme import Theme
from core.tagging.types import TagProgress


class TaggingActivity(QWidget):
    """Shown while a run goes on and the bar itself tells of something else: ``is_busy``, an index run."""

    def __init__(
        self, tagging: Tagging, theme: Theme, is_busy: Callable[[], bool], parent: QWidget | None = None
    ) -> None:
        super().__init__(parent)
        self._is_busy = is_busy
        self._tagging, self._theme = tagging, theme
        self._name = ""
        self.words = QLabel()
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(110)
        self.progress.setAccessibleName("Progress of suggesting tags")
        self.stop = QToolButton()
        self.stop.setToolTip("Stop suggesting tags: what is suggested stays")
        self.stop.setAccessibleName("Stop suggesting tags")
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(10)
        for widget in (self.words, self.progress, self.stop):
            row.addWidget(widget)
        self.setSizePolicy(QSizePolicy.Policy.Maximum, QSizePolicy.Policy.Maximum)
        self.stop.clicked.connect(self._on_stop)
        tagging.started.connect(self._on_started)
        tagging.progressed.connect(self._on_progressed)
        tagging.ended.connect(lambda *_: self.hide())
        tagging.run_failed.connect(lambda _error: self.hide())
        theme.changed.connect(self._tint)
        self._tint()
        self.hide()

    def _on_started(self, what: TagRun) -> None:
        self._name = what.labels.name
        self.words.setText(f"Suggesting from “{self._short(self._name)}”")
        self.progress.setRange(0, 0)
        self.stop.setEnabled(True)
        self.setVisible(self._is_busy())

    def _on_progressed(self, progress: TagProgress) -> None:
        self.setVisible(self._is_busy())
        self.progress.setRange(0, max(1, progress.total))
        self.progress.setValue(progress.done)
        if self.stop.isEnabled():
            said = f"{progress.done:,} of {progress.total:,} photos"
            if progress.learning:
                said = f"learning from your decisions, {progress.done:,} of {progress.total:,} labels"
            self.words.setText(f"Suggesting from “{self._short(self._name)}”: {said}")

    def _on_stop(self) -> None:
        self.stop.setEnabled(False)
        self.words.setText("Stopping…")
        self._tagging.stop()

    def _short(self, name: str) -> str:
        return name if len(name) <= 24 else f"{name[:23]}…"

    def _tint(self) -> None:
        self.stop.setIcon(icon("clear", self._theme.colour("text"), 16))
        self.stop.setIconSize(QSize(16, 16))
