"""Reviewing suggested tags: opens the page, walks from label to label, and says what there is left to do."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer

from app.jobs import Job
from app.window.grid_layout import Section
from app.window.main_window import MainWindow
from app.window.review_deciding import Deciding
from app.window.review_messages import ReviewMessages
from app.window.review_model import Verdict
from app.window.review_reading import Shown, can_move, counts, counts_and_lists, photos_of
from app.window.review_rules import Rules
from app.window.session import Session
from app.window.tagging import Tagging
from core.errors import RetrouveError
from core.tagging.types import Queue

if TYPE_CHECKING:
    from core.library import Library
    from core.tagging import Tagging as CoreTagging

MOST = 100_000
"""Photos of a label that are shown at once, surest first; when they are decided, the next ones come."""
ROUND = 24
"""Photos that are asked about before it is worked out anew which ones teach most."""
SOON = 400
"""Milliseconds after a decision until the numbers are asked of the library again: many are made one after another."""
_SLOW = 250
"""Milliseconds after which waiting is shown."""
_TURNS = {"next": 1, "before": -1}


class Review(QObject):
    """Lets the page, the library and the rest of the window play together. ``commands`` is what its actions do."""

    def __init__(self, window: MainWindow, session: Session, tagging: Tagging) -> None:
        super().__init__(window)
        self._window, self._session, self._tagging = window, session, tagging
        self._page, self._labels = window.review, window.review.labels_model
        self.rules = Rules(window, session, tagging)
        self._deciding = Deciding(self._page, tagging, self)
        self._messages = ReviewMessages(self._page, self.leave, lambda: window.commands.suggest.trigger())
        self._list: str | None = None
        self._label_id: int | None = None
        self._teaching = False
        self._places: dict[int, tuple[int, int]] = {}
        """For each label that was left: the photo that was current, and its row."""
        self._loading: list[Job | None] = []
        self._counting: Job | None = None
        self._soon = QTimer(self, singleShot=True, interval=SOON)
        self._soon.timeout.connect(self._renew)
        self._slow = QTimer(self, singleShot=True, interval=_SLOW)
        self._slow.timeout.connect(self._messages.looking)
        self._connect()

    def commands(self) -> dict[str, Callable[[], object]]:
        """What the window's actions do about reviewing."""
        return {"review": self.toggle, "rules": self.rules.open}

    def _connect(self) -> None:
        page, tagging, window = self._page, self._tagging, self._window
        page.asked.connect(self._on_asked)
        page.left.connect(self.leave)
        page.rules_asked.connect(self.rules.open)
        page.keys_asked.connect(lambda: window.commands.shortcuts.trigger())
        page.list_chosen.connect(self.open)
        page.labels.chosen.connect(self._on_label_chosen)
        page.labels.left.connect(self._to_photos)
        page.bar.walk_asked.connect(self.walk)
        page.bar.line_moved.connect(lambda _line: self._show_line(moved=True))
        page.bar.line_left.connect(self._to_photos)
        page.bar.accept_asked.connect(self._accept_above)
        page.bar.teaching_chosen.connect(self.teach)
        page.told.connect(lambda sentence: window.banner.say(sentence, topic="action", error=False))
        page.larger_asked.connect(self._on_larger_asked)
        page.larger.left.connect(self._to_photos)
        page.larger.walk_asked.connect(self._on_walk_asked)
        page.grid.typed.connect(lambda letter: window.commands.shortcuts.trigger() if letter == "?" else None)
        self._deciding.finished.connect(self._on_finished)
        self._deciding.counted.connect(self._show_counts)
        self._deciding.settled.connect(self._soon.start)
        self._deciding.settled.connect(self._ask_steps)
        self._deciding.elsewhere.connect(self._on_elsewhere)
        self._deciding.refused.connect(self._on_refused)
        tagging.review_asked.connect(self.open)
        tagging.review_label_asked.connect(partial(self.open, None))
        tagging.changed.connect(self._on_changed)
        tagging.progressed.connect(lambda progress: progress.learning or self._on_changed(None))
        tagging.ended.connect(lambda *_: self._on_changed(None))
        self._session.opened.connect(self._on_opened)
        self._session.changed_elsewhere.connect(lambda: self._on_changed(None))
        window.search.asked.connect(self.leave)
        window.side.review.clicked.connect(lambda: self.open(self._list))
        window.closing.connect(self._soon.stop)
        window.closing.connect(self._slow.stop)

    def _on_opened(self, library: Library) -> None:
        self._page.larger.use(library)
        self._page.allow(not library.read_only)
        self._window.commands.rules.setEnabled(not library.read_only)
        if self._window.in_review():
            self.open(self._list)

    # Opening and leaving

    def toggle(self) -> None:
        """Open the page, or leave it."""
        self.leave() if self._window.in_review() else self.open(self._list)

    def open(self, list_name: str | None = None, label_id: int | None = None) -> None:
        """Show the page, for the labels of one list or of all: at one label, or where one was before, if that still
        waits."""
        if self._tagging.library is None:
            return
        self._keep_place()
        if label_id is not None:
            self._label_id = label_id
        self._list = list_name
        self._window.banner.settle("tagging")
        self._window.set_reviewing(True)
        self._page.say("")
        self._labels.show([])
        self._hide_photos()
        self._page.show_nothing()
        self._slow.start()
        self._ask_steps()
        self._ask(partial(counts_and_lists, list_name), self._on_queues)

    def leave(self) -> None:
        """Back to the photos; the place is kept."""
        if self._window.in_review():
            self._keep_place()
            self._soon.stop()
            self._slow.stop()
            self._page.larger.close_photo()
            self._window.set_reviewing(False)

    def _on_queues(self, found: tuple[Sequence[Queue], Sequence[str]]) -> None:
        self._slow.stop()
        queues, names = found
        self._page.show_lists(names, self._list)
        self._labels.show(queues)
        row = None if self._label_id is None else self._labels.row_of(self._label_id)
        queue = None if row is None else self._labels.queue(row)
        if queue is None or not queue.waiting:
            row = self._labels.next_waiting(-1)
        if row is None:
            self._say_nothing_left()
        else:
            self._page.grid.setFocus()
            self.show_label(row)

    def _say_nothing_left(self) -> None:
        self._hide_photos()
        if self._tagging.running is not None:
            self._messages.looking()
        else:
            self._messages.nothing_waits(self._labels.decided, can_suggest=self._tagging.can_change)

    # Labels

    def show_label(self, row: int, also: Sequence[int] = ()) -> None:
        """Show the photos of the label in a row; ``also`` are photos of it that are to be among them."""
        queue = self._labels.queue(row)
        if queue is None:
            return
        self._keep_place()
        self._hide_photos()
        self._label_id = queue.label_id
        self._page.labels.go_to(row)
        self._page.bar.show_label(queue)
        self._show_line()
        self._page.show_photos()
        top = ROUND if self._teaching else MOST
        order = "teaching" if self._teaching else "surest"
        self._ask(partial(photos_of, queue.label_id, order, top, tuple(also)), partial(self._on_photos, tuple(also)))

    def walk(self, steps: int) -> None:
        """To the next label with something that waits, or the one before."""
        row = -1 if self._label_id is None else self._labels.row_of(self._label_id)
        other = self._labels.next_waiting(-1 if row is None else row, steps)
        if other is None:
            self._say_nothing_left()
            return
        self.show_label(other)
        self._page.grid.setFocus()

    def teach(self, on: bool) -> None:
        """Ask about the photos that teach most first, or about the surest."""
        self._teaching = on
        self._places.clear()
        row = None if self._label_id is None else self._labels.row_of(self._label_id)
        if row is not None:
            self._label_id = None
            self.show_label(row)
            self._page.grid.setFocus()

    def _on_label_chosen(self, row: int) -> None:
        queue = self._labels.queue(row)
        if queue is not None and queue.label_id != self._label_id:
            self.show_label(row)

    def _on_photos(self, also: Sequence[int], shown: Shown) -> None:
        if shown.label_id != self._label_id:
            return
        page, model = self._page, self._page.model
        self._deciding.label_id = shown.label_id
        model.show_suggestions(shown.ids, shown.scores, shown.verdicts)
        self._show_line()
        row = self._place(shown, also)
        if row is None:
            self._on_finished(loaded=True)
            return
        page.show_photos()
        page.grid.go_to_row(row)
        if page.isVisible() and not page.labels.hasFocus():
            page.grid.setFocus()

    def _place(self, shown: Shown, also: Sequence[int]) -> int | None:
        """The row to begin at: a photo that came back, the one where it was left, or the first that waits."""
        model = self._page.model
        came_back = model.rows_of(np.array(also, np.int64))
        if len(came_back):
            return int(came_back[0])
        photo_id, row = self._places.get(shown.label_id, (-1, 0))
        found = model.row_of(photo_id)
        return model.next_waiting((row if found is None else found) - 1)

    def _keep_place(self) -> None:
        current = self._page.grid.currentIndex()
        if self._label_id is not None and current.isValid() and self._deciding.label_id == self._label_id:
            self._places[self._label_id] = (self._page.model.photo_id(current.row()), current.row())

    def _hide_photos(self) -> None:
        """No photo is shown, so that no key can mean one under another label."""
        none = np.zeros(0)
        self._deciding.label_id = None
        self._page.model.show_suggestions(none.astype(np.int64), none, none.astype(np.int8))

    # Deciding

    def _on_asked(self, name: str) -> None:
        if name in ("accept", "reject"):
            self._deciding.decide(Verdict.ACCEPTED if name == "accept" else Verdict.REJECTED)
        elif name == "above":
            self._accept_above()
        elif name == "undo":
            self._deciding.undo()
        elif name == "redo":
            self._deciding.redo()
        elif name == "teach":
            self.teach(not self._teaching)
        elif name == "line":
            if not self._teaching and self._page.shows_photos():
                self._to_photos()
                self._page.bar.slider.setFocus()
        else:
            self.walk(_TURNS[name])

    def _accept_above(self) -> None:
        if not self._teaching and self._page.shows_photos():
            self._deciding.accept_above(self._page.bar.line)
            if self._page.shows_photos():
                self._to_photos()

    def _on_finished(self, *, loaded: bool = False) -> None:
        """Nothing of what was shown waits. ``loaded``: nor does anything else of this label."""
        row = None if self._label_id is None else self._labels.row_of(self._label_id)
        queue = None if row is None else self._labels.queue(row)
        if row is None or queue is None:
            self._say_nothing_left()
            return
        if queue.waiting and not loaded:
            self.show_label(row)
            return
        following = self._labels.next_waiting(row)
        other = None if following in (None, row) else self._labels.queue(following or 0)
        if other is None:
            self._say_nothing_left()
            return
        model = self._page.model
        accepted, rejected = model.count(Verdict.ACCEPTED), model.count(Verdict.REJECTED)
        self._messages.label_done(queue, other, accepted, rejected, partial(self.walk, 1), self._deciding.undo)

    def _on_elsewhere(self, label_id: int, photos: NDArray[np.int64]) -> None:
        """A step on another label was undone or done again: go there, once its numbers are known."""

        def show(queues: Sequence[Queue]) -> None:
            self._labels.renew(queues)
            row = self._labels.row_of(label_id)
            if row is not None:
                self._label_id = None
                self.show_label(row, photos[:ROUND].tolist())
            else:
                self._page.say(self._page.said.text(), aside=True)

        if self._window.in_review():
            self._ask(partial(counts, self._list), show)

    def _on_refused(self, error: RetrouveError) -> None:
        """What is on the screen did not come to pass: show what is."""
        self._window.banner.say(str(error), topic="action")
        if self._window.in_review():
            self.open(self._list)

    # What is shown

    def _show_counts(self) -> None:
        row = None if self._label_id is None else self._labels.row_of(self._label_id)
        queue = None if row is None else self._labels.queue(row)
        if queue is not None:
            self._page.bar.show_label(queue)
        self._show_line()

    def _show_line(self, *, moved: bool = False) -> None:
        """The line in the grid: what is above it can be accepted with one key."""
        page, model = self._page, self._page.model
        line, count = page.bar.line, model.rowCount()
        more = count == MOST and bool(model.scores[-1] >= line)
        page.bar.show_line(len(model.waiting_above(line)), teaching=self._teaching, at_least=more)
        if self._teaching:
            sections = (Section(0, count, "These teach most", "when they are decided, the next ones come"),)
        else:
            above = int(np.count_nonzero(model.scores >= line))
            least = f"At least {round(line * 100)}% sure"
            sections = (
                Section(0, above, least, f"{above:,}"),
                Section(above, count - above, "Less sure", f"{count - above:,}", ruled=above > 0),
            )
        if sections != page.grid.sections():
            page.set_sections(sections)
            if moved and count:
                row = max(0, sections[0].count - 1)
                page.grid.scrollTo(model.index(row), page.grid.ScrollHint.PositionAtCenter)

    def _to_photos(self) -> None:
        """The keys act on the photos."""
        page = self._page
        if not page.shows_photos():
            (page.message.buttons() or [page.back])[0].setFocus()
            return
        page.show_photos()
        page.grid.setFocus()
        if page.grid.currentIndex().isValid():
            page.grid.scrollTo(page.grid.currentIndex())

    def _on_larger_asked(self, row: int) -> None:
        place = None if self._deciding.label_id is None else self._labels.row_of(self._deciding.label_id)
        queue = None if place is None else self._labels.queue(place)
        if queue is not None:
            self._page.grid.go_to_row(row)
            self._page.show_larger(row, queue.label)

    def _on_walk_asked(self, steps: int) -> None:
        page = self._page
        row = max(0, min(page.model.rowCount() - 1, page.grid.currentIndex().row() + steps))
        page.grid.go_to_row(row)
        page.larger.show_row(row)

    # The library

    def _ask(self, work: Callable[[CoreTagging], object], done: Callable[[object], None]) -> None:
        """Ask after everything that was decided before; what else was asked for is not wanted any more."""
        for job in self._loading:
            if job is not None:
                job.cancel()
        self._loading = [self._tagging.ask(work, done, self._on_not_told, self._session.lanes.tagging)]

    def _on_not_told(self, error: RetrouveError) -> None:
        """The list may be gone: the next time all labels are shown."""
        self._slow.stop()
        self._list = None
        self._window.banner.say(str(error), topic="action")
        self._say_nothing_left()

    def _ask_steps(self) -> None:
        """Whether there is anything to undo or to do again."""
        self._tagging.ask(can_move, self._on_steps, lane=self._session.lanes.tagging)

    def _on_steps(self, found: tuple[bool, bool]) -> None:
        self._page.allow_steps(back=found[0], forth=found[1])

    def _on_changed(self, _photos: object) -> None:
        if self._window.in_review() and not self._soon.isActive():
            self._soon.start()

    def _renew(self) -> None:
        """Ask for the numbers; as long as something is on its way to the library they are not yet true."""
        if not self._window.in_review() or self._deciding.busy:
            return
        self._ask_steps()
        if self._counting is not None:
            self._counting.cancel()
        ask = partial(counts, self._list)
        self._counting = self._tagging.ask(ask, self._on_renewed, lane=self._session.lanes.tagging)

    def _on_renewed(self, queues: Sequence[Queue]) -> None:
        if self._deciding.busy or not self._window.in_review():
            return
        nothing = not self._labels.waiting
        self._labels.renew(queues)
        self._show_counts()
        if nothing and not self._page.shows_photos():
            row = self._labels.next_waiting(-1)
            if row is None:
                self._say_nothing_left()
            else:
                self.show_label(row)
