"""Shows how a query was understood, completes what is typed, and offers filters: the field, the library, and between
them the work off the GUI thread."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject

from app.jobs import Latest
from app.window.completing import Completing
from app.window.main_window import MainWindow
from app.window.pieces import Part, taken_out, understood, with_filter
from app.window.session import Session

if TYPE_CHECKING:
    from core.library import Library
    from core.search.completing import Completion
    from core.search.offering import Offer

_LONG = 2_000
"""Characters. A longer text (somebody pasted a page) is not taken apart in the GUI thread."""


class Understanding(QObject):
    """Connects the chips, the completion and the offers to the field; only the newest answer to each is shown."""

    def __init__(self, window: MainWindow, session: Session) -> None:
        super().__init__(window)
        self._field, self._lane = window.search, session.lanes.typing
        self._chips, self._offers = window.top.chips, window.top.offers
        self.completing = Completing(self._field, window.theme, window)
        self._library: Library | None = None
        self._reading, self._finding, self._offering = Latest(), Latest(), Latest()
        session.opened.connect(self._on_opened)
        self._field.edit.textChanged.connect(self._on_text_changed)
        self._field.asked.connect(self._on_asked)
        self._chips.edit_asked.connect(self._on_edit_asked)
        self._chips.removed.connect(self._on_removed)
        self._chips.left.connect(self._field.edit.setFocus)
        self._offers.left.connect(self._field.edit.setFocus)
        self._offers.chosen.connect(self._on_offer_chosen)
        self.completing.wanted.connect(self._on_completion_wanted)
        self.completing.dropped.connect(self._finding.drop)

    def _on_opened(self, library: Library) -> None:
        self._library = library
        self._on_asked()

    # Chips

    def _on_text_changed(self, text: str) -> None:
        if not text.strip():
            self._reading.drop()
            self._offering.drop()
            self._chips.clear()
            self._offers.clear()
            return
        if len(text) > _LONG:
            self._reading.run(self._lane, partial(understood, text), self._chips.show_parts)
            return
        self._reading.drop()
        typing = self._field.edit.hasFocus()
        self._chips.show_parts(understood(text), self._field.cursor if typing else None)

    def _on_edit_asked(self, part: Part) -> None:
        """Select its text; words that stand apart one after the other, at each click the next."""
        places = part.places
        selected = self._field.selection()
        following = (places.index(selected) + 1) % len(places) if selected in places else 0
        self._field.select(*places[following])

    def _on_removed(self, part: Part) -> None:
        self._field.put_text(taken_out(self._field.edit.text(), part))

    # Completion

    def _on_completion_wanted(self, text: str, cursor: int) -> None:
        if self._library is not None:
            work = partial(self._library.complete, text, cursor)
            self._finding.run(self._lane, work, partial(self._on_completed, text, cursor))

    def _on_completed(self, text: str, cursor: int, found: Sequence[Completion]) -> None:
        self.completing.answer(text, cursor, found)

    # Offers

    def _on_asked(self) -> None:
        """What is in the field is being searched for: what else could its words mean?"""
        text = self._field.edit.text()
        if self._library is not None and text.strip():
            work = partial(self._library.offers, text)
            self._offering.run(self._lane, work, partial(self._offers.show_offers, text))

    def _on_offer_chosen(self, text: str, offer: Offer) -> None:
        """Put the filter in the place of the words; not where they were typed over meanwhile."""
        if text == self._field.edit.text():
            self._field.put_text(with_filter(text, offer.text, offer.filter_text))
            self._field.edit.setFocus()
