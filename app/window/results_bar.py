"""The strip over the photos: how many were found, how they were refined, and the order that they are in."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QActionGroup, QFont, QResizeEvent
from PySide6.QtWidgets import QFrame, QHBoxLayout, QLabel, QMenu, QSizePolicy, QToolButton

from app.window.buttons import PressButton
from app.window.icons import icon
from app.window.theme import Theme
from core.types import Marks, Order

WORDS: dict[Order, str] = {
    Order.MATCH: "Best match",
    Order.DATE: "Newest first",
    Order.OLDEST: "Oldest first",
    Order.FOLDER: "By folder",
    Order.SIZE: "Largest first",
}


def refined(marks: Marks) -> str:
    """``Refined by 3 right, 1 wrong``."""
    parts = [f"{len(some):,} {what}" for some, what in ((marks.right, "right"), (marks.wrong, "wrong")) if some]
    return f"Refined by {', '.join(parts)}" if parts else ""


class ResultsBar(QFrame):
    """Speaks of the answer that is on show. What is chosen here is told; what it leads to is decided elsewhere."""

    order_chosen = Signal(object)
    """Order."""
    folding_chosen = Signal(bool)
    """Whether bursts are folded."""
    clear_asked = Signal()
    """The marks are to be forgotten."""

    def __init__(self, theme: Theme) -> None:
        super().__init__()
        self.setObjectName("results")
        self._theme = theme
        self.summary, self.aside, self.refined = QLabel(), QLabel(), QLabel()
        self.summary.setAccessibleDescription("What was found")
        for label in (self.summary, self.aside, self.refined):
            label.setTextFormat(Qt.TextFormat.PlainText)
        self.aside.setObjectName("quiet")
        self.aside.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Preferred)
        self.clear = PressButton("Clear")
        self.clear.setProperty("link", "true")
        self.clear.setToolTip("Forget which were right and wrong")
        self.clear.setAccessibleName("Forget which were right and wrong")
        self.sort = QToolButton()
        self.sort.setToolButtonStyle(Qt.ToolButtonStyle.ToolButtonTextBesideIcon)
        self.sort.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.sort.setToolTip("How the photos are sorted")
        self.menu = QMenu(self.sort)
        self.orders: dict[Order, QAction] = {}
        self.fold = QAction("Fold &bursts into one", self.menu)
        self._fill_menu()
        self.sort.setMenu(self.menu)
        row = QHBoxLayout(self)
        row.setContentsMargins(20, 4, 16, 4)
        row.setSpacing(12)
        row.addWidget(self.summary)
        row.addWidget(self.aside, 1)
        row.addWidget(self.refined)
        row.addWidget(self.clear)
        row.addWidget(self.sort)
        self.clear.clicked.connect(self.clear_asked)
        theme.changed.connect(self._tint)
        self._fit()
        self._tint()
        self.show_marks(Marks())

    def _fill_menu(self) -> None:
        group = QActionGroup(self.menu)
        for order, words in WORDS.items():
            action = QAction(words, group)
            action.setCheckable(True)
            action.triggered.connect(lambda _checked=False, order=order: self.order_chosen.emit(order))
            self.menu.addAction(action)
            self.orders[order] = action
        self.menu.addSeparator()
        self.fold.setCheckable(True)
        self.fold.triggered.connect(self.folding_chosen)
        self.menu.addAction(self.fold)

    def say(self, summary: str, aside: str = "") -> None:
        """How many were found, and what else there is to say about that."""
        self.summary.setText(summary)
        self.aside.setText(aside)
        self.aside.setToolTip(aside)
        self._elide()

    def show_order(self, order: Order, *, ranked: bool, fold: bool) -> None:
        """The order that the photos are in. Without a question that ranks them there is no best match."""
        shown = Order.DATE if order == Order.MATCH and not ranked else order
        self.orders[Order.MATCH].setVisible(ranked)
        self.orders[shown].setChecked(True)
        self.fold.setChecked(fold)
        self.sort.setText(WORDS[shown])
        self.sort.setAccessibleName(f"Sorted: {WORDS[shown]}")

    def show_marks(self, marks: Marks) -> None:
        """How the answer was refined."""
        self.refined.setText(refined(marks))
        self.refined.setVisible(bool(marks))
        self.clear.setVisible(bool(marks))

    def resizeEvent(self, event: QResizeEvent) -> None:  # noqa: D102
        super().resizeEvent(event)
        self._elide()

    def _elide(self) -> None:
        """What does not fit into the line can be read by pointing at it."""
        said = self.aside.toolTip()
        self.aside.setText(self.aside.fontMetrics().elidedText(said, Qt.TextElideMode.ElideRight, self.aside.width()))

    def _fit(self) -> None:
        strong = QFont(self.font())
        strong.setWeight(QFont.Weight.DemiBold)
        self.summary.setFont(strong)

    def _tint(self) -> None:
        self.sort.setIcon(icon("sort", self._theme.colour("text"), 18))
        self.sort.setIconSize(QSize(18, 18))
