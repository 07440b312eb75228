"""The page for deciding on suggested tags: labels at the left, a label's photos at the right, keys for everything."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

from PySide6.QtCore import QEvent, QObject, QPoint, QSize, Qt, Signal
from PySide6.QtGui import QAction, QFont, QKeyEvent, QKeySequence, QResizeEvent
from PySide6.QtWidgets import (
    QComboBox,
    QFrame,
    QHBoxLayout,
    QLabel,
    QMenu,
    QProgressBar,
    QSizePolicy,
    QStackedWidget,
    QToolButton,
    QVBoxLayout,
    QWidget,
)

from app.jobs import Jobs
from app.window.buttons import PressButton
from app.window.grid_layout import Section
from app.window.icons import icon
from app.window.message_page import Button, MessagePage
from app.window.photo_grid import PhotoGrid
from app.window.review_bar import ReviewBar
from app.window.review_delegate import ReviewDelegate
from app.window.review_labels import LabelModel, LabelView, summary
from app.window.review_larger import Larger
from app.window.review_model import ReviewModel
from app.window.side_by_side import SideBySide
from app.window.theme import Theme
from app.window.thumbnails import Thumbnails

ALL = "All label lists"
_KEYS: dict[str, tuple[str, tuple[str, ...]]] = {
    "accept": ("&Accept", ("A",)),
    "reject": ("&Reject", ("R",)),
    "above": ("Accept all a&bove the line", ("Shift+A",)),
    "undo": ("&Undo", ("Ctrl+Z", "U")),
    "redo": ("Re&do", ("Ctrl+Shift+Z", "Ctrl+Y", "Shift+U")),
    "teach": ("Ask about the ones that &teach most", ("T",)),
    "line": ("Move the &line", ("L",)),
    "next": ("&Next label", ("N",)),
    "before": ("Label be&fore", ("P",)),
}
"""What can be done here, and its keys: they hold wherever on the page the focus is."""
KEYS_IN_SHORT = ("U undo", "Shift+A all above the line", "L move the line", "N next label", "T what teaches most")


class KeysLine(QLabel):
    """A quiet line of the keys that no button names: as many as there is room for, and where to read of the others."""

    def __init__(self) -> None:
        super().__init__(objectName="quiet")
        self.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        for count in range(len(KEYS_IN_SHORT), -1, -1):
            words = "   ·   ".join((*KEYS_IN_SHORT[:count], "F1 all keys"))
            if not count or self.fontMetrics().horizontalAdvance(words) <= self.width():
                self.setText(words)
                return


class ReviewPage(QWidget):
    """Shows; what happens is decided by `Review`."""

    asked = Signal(str)
    """One of the actions, by its name."""
    left = Signal()
    """Back to where one came from."""
    rules_asked = Signal()
    keys_asked = Signal()
    """What the keys do is to be shown."""
    list_chosen = Signal(object)
    """The name of a label list, or None for all of them."""
    told = Signal(str)
    """A sentence that has no room on the page."""
    larger_asked = Signal(int)
    """A row is to be seen larger."""

    def __init__(self, theme: Theme, thumbnails: Thumbnails, lane: Jobs, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("window")
        self.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        self.setAccessibleName("Review tags")
        self._theme, self._changeable = theme, True
        self._total = 0
        self.model, self.labels_model = ReviewModel(thumbnails, self), LabelModel(self)
        self.grid = PhotoGrid(self.model, thumbnails, theme)
        self.grid.setItemDelegate(ReviewDelegate(thumbnails, theme, self.grid))
        self.grid.setAccessibleDescription("Suggested photos. A accepts, R rejects, Space shows one larger.")
        self.labels = LabelView(self.labels_model, theme)
        self.bar, self.message = ReviewBar(theme), MessagePage(theme)
        self.larger = Larger(self.model, lane, theme)
        self.inside = QStackedWidget(objectName="pages")
        self.foot = QFrame(objectName="activity")
        self.acts = {name: self._action(name) for name in _KEYS}
        self._make_head()
        self._make_foot()
        self._lay_out()
        self.grid.installEventFilter(self)
        self.grid.photo_opened.connect(self.larger_asked)
        self.grid.customContextMenuRequested.connect(self._on_menu)
        for changed in (self.labels_model.modelReset, self.labels_model.dataChanged, self.labels_model.rowsInserted):
            changed.connect(self._show_progress)
        theme.changed.connect(self._tint)
        self._order()
        self._tint()
        self.show_nothing()

    def _order(self) -> None:
        """The Tab key goes from the head to the labels, over the photos to what acts on them."""
        bar = self.bar
        head = (self.back, self.side, self.lists, self.undo, self.redo, self.rules, self.keys)
        over = (bar.previous, bar.next, bar.teaching, bar.slider, bar.accept)
        stops = (*head, self.labels, *over, self.grid, self.larger, self.enlarge, self.reject, self.accept)
        for before, after in pairwise(stops):
            self.setTabOrder(before, after)

    def _action(self, name: str) -> QAction:
        words, keys = _KEYS[name]
        action = QAction(words, self)
        action.setShortcuts([QKeySequence(key) for key in keys])
        action.setShortcutContext(Qt.ShortcutContext.WidgetWithChildrenShortcut)
        # A key that is held down must not run through photos that nobody has looked at.
        action.setAutoRepeat(name in ("undo", "redo", "next", "before"))
        action.triggered.connect(lambda _checked=False: self.asked.emit(name))
        self.addAction(action)
        return action

    def _make_head(self) -> None:
        self.back, self.side, self.rules, self.keys = QToolButton(), QToolButton(), QToolButton(), QToolButton()
        self.undo, self.redo = QToolButton(), QToolButton()
        for button, words in (
            (self.back, "Back to the photos (Esc)"),
            (self.undo, "Undo (Ctrl+Z)"),
            (self.redo, "Redo (Ctrl+Shift+Z)"),
            (self.side, "Show the labels, or hide them"),
            (self.rules, "Rules: what is suggested for new photos"),
            (self.keys, "What the keys do (F1)"),
        ):
            button.setToolTip(words)
            button.setAccessibleName(words.rpartition(" (")[0] or words)
        self.rules.setText("Rules")
        self.keys.setText("Keys")
        self.title = QLabel("Review tags")
        strong = QFont(self.font())
        strong.setPointSizeF(strong.pointSizeF() * 1.25)
        strong.setWeight(QFont.Weight.DemiBold)
        self.title.setFont(strong)
        self.lists = QComboBox()
        self.lists.setAccessibleName("Label list")
        self.lists.setToolTip("Whose labels are shown")
        self.lists.addItem(ALL)
        self.progress = QProgressBar()
        self.progress.setTextVisible(False)
        self.progress.setAccessibleName("Suggestions that are decided")
        self.progress.setMaximumWidth(self.fontMetrics().horizontalAdvance("x") * 26)
        self.counts = QLabel(objectName="quiet")
        self.back.clicked.connect(self.left)
        self.side.clicked.connect(lambda: self.beside.toggle())
        self.rules.clicked.connect(self.rules_asked)
        self.keys.clicked.connect(self.keys_asked)
        self.undo.clicked.connect(self.acts["undo"].trigger)
        self.redo.clicked.connect(self.acts["redo"].trigger)
        self.lists.activated.connect(lambda row: self.list_chosen.emit(self.lists.itemText(row) if row else None))

    def _make_foot(self) -> None:
        self.said = QLabel(objectName="doing", textFormat=Qt.TextFormat.PlainText)
        self.said.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.hint = KeysLine()
        self.said.hide()
        self.reject, self.accept = PressButton("Reject (R)"), PressButton("Accept (A)")
        self.enlarge = PressButton("Larger (Space)")
        for button, words in (
            (self.reject, "Reject the selected photos"),
            (self.accept, "Accept the selected photos"),
        ):
            button.setAccessibleName(words)
        self.accept.setProperty("primary", "true")
        self.accept.clicked.connect(self.acts["accept"].trigger)
        self.reject.clicked.connect(self.acts["reject"].trigger)
        self.enlarge.clicked.connect(self._on_enlarge)

    def _lay_out(self) -> None:
        head = QWidget(objectName="top")
        head.setAttribute(Qt.WidgetAttribute.WA_StyledBackground)
        head.setMinimumWidth(self.fontMetrics().horizontalAdvance("x") * 40)  # What has no room is left out.
        row = self._head = QHBoxLayout(head)
        row.setContentsMargins(14, 8, 12, 8)
        self.lists.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToContents)
        self.lists.setMinimumContentsLength(8)
        row.setSpacing(12)
        for widget in (self.back, self.side, self.title, self.lists):
            row.addWidget(widget)
        row.addWidget(self.progress, 1)
        row.addWidget(self.counts)
        row.addStretch(1)
        for button in (self.undo, self.redo, self.rules, self.keys):
            row.addWidget(button)
        foot = QHBoxLayout(self.foot)
        foot.setContentsMargins(20, 6, 16, 6)
        foot.setSpacing(10)
        foot.addWidget(self.said, 1)
        foot.addWidget(self.hint, 1)
        for button in (self.enlarge, self.reject, self.accept):
            foot.addWidget(button)
        for page in (self.message, self.grid, self.larger):
            self.inside.addWidget(page)
        right = QWidget(objectName="window")
        over = QVBoxLayout(right)
        over.setContentsMargins(0, 0, 0, 0)
        over.setSpacing(0)
        over.addWidget(self.bar)
        over.addWidget(self.inside, 1)
        over.addWidget(self.foot)
        side = QFrame(objectName="side")
        beside = QVBoxLayout(side)
        beside.setContentsMargins(0, 8, 0, 8)
        beside.addWidget(self.labels)
        letter = self.fontMetrics().horizontalAdvance("x")
        side.setMinimumWidth(letter * 20)
        side.setMaximumWidth(letter * 60)
        self.beside = SideBySide(side, right)
        self.beside.remember(None, letter * 34)
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        column.addWidget(head)
        column.addWidget(self.beside, 1)

    # What the owner calls

    def show_lists(self, names: Sequence[str], chosen: str | None) -> None:
        """Offer these label lists."""
        self.lists.clear()
        self.lists.addItems([ALL, *names])
        self.lists.setCurrentIndex(0 if chosen is None or chosen not in names else 1 + list(names).index(chosen))
        self.lists.setVisible(bool(names))

    def show_nothing(self) -> None:
        """Neither photos nor words, for a moment."""
        self._show(self.grid)
        self.bar.hide()
        self.foot.hide()

    def show_photos(self) -> None:
        """Bring the grid to the front."""
        self._show(self.grid)

    def show_larger(self, row: int, label: str) -> None:
        """Bring one photo to the front, which may have this label."""
        self._show(self.larger)
        self.larger.show_row(row, label)
        self.larger.setFocus()

    def show_message(
        self, heading: str, words: str, buttons: Sequence[Button] = (), *, mark: str = "review", busy: bool = False
    ) -> None:
        """Speak in place of the photos. What acts on photos is out of reach meanwhile."""
        inside = self.inside.isAncestorOf(self.focusWidget()) if self.focusWidget() is not None else False
        self.message.say(heading, words, buttons=buttons, mark=mark, busy=busy)
        self._show(self.message)
        if self.isVisible() and (inside or not self.labels.hasFocus()):
            (self.message.buttons() or [self.back])[0].setFocus(Qt.FocusReason.OtherFocusReason)

    def shows_photos(self) -> bool:
        """Whether there are photos to act on: many, or one of them larger."""
        return self.inside.currentWidget() is not self.message

    def in_larger(self) -> bool:
        """Whether one photo is shown larger."""
        return self.inside.currentWidget() is self.larger

    def set_sections(self, sections: tuple[Section, ...]) -> None:
        """Headings over the photos."""
        self.grid.set_sections(sections)

    def say(self, sentence: str, *, aside: bool = False) -> None:
        """What was done, at the foot. ``aside``: it leads to nothing else, and is told even where there is no foot."""
        self.said.setText(sentence)
        self.said.setToolTip(sentence)
        self.said.setVisible(bool(sentence))
        self.hint.setVisible(not sentence)
        if aside and self.foot.isHidden():
            self.told.emit(sentence)

    def allow(self, changeable: bool) -> None:
        """Whether anything can be decided in this library."""
        for name in ("accept", "reject", "above", "undo", "redo"):
            self.acts[name].setEnabled(changeable)
        for button in (self.accept, self.reject, self.rules):
            button.setEnabled(changeable)
        self._changeable = changeable
        self.allow_steps(back=False, forth=False)

    def allow_steps(self, *, back: bool, forth: bool) -> None:
        """Whether there is anything to undo, and to do again. The keys stay alive, and say so where there is not."""
        self.undo.setEnabled(self._changeable and back)
        self.redo.setEnabled(self._changeable and forth)

    # Inside

    def _show(self, page: QWidget) -> None:
        if page is not self.larger and self.in_larger():
            self.larger.close_photo()
        self.inside.setCurrentWidget(page)
        photos = page is not self.message
        self.bar.setVisible(page is self.grid)
        self.foot.setVisible(photos)
        larger = page is self.larger
        self.enlarge.setText("Smaller (Space)" if larger else "Larger (Space)")
        self.enlarge.setAccessibleName("See all photos" if larger else "See the photo larger")

    def _show_progress(self) -> None:
        model = self.labels_model
        total = model.waiting + model.decided
        self.beside.set_filled(bool(model.queues))
        self._total = total
        self.side.setVisible(bool(model.queues))
        self.progress.setRange(0, max(1, total))
        self.progress.setValue(model.decided)
        self.counts.setText(summary(model) if total else "")
        self._fit_head()

    def _fit_head(self) -> None:
        """What a narrow window has no room for is left out, the least important first."""
        styles = Qt.ToolButtonStyle
        for left_out in range(5):
            words, progress, title, counts = (left_out <= at for at in range(4))
            for button in (self.rules, self.keys):
                button.setToolButtonStyle(styles.ToolButtonTextBesideIcon if words else styles.ToolButtonIconOnly)
            self.progress.setVisible(progress and self._total > 0)
            self.title.setVisible(title)
            self.counts.setVisible(counts)
            if self._head.minimumSize().width() <= self.width():
                return

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._fit_head()

    def _on_enlarge(self) -> None:
        if self.in_larger():
            self.larger.left.emit()
        elif self.grid.currentIndex().isValid():
            self.larger_asked.emit(self.grid.currentIndex().row())

    def _on_menu(self, at: QPoint) -> None:
        if self.grid.indexAt(at).isValid():
            menu = QMenu(self)
            menu.addActions([self.acts["accept"], self.acts["reject"]])
            menu.addSeparator()
            menu.addActions([self.acts["undo"], self.acts["redo"]])
            menu.aboutToHide.connect(menu.deleteLater)
            menu.popup(self.grid.viewport().mapToGlobal(at))

    def eventFilter(self, watched: QObject, event: QEvent) -> bool:
        """Space on a photo shows it larger: the grid would take it for a change of the selection."""
        pressed = watched is self.grid and isinstance(event, QKeyEvent) and event.type() == QEvent.Type.KeyPress
        if pressed and event.key() == Qt.Key.Key_Space and not event.modifiers():
            self._on_enlarge()
            return True
        return False

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        elif event.key() not in (Qt.Key.Key_Up, Qt.Key.Key_Down):
            super().keyPressEvent(event)

    def _tint(self) -> None:
        for button, name in (
            (self.back, "back"),
            (self.side, "panel"),
            (self.undo, "undo"),
            (self.redo, "redo"),
            (self.rules, "folder"),
            (self.keys, "question"),
        ):
            button.setIcon(icon(name, self._theme.colour("text"), 20))
            button.setIconSize(QSize(20, 20))
