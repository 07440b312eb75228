"""The quiet bar at the foot: what is going on, how far it is, and what could not be read."""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QProgressBar, QPushButton, QSizePolicy, QToolButton, QWidget

from app.window.buttons import PressButton
from app.window.icons import icon
from app.window.theme import Theme
from app.window.words import count_of, time_left
from core.tagging.types import TagProgress
from core.types import IndexProgress, Phase

_DOING = {
    Phase.SCANNING: "Looking through your folders",
    Phase.READING: "Reading your photos",
    Phase.ENCODING: "Learning what your photos show",
    Phase.FINISHING: "Finishing",
}
_UPDATING = "Updating to another model"


class ActivityBar(QFrame):
    """Indexing with its counts, rate, time left and a pause button; the number of photos when nothing is going on."""

    pause_asked = Signal()
    resume_asked = Signal()
    failures_asked = Signal()
    stop_asked = Signal()
    """The run of a label list is to stop."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("activity")
        self._theme = theme
        self._paused = False
        self.doing = QLabel()
        self.doing.setObjectName("doing")
        self.detail = QLabel()
        self.detail.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setFixedWidth(180)
        self.progress.setAccessibleName("Progress of what is going on")
        self.pause = QToolButton()
        self.stop = PressButton("Stop")
        self.stop.setProperty("link", "true")
        self.stop.setAccessibleName("Stop suggesting tags")
        self.stop.hide()
        self.failures = QPushButton()
        self.failures.setProperty("link", "true")
        self.failures.setAccessibleDescription("Shows which files could not be read, and why")
        self.room = QHBoxLayout()
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 5, 12, 5)
        row.setSpacing(12)
        # The button first: whatever the words beside it say, it stays under the mouse that pressed it.
        row.addWidget(self.pause)
        row.addWidget(self.stop)
        row.addWidget(self.doing)
        row.addWidget(self.progress)
        row.addWidget(self.detail, 1)
        row.addWidget(self.failures)
        row.addLayout(self.room)
        # The pause button is the tallest: with or without it the bar keeps its height.
        self.setFixedHeight(max(self.pause.sizeHint().height(), self.failures.sizeHint().height()) + 12)
        self.pause.clicked.connect(self._on_pause)
        self.stop.clicked.connect(self.stop_asked)
        self.failures.clicked.connect(self.failures_asked)
        theme.changed.connect(self._tint)
        self.say("")
        self.set_failures(0)

    def say(self, doing: str, detail: str = "") -> None:
        """Nothing that can be paused is going on: one sentence, and a quieter one."""
        self._show(doing, detail, progress=False, pause=False)

    def show_progress(self, progress: IndexProgress) -> None:
        """How far an index run is."""
        self._paused = False
        report, parts = progress.report, []
        if progress.phase == Phase.SCANNING or not progress.total:
            self.progress.setRange(0, 0)
            if report.scanned or progress.done:
                parts.append(f"{count_of(max(report.scanned, progress.done), 'photo')} so far")
        else:
            self.progress.setRange(0, progress.total)
            self.progress.setValue(progress.done)
            parts.append(f"{progress.done:,} of {progress.total:,}")
            if progress.rate >= 0.05:
                parts.append(
                    f"{progress.rate:.0f} a second" if progress.rate >= 9.5 else f"{progress.rate:.1f} a second"
                )
            if progress.seconds_left is not None and progress.done < progress.total:
                parts.append(time_left(progress.seconds_left))
        doing = _UPDATING if progress.updating else _DOING.get(progress.phase, "Finishing")
        self._show(doing, "  ·  ".join(parts), progress=True, pause=True)

    def show_stopping(self) -> None:
        """The batch at hand is being finished; all else stays as it was."""
        self._show("Pausing…", self.detail.text(), progress=not self.progress.isHidden(), pause=True)

    def show_paused(self, done: int, total: int, *, updating: bool = False) -> None:
        """Indexing, or the update to another model, waits until the person goes on with it."""
        self._paused = True
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(done)
        detail = f"{done:,} of {total:,}" if total else ""
        self._show(
            "The update is paused" if updating else "Indexing is paused", detail, progress=bool(total), pause=True
        )

    def show_tagging(self, list_name: str, progress: TagProgress) -> None:
        """How far the run of a label list is."""
        self.progress.setRange(0, max(1, progress.total))
        self.progress.setValue(progress.done)
        detail = f"{progress.done:,} of {count_of(progress.total, 'photo')}"
        if progress.learning:
            detail = f"learning from your decisions, {progress.done:,} of {count_of(progress.total, 'label')}"
        elif progress.report.suggested:
            detail += f"  ·  {progress.report.suggested:,} suggested"
        self._show(f"Suggesting tags from “{list_name}”", detail, progress=True, pause=False, stop=True)

    def set_failures(self, count: int) -> None:
        """How many files could not be read."""
        self.failures.setVisible(count > 0)
        self.failures.setText(f"{count_of(count, 'file')} could not be read")

    def _show(self, doing: str, detail: str, *, progress: bool, pause: bool, stop: bool = False) -> None:
        self.doing.setText(doing)
        self.detail.setText(detail)
        self.detail.setToolTip(detail)
        self.setAccessibleName(f"{doing} {detail}")
        self.progress.setVisible(progress)
        self.pause.setVisible(pause)
        self.stop.setVisible(stop)
        self._tint()

    def _on_pause(self) -> None:
        (self.resume_asked if self._paused else self.pause_asked).emit()

    def _tint(self) -> None:
        words = "Go on with indexing" if self._paused else "Pause indexing"
        self.pause.setToolTip(words)
        self.pause.setAccessibleName(words)
        self.pause.setIcon(icon("resume" if self._paused else "pause", self._theme.colour("text"), 18))
