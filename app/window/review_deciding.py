"""Deciding on the review page: at once on the screen, then one after the other in the library, and back again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, Signal

from app.window.review_model import VERDICTS, ReviewModel, Verdict
from app.window.review_page import ReviewPage
from app.window.tagging import Tagging
from app.window.words import count_of, isolated
from core.errors import RetrouveError
from core.tagging.types import Step

if TYPE_CHECKING:
    from core.tagging import Tagging as CoreTagging

Rows = NDArray[np.int64]
_MANY = 1000
"""Photos past which others are told that any photo may have changed, and not which."""


@dataclass(frozen=True, slots=True, eq=False)
class Moved:
    """A step that was made, undone or done again, and what became of its tags, where that is to be known.

    int64[n] of photos, which are sorted, int64[n] of their labels, int8[n] of verdicts: a step may have a hundred
    thousand. ``label_id`` is that of its first tag.
    """

    step: Step
    label_id: int | None
    photos: NDArray[np.int64]
    labels: NDArray[np.int64]
    verdicts: NDArray[np.int8]

    def of(self, label_id: int | None) -> tuple[NDArray[np.int64], NDArray[np.int8]]:
        """The photos of one label, sorted, and what became of them."""
        mine = self.labels == (-1 if label_id is None else label_id)
        return self.photos[mine], self.verdicts[mine]


class Deciding(QObject):
    """What the keys do to the photos of one label. A decision is on the screen before it is in the library."""

    finished = Signal()
    """Nothing of what is shown waits any more."""
    counted = Signal()
    """Other numbers of photos wait now."""
    settled = Signal()
    """Everything that was decided is in the library."""
    elsewhere = Signal(int, object)
    """A step was undone or done again on another label: its id, and the photos, int64[n]."""
    refused = Signal(object)
    """RetrouveError: something could not be kept, and the screen is ahead of the library."""

    def __init__(self, page: ReviewPage, tagging: Tagging, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._page, self._tagging = page, tagging
        self._model: ReviewModel = page.model
        self.label_id: int | None = None
        """The label whose photos are shown; None while they are on their way."""
        self._under_way = 0

    @property
    def busy(self) -> bool:
        """Whether something decided is not in the library yet."""
        return self._under_way > 0

    def decide(self, verdict: Verdict) -> None:
        """Accept or reject the photos that are selected, and go on to the next that waits."""
        if self.label_id is None or not self._page.shows_photos():
            return
        rows = self._meant()
        if not len(rows):
            return
        changed = rows[self._model.verdicts[rows] != verdict]
        if len(changed):
            self._count(-self._waiting(changed))
            self._model.decide(changed, verdict)
            self._write(changed, verdict)
        self._go_on(int(rows.max()))

    def accept_above(self, line: float) -> None:
        """Accept all that wait and are at least as sure as ``line``, as one step; also those that are not shown."""
        rows = self._model.waiting_above(line)
        label_id = self.label_id
        if label_id is None or not len(rows):
            return
        self._count(-len(rows))
        self._model.decide(rows, Verdict.ACCEPTED)
        photos = self._model.ids[rows]

        def work(core: CoreTagging) -> Moved | None:
            step = core.reviewing.accept_above(label_id, line)
            if step is None:
                return None
            return outcome(core, step) if step.tags > len(photos) else untold(step)

        self._page.say(f"Accepting {self._named()}on {count_of(len(rows), 'photo')}…")
        self._keep(work, photos)
        self._go_on(int(rows.max()))

    def undo(self) -> None:
        """Take back the last step, whichever label it was on."""
        self._move(back=True)

    def redo(self) -> None:
        """Do again what was taken back last."""
        self._move(back=False)

    # The rows

    def _meant(self) -> Rows:
        """The rows that are selected, from the top; the current one alone where it is shown larger.

        Where the one that is meant is out of sight it is brought into view first: nobody decides on what they do not
        see.
        """
        grid, none = self._page.grid, np.zeros(0, np.int64)
        current = grid.currentIndex()
        if self._page.in_larger():
            return np.array([current.row()]) if current.isValid() else none
        spans = [np.arange(span.top(), span.bottom() + 1) for span in grid.selectionModel().selection()]
        rows = np.unique(np.concatenate(spans)) if spans else none
        if not len(rows) and current.isValid():
            rows = np.array([current.row()])
        if len(rows) == 1 and not grid.visualRect(self._model.index(int(rows[0]))).intersects(grid.viewport().rect()):
            grid.go_to_row(int(rows[0]))
            return none
        return rows

    def _waiting(self, rows: Rows) -> int:
        return int(np.count_nonzero(self._model.verdicts[rows] == Verdict.WAITING))

    def _named(self) -> str:
        """The label that is decided on, in a sentence: ``“dog” ``."""
        model = self._page.labels_model
        row = None if self.label_id is None else model.row_of(self.label_id)
        queue = None if row is None else model.queue(row)
        return "" if queue is None else f"“{isolated(queue.label)}” "

    def _count(self, waiting: int) -> None:
        """So many more wait: the list says so before the library does."""
        if self.label_id is not None:
            self._page.labels_model.count(self.label_id, -waiting)

    def _go_on(self, row: int) -> None:
        after = self._model.next_waiting(row)
        self.counted.emit()
        if after is None:
            self.finished.emit()
            return
        self._page.grid.go_to_row(after)
        if self._page.in_larger():
            self._page.larger.show_row(after)

    # The library

    def _write(self, rows: Rows, verdict: Verdict) -> None:
        label_id, photos = self.label_id, self._model.ids[rows]
        assert label_id is not None

        def work(core: CoreTagging) -> Moved | None:
            pairs = [(photo_id, label_id) for photo_id in photos.tolist()]
            decide = core.decisions.accept if verdict is Verdict.ACCEPTED else core.decisions.reject
            step = decide(pairs)
            if step is None:
                return None
            # Copies of a photo are decided on with it, and may be shown here too.
            return outcome(core, step) if step.tags > len(pairs) else untold(step)

        did = "Accepted" if verdict is Verdict.ACCEPTED else "Rejected"
        # The label is named: it is the tag that is rejected, and the photo stays.
        self._page.say(f"{did} {self._named()}on {count_of(len(rows), 'photo')}. Ctrl+Z takes it back.")
        self._keep(work, photos)

    def _keep(self, work: Callable[[CoreTagging], Moved | None], photos: NDArray[np.int64]) -> None:
        label_id = self.label_id

        def done(what: Moved | None) -> None:
            self._under_way -= 1
            if what is not None:
                self._tell(what.step, photos.tolist() if len(photos) <= _MANY else None)
                if what.step.tags > 1:
                    self._page.say(f"{said(what.step)}. Ctrl+Z takes it back.")
                if len(what.photos) and label_id == self.label_id:
                    self._show_copies(what)
            if not self.busy:
                self.settled.emit()

        self._under_way += 1
        self._tagging.keep(work, done, self._on_refused)

    def _show_copies(self, what: Moved) -> None:
        """Photos that were decided on beside those that were meant."""
        photos, verdicts = what.of(self.label_id)
        rows = self._model.rows_of(photos)
        others = rows[self._model.verdicts[rows] == Verdict.WAITING]
        now = verdicts[np.searchsorted(photos, self._model.ids[others])]
        for verdict in (Verdict.ACCEPTED, Verdict.REJECTED):
            some = others[now == verdict]
            self._count(-len(some))
            self._model.decide(some, verdict)
        if len(others):
            self.counted.emit()
            if self._model.next_waiting(-1) is None:
                self.finished.emit()

    def _on_refused(self, error: RetrouveError) -> None:
        self._under_way -= 1
        self.refused.emit(error)

    def _tell(self, step: Step, photos: Sequence[int] | None) -> None:
        """Others show tags too."""
        self._tagging.changed.emit(None if photos is None else tuple(photos))
        self._tagging.decided.emit(step)

    # Back and forth

    def _move(self, *, back: bool) -> None:
        if self._tagging.library is None:
            return
        self._under_way += 1
        self._tagging.keep(lambda core: moved(core, back), lambda what: self._on_moved(what, back), self._on_refused)

    def _on_moved(self, what: Moved | None, back: bool) -> None:
        self._under_way -= 1
        if what is None:
            self._page.say("There is nothing to undo." if back else "There is nothing to do again.", aside=True)
            if not self.busy:
                self.settled.emit()
            return
        self._tell(what.step, what.photos.tolist() if len(what.photos) <= _MANY else None)
        self._page.say(f"{'Undone' if back else 'Done again'}: {isolated(what.step.said)}.")
        photos, verdicts = what.of(self.label_id)
        rows = self._model.rows_of(photos)
        if len(rows):
            self._show_moved(rows, verdicts[np.searchsorted(photos, self._model.ids[rows])], back)
        elif what.label_id is not None:
            self.elsewhere.emit(what.label_id, what.of(what.label_id)[0])
        if not self.busy:
            self.settled.emit()

    def _show_moved(self, rows: Rows, verdicts: NDArray[np.int8], back: bool) -> None:
        """Show what was taken back where it is, and go there; after what was done again, go on."""
        before = self._waiting(rows)
        for verdict in Verdict:
            self._model.decide(rows[verdicts == verdict], verdict)
        self._count(self._waiting(rows) - before)
        self.counted.emit()
        row = int(rows[0]) if back else self._model.next_waiting(int(rows[-1]))
        if row is None:
            self.finished.emit()
            return
        if not self._page.shows_photos():
            self._page.show_photos()
            self._page.grid.setFocus()
        self._page.grid.go_to_row(row)
        if back and 1 < len(rows) <= _MANY:
            self._page.grid.choose(self._model.ids[rows])
        if self._page.in_larger():
            self._page.larger.show_row(row)


def moved(core: CoreTagging, back: bool) -> Moved | None:
    """Undo a step, or do one again, and see what became of its tags. Runs in a worker thread."""
    step = core.decisions.undo() if back else core.decisions.redo()
    return None if step is None else outcome(core, step)


def outcome(core: CoreTagging, step: Step) -> Moved:
    """What the tags of a step are now, as far as their photos are still there. Runs in a worker thread."""
    found = core.decisions.outcome(step)
    photos, labels = (np.array([tag[place] for tag in found], np.int64) for place in (0, 1))
    verdicts = np.array([Verdict.WAITING if tag[2] is None else VERDICTS[tag[2]] for tag in found], np.int8)
    order = np.argsort(photos, kind="stable")
    return Moved(step, found[0][1] if found else None, photos[order], labels[order], verdicts[order])


def untold(step: Step) -> Moved:
    """A step that did just what was asked for."""
    none = np.zeros(0, np.int64)
    return Moved(step, None, none, none, none.astype(np.int8))


def said(step: Step) -> str:
    """What a step did, as a sentence begins: ``Accepted dog on 12 photos``."""
    return isolated(step.said[:1].upper() + step.said[1:])
