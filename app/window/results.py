"""What a person makes of an answer: its order, what is right and wrong in it, what of it is open."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from PySide6.QtCore import QObject, QTimer, Signal

from app.window import headings
from app.window.favourites import Favourites
from app.window.main_window import MainWindow
from app.window.message_page import Button
from app.window.messages import Messages
from app.window.photo_keys import PhotoKeys
from app.window.searching import Asked, Found
from app.window.session import Session
from app.window.thumbnails import Thumbnails
from app.window.typed import is_listing
from core.search.grammar import Like, Part, only_filters, parse
from core.types import Marks, Order

MOST_MARKS = 100
"""Photos that can be marked for one question, at the most."""
PAUSE = 400
"""Milliseconds after a mark before the question is asked again: several are made one after another."""


class Results(QObject):
    """Adds to the words that are asked what was chosen about their answer, and shows the answer so."""

    changed = Signal()
    """The same words have to be asked again, in another way."""

    def __init__(
        self,
        window: MainWindow,
        session: Session,
        thumbnails: Thumbnails,
        messages: Messages,
        is_busy: Callable[[], bool],
    ) -> None:
        super().__init__(window)
        self._window, self._messages, self._is_busy = window, messages, is_busy
        self._settings, self._bar = window.settings, window.results_bar
        self._favourites = Favourites(window, session, thumbnails)
        self._keys = PhotoKeys(window.grid, window.model)
        self._found: Found | None = None
        self._marks = Marks()
        self._words: tuple[str, Path | None] = ("", None)
        self._soft: tuple[tuple[str, ...], Path | None] = ((), None)
        self._of_list = True
        self._said = ""
        self._soon = QTimer(self, singleShot=True, interval=PAUSE)
        self._soon.timeout.connect(self.changed)
        self._bar.order_chosen.connect(self._on_order_chosen)
        self._bar.folding_chosen.connect(self._on_folding_chosen)
        self._bar.clear_asked.connect(self.clear_marks)
        self._keys.marked.connect(self.mark)
        self._keys.favourite_asked.connect(self._favourites.toggle)
        self._keys.tag_asked.connect(lambda: window.commands.tag.trigger())
        self._keys.stack_asked.connect(self._on_stack_asked)
        window.viewer.favourite_asked.connect(self._favourites.toggle)
        window.viewer.part_asked.connect(self._on_part_asked)
        window.grid.button.clicked.connect(self._on_weak_asked)

    def commands(self) -> dict[str, Callable[[], object]]:
        """What the window's actions do about photos."""
        return {
            "favourite": self._favourites.toggle,
            "right": lambda: self.mark(True),
            "wrong": lambda: self.mark(False),
        }

    def asked(self, text: str, like: Path | None) -> Asked:
        """The question, in the order that was chosen for such ones. Marks are of one question, whatever filters it."""
        soft = tuple(str(term) for term in parse(text).terms if not only_filters(term)), like
        if soft != self._soft:
            self._soft, self._marks = soft, Marks()
        if (text, like) != self._words:
            self._words = (text, like)
            self._window.folding.fold_all()
        self._of_list = like is None and is_listing(text)
        order = self._settings.order(of_list=self._of_list)
        self._soon.stop()
        return Asked(text, like, order, self._marks, self._settings.bursts)

    @property
    def order(self) -> Order:
        """The order of what is asked now."""
        return self._settings.order(of_list=self._of_list)

    def choose_order(self, order: Order, *, of_list: bool) -> None:
        """Keep an order: for the answers to questions, or for lists of photos. What is asked next comes in it."""
        self._settings.keep_order(order, of_list=of_list)

    def show(self, found: Found) -> None:
        """Show an answer that has photos: in the grid, or in words where none of them is above the line."""
        self._found = found
        self._bar.say(*headings.summary(found))
        self._bar.show_order(found.asked.order, ranked=found.ranked, fold=self._settings.bursts)
        self._show_marks()
        self._keys.can_mark = found.ranked
        for action in (self._window.commands.right, self._window.commands.wrong):
            action.setVisible(found.ranked)
        unclear = self._is_unclear(found)
        self._window.show_found(found, in_front=not unclear)
        if unclear:
            self._say_unclear(found)

    def show_again(self) -> None:
        """Bring what was shown last to the front, if something else took its place."""
        if self._found is None:
            return
        if self._is_unclear(self._found):
            self._say_unclear(self._found)
        else:
            self._window.pages.setCurrentWidget(self._window.grid)

    def mark(self, right: bool) -> None:
        """Say that the photos that are meant are right, or wrong; saying it once more takes it back."""
        ids = self._window.actions.ids()
        if not ids or self._found is None or not self._found.ranked:
            return
        mine, others = self._marks.right, self._marks.wrong
        if not right:
            mine, others = others, mine
        if set(ids) <= set(mine):
            mine = tuple(photo_id for photo_id in mine if photo_id not in ids)
        else:
            mine = tuple(dict.fromkeys((*mine, *ids)))
            others = tuple(photo_id for photo_id in others if photo_id not in ids)
        if len(mine) + len(others) > MOST_MARKS:
            self._window.banner.say(f"{MOST_MARKS} photos at the most can be marked for a question.", topic="action")
            return
        self._marks = Marks(mine, others) if right else Marks(others, mine)
        self._show_marks()
        self._soon.start()

    def clear_marks(self) -> None:
        """Forget which were right and wrong: the answer is as it was."""
        self._marks = Marks()
        self._show_marks()
        self._window.grid.setFocus()
        self.changed.emit()

    def _show_marks(self) -> None:
        self._bar.show_marks(self._marks)
        self._window.model.set_marks(self._marks)

    def _is_unclear(self, found: Found) -> bool:
        return bool(found.hits) and not found.strong and not self._window.folding.weak

    def _say_unclear(self, found: Found) -> None:
        sentence, aside = headings.unclear(found), headings.summary(found)[1]
        words, busy = headings.weak_words(found), self._is_busy()
        offers: list[Button] = [(words, self._on_weak_asked)]
        if found.asked.marks:
            offers.append(("Forget right and wrong", self.clear_marks))
        window, said = self._window, f"{sentence}{words}{busy}{len(offers)}"
        # Once: a renewal must not take the button away from under the mouse.
        if self._said != said or window.pages.currentWidget() is not window.message:
            self._said = said
            self._messages.nothing_clear(sentence, aside, offers, by_words=not headings.likes(found), busy=busy)
        window.pages.setCurrentWidget(window.message)

    def _on_weak_asked(self) -> None:
        """Show what is less likely, or fold it again."""
        found, window = self._found, self._window
        if found is None:
            return
        window.folding.weak = not window.folding.weak
        if self._is_unclear(found):
            self._said = ""
            self._say_unclear(found)
            window.message.buttons()[0].setFocus()
            return
        window.lay_anew(found)
        if window.folding.weak:
            window.grid.setFocus()
            window.grid.go_to_row(window.grid.sections()[-1].start)

    def _on_stack_asked(self, row: int) -> None:
        """Open the burst at a row, or fold it."""
        model, window = self._window.model, self._window
        stack = model.stack(row)
        if stack is None or self._found is None:
            return
        while not stack.first and row > 0:
            row -= 1
            stack = model.stack(row) or stack
        top = model.photo_id(row)
        window.folding.bursts.symmetric_difference_update({top})
        window.grid.make_current(row)
        window.lay_anew(self._found)

    def _on_order_chosen(self, order: Order) -> None:
        self.choose_order(order, of_list=self._of_list)
        self.changed.emit()

    def _on_folding_chosen(self, folded: bool) -> None:
        self._settings.keep_bursts(folded)
        self._window.folding.bursts.clear()
        self.changed.emit()

    def _on_part_asked(self, path: Path, part: Part) -> None:
        if self._window.in_viewer():
            self._window.leave_viewer()
        self._window.search.put_instead(str(Like(str(path), part)))
