"""Words that name something the library knows, offered as filters: a quiet line of buttons, never forced."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QKeyEvent
from PySide6.QtWidgets import QLabel, QWidget

from app.window.buttons import PressButton
from app.window.flow import Flow
from app.window.icons import icon
from app.window.theme import Theme
from app.window.words import count_of
from core.search.grammar import Camera, InFolder, Tag, TakenIn, TakenWhen, describe, parse

if TYPE_CHECKING:
    from core.search.offering import Offer

MOST = 6
"""Offers at the most: more would be no quiet line."""


class OfferButton(PressButton):
    """``+ Folder: Italy (312)``."""

    left = Signal()
    """Escape: back to the field."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setObjectName("offer")
        self._theme = theme
        self._offer: Offer | None = None
        self._name = ""
        self.setFocusPolicy(Qt.FocusPolicy.TabFocus)
        theme.changed.connect(self._tint)
        self._tint()

    @property
    def offer(self) -> Offer:
        """What it offers."""
        assert self._offer is not None
        return self._offer

    def show_offer(self, offer: Offer) -> None:
        """Offer this from now on."""
        self._offer = offer
        self._name = name_of(offer.filter_text)
        many = "words" if " " in offer.text else "word"
        instead = f"Search for {offer.filter_text} instead of the {many} “{offer.text}”"
        self.setToolTip(f"<p>{escape(instead)}</p>")
        self.setAccessibleName(f"{self._name}, {count_of(offer.count, 'photo')}")
        self.setAccessibleDescription(instead)

    def fit(self, room: int) -> None:
        """Say it all, or as much as there is room for: the count stays."""
        count = f" ({self.offer.count:,})"
        self._say(self._name + count)
        over = self.sizeHint().width() - room
        if over > 0:
            metrics = self.fontMetrics()
            left = metrics.horizontalAdvance(self._name) - over
            self._say(metrics.elidedText(self._name, Qt.TextElideMode.ElideRight, max(left, 1)) + count)

    def keyPressEvent(self, event: QKeyEvent) -> None:  # noqa: D102
        if event.key() == Qt.Key.Key_Escape:
            self.left.emit()
        else:
            super().keyPressEvent(event)

    def _say(self, words: str) -> None:
        self.setText(words.replace("&", "&&"))

    def _tint(self) -> None:
        size = self.fontMetrics().height() - 2
        self.setIcon(icon("plus", self._theme.colour("accent"), size))
        self.setIconSize(QSize(size, size))


class OfferLine(Flow):
    """The offers for a query. Empty, and of no height, without any."""

    chosen = Signal(str, object)
    """The query that the offer was made for, and the Offer."""
    left = Signal()
    """Back to the field."""

    def __init__(self, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._theme = theme
        self.text = ""
        """The query that the offers were made for."""
        self._label = QLabel("Filter by", self.widget())
        self._label.setObjectName("quiet")
        self._buttons: list[OfferButton] = []
        self.setAccessibleName("Filters that these words may mean")

    @property
    def buttons(self) -> list[OfferButton]:
        """The offers, in order."""
        return [item for item in self.items if isinstance(item, OfferButton)]

    def show_offers(self, text: str, offers: Sequence[Offer]) -> None:
        """Show the offers that were made for a query."""
        self.text = text
        shown = offers[:MOST]
        while len(self._buttons) < len(shown):
            self._buttons.append(self._new_button())
        for button, offer in zip(self._buttons, shown, strict=False):
            button.show_offer(offer)
        self.put([self._label, *self._buttons[: len(shown)]] if shown else [])

    def clear(self) -> None:
        """Nothing to offer."""
        self.show_offers("", ())

    def _new_button(self) -> OfferButton:
        button = OfferButton(self._theme, self.widget())
        button.clicked.connect(lambda: self.chosen.emit(self.text, button.offer))
        button.left.connect(self.left)
        button.left_upwards.connect(self.left)
        return button


def name_of(filter_text: str) -> str:
    """What a filter is called on its button: ``Folder: Italy``, ``Tag: cat``, ``July``."""
    match next(iter(parse(filter_text).terms), None):
        case InFolder(name):
            return f"Folder: {name}"
        case Tag(name):
            return f"Tag: {name}"
        case Camera(name):
            return f"Camera: {name}"
        case TakenIn() | TakenWhen() as taken:
            return describe(taken).removeprefix("taken ")
        case other:
            return filter_text if other is None else describe(other)
