"""The page "Teach": names and runs at the left; at the right what a name finds before and now, or how far a run is."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeyEvent, QKeySequence
from PySide6.QtWidgets import (
    QFrame,
    QHBoxLayout,
    QLabel,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.jobs import Lanes
from app.training_child import Step
from app.window.buttons import PressButton
from app.window.icons import icon
from app.window.message_page import Button, MessagePage
from app.window.panel_section import PanelSection
from app.window.side_by_side import SideBySide
from app.window.teach_lists import Row, RowModel, RowView
from app.window.teach_pair import Pair
from app.window.teach_progress import ProgressPage
from app.window.teach_strip import Strip
from app.window.theme import Theme

_RUNS = 4
"""Earlier runs that are shown at once: the names have the room."""


class TeachPage(QWidget):
    """Shows; what happens is decided by `Teach`."""

    left = Signal()
    """Back to where one came from."""
    learn_asked = Signal()
    stop_asked = Signal()
    import_asked = Signal()
    name_chosen = Signal(str)
    """The key of a name."""
    run_chosen = Signal(str)
    """The name of a run."""
    run_acted = Signal(str)
    """What the run of this name learned is to be switched over."""
    remove_asked = Signal(str)
    """The run of this name is to be removed."""

    def __init__(self, theme: Theme, lanes: Lanes, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Teach names")
        self._theme = theme
        self.names_model, self.runs_model = RowModel(self), RowModel(self)
        self.names = RowView(self.names_model, "Names", theme)
        self.names.setAccessibleDescription(
            "Each with the number of its photos. N and P go to the next and the one before."
        )
        self.runs = RowView(self.runs_model, "Earlier runs", theme)
        self.runs.setAccessibleDescription("Space switches what it learned on or off, Delete removes it.")
        self.names_part = PanelSection("Names", "Names in captions and tags appear here.", self.names, theme)
        self.runs_part = PanelSection(
            "Learned before", "What is learned appears here, to switch it on and off.", self.runs, theme
        )
        self.message, self.progress = MessagePage(theme), ProgressPage(theme)
        self.strip, self.pair = Strip(theme), Pair(lanes, theme)
        self.inside = QStackedWidget(objectName="pages")
        self._make_head()
        self._lay_out()
        for words, keys, steps in (("Next name", "N", 1), ("Name before", "P", -1)):
            action = QAction(words, self)
            action.setShortcut(QKeySequence(keys))
            action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
            action.triggered.connect(lambda _checked=False, steps=steps: self.names.walk(steps))
            self.addAction(action)
        self.strip.curves_shown.connect(lambda on: self.pair.setVisible(not on))
        self.names.chosen.connect(lambda _key: self.strip.how.setChecked(False))
        self.names.chosen.connect(self.name_chosen)
        self.runs.chosen.connect(self.run_chosen)
        self.runs.acted.connect(self.run_acted)
        self.runs.remove_asked.connect(self.remove_asked)
        self.progress.stop_asked.connect(self.stop_asked)
        theme.changed.connect(self._tint)
        self.allow(learn=False, take_in=False)
        self._order()
        self._tint()

    def _order(self) -> None:
        """The Tab key goes from the head to the lists, and over what is said to the photos."""
        strip, pair = self.strip, self.pair
        head = (self.back, self.panel, self.take_in, self.learn)
        stops = (*head, self.names, self.runs, self.progress.stop, *strip.buttons(), pair.search)
        for before, after in pairwise((*stops, pair.before.grid, pair.after.grid)):
            self.setTabOrder(before, after)

    def _make_head(self) -> None:
        self.back, self.panel = QToolButton(), QToolButton()
        for button, words in ((self.back, "Back to the photos (Esc)"), (self.panel, "Names and earlier runs")):
            button.setToolTip(words)
            button.setAccessibleName(words.rpartition(" (")[0] or words)
        self.title = QLabel("Teach")
        strong = QFont(self.font())
        strong.setPointSizeF(strong.pointSizeF() * 1.25)
        strong.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(strong)
        self.counts = QLabel(objectName="quiet", textFormat=Qt.TextFormat.PlainText)
        self.counts.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.take_in, self.learn = PressButton("Import captions…"), PressButton("Learn")
        self.learn.setProperty("primary", "true")
        self.back.clicked.connect(self.left)
        self.panel.clicked.connect(lambda: self.beside.toggle())
        self.take_in.clicked.connect(self.import_asked)
        self.learn.clicked.connect(self.learn_asked)

    def _lay_out(self) -> None:
        head = QWidget(objectName="top")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        row = QHBoxLayout(head)
        row.setContentsMargins(14, 8, 16, 8)
        row.setSpacing(12)
        for widget, stretch in ((self.back, 0), (self.panel, 0), (self.title, 0), (self.counts, 1)):
            row.addWidget(widget, stretch)
        row.addWidget(self.take_in)
        row.addWidget(self.learn)
        self.shown = QWidget(objectName="window")
        over = QVBoxLayout(self.shown)
        over.setContentsMargins(0, 0, 0, 0)
        over.setSpacing(0)
        over.addWidget(self.strip)
        over.addWidget(self.pair, 1)
        for page in (self.message, self.progress, self.shown):
            self.inside.addWidget(page)
        side = QFrame(objectName="side")
        beside = QVBoxLayout(side)
        beside.setContentsMargins(0, 8, 0, 8)
        beside.setSpacing(4)
        beside.addWidget(self.names_part, 1)
        beside.addWidget(self.runs_part)
        beside.addStretch(0)
        self.runs_part.set_most(_RUNS)
        for part, model in ((self.names_part, self.names_model), (self.runs_part, self.runs_model)):
            model.modelReset.connect(part.fit)
        letter = self.fontMetrics().horizontalAdvance("x")
        side.setMinimumWidth(letter * 22)
        side.setMaximumWidth(letter * 60)
        self.beside = SideBySide(side, self.inside)
        self.beside.remember(None, letter * 38)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.beside, 1)

    # What the owner calls

    def show_rows(self, names: Sequence[Row], runs: Sequence[Row], counts: str) -> None:
        """Show these names and runs at the left, and a summary in the head."""
        self.names_model.show(names)
        self.runs_model.show(runs)
        self.beside.set_filled(bool(names or runs))
        self.panel.setVisible(bool(names or runs))
        self.counts.setText(counts)
        self.counts.setToolTip(counts)

    def show_message(
        self, heading: str, words: str = "", buttons: Sequence[Button] = (), *, quiet: str = "", busy: bool = False
    ) -> None:
        """Speak in place of the photos."""
        self.message.say(heading, words, buttons=buttons, mark="teach", busy=busy, quiet=quiet)
        self.inside.setCurrentWidget(self.message)
        if self.isVisible() and not busy:
            (self.message.buttons() or [self.back])[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def show_progress(self) -> None:
        """Bring the progress of a run to the front."""
        self.inside.setCurrentWidget(self.progress)

    def show_step(self, step: Step) -> None:
        """How far the run is."""
        self.progress.show_step(step)

    def show_photos(self) -> None:
        """Bring what was learned, and the photos of a name, to the front."""
        self.inside.setCurrentWidget(self.shown)

    def allow(self, *, learn: bool, take_in: bool, why_not: str = "") -> None:
        """What can be begun now; ``why_not`` says why something cannot."""
        self.learn.setEnabled(learn)
        self.take_in.setEnabled(take_in)
        for button in (self.learn, self.take_in):
            button.setToolTip(why_not)

    def offer_again(self, again: bool) -> None:
        """Learning is what most people want next, or, once something was learned, one thing among others."""
        self.learn.setText("Learn again" if again else "Learn")
        self.learn.setProperty("primary", "false" if again else "true")
        self.learn.style().unpolish(self.learn)
        self.learn.style().polish(self.learn)

    # Inside

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() not in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            super().keyPressEvent(event)

    def _tint(self) -> None:
        for button, name in ((self.back, "back"), (self.panel, "panel")):
            button.setIcon(icon(name, self._theme.colour("text"), 20))
            button.setIconSize(QSize(20, 20))
