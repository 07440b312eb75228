"""Counts what the saved searches find, one after the other, off the GUI thread, and again when the photos change."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import date
from functools import partial
from typing import TYPE_CHECKING

from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs import Job, Jobs
from app.window.saved_model import Counted
from app.window.typed import is_listing
from core.errors import RetrouveError
from core.saved import Count, count
from core.types import SavedSearch

if TYPE_CHECKING:
    from core.library import Library

SOON = 800
"""Milliseconds until the first count after a change; more changes within them cost nothing."""
SHARE = 10
"""A round of counting is followed by a pause of so many times its own length: it takes a tenth of one core's time."""
_BUSY = 300
"""Milliseconds until the next look while somebody waits for an answer of their own."""
_DAY = 600_000
"""Milliseconds between two looks at the calendar: ``date:yesterday`` means other photos tomorrow."""


class Counting(QObject):
    """Counts while it is ``active`` (the panel is shown), and never while a question of the person's is under way."""

    counted = Signal(int, object)
    """Id of a saved search, and what is known of it now: Counted."""

    def __init__(self, lane: Jobs, is_busy: Callable[[], bool], parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lane, self._is_busy = lane, is_busy
        self._job: Job | None = None
        """The count that is under way, until its result was told."""
        self._library: Library | None = None
        self._searches: Sequence[SavedSearch] = ()
        self._left: list[SavedSearch] = []
        self._active = self._ready = self._stale = False
        self._begun = self._spent = 0.0
        self._today = date.today()
        self._pause = QTimer(self, singleShot=True)
        self._pause.timeout.connect(self._next)
        self._calendar = QTimer(self, interval=_DAY)
        self._calendar.timeout.connect(self._look_at_calendar)

    def use(self, library: Library) -> None:
        """Count in this library from now on."""
        self._library = library
        self._calendar.start()
        self.renew()

    def show(self, searches: Sequence[SavedSearch]) -> None:
        """These are the saved searches now. Those that are new, or ask for something else, are counted at once."""
        known = {search.id: search.query for search in self._searches}
        fresh = [search for search in searches if known.get(search.id) != search.query]
        there = {search.id: search for search in searches}
        self._searches = list(searches)
        waiting = [there[search.id] for search in self._left if search.id in there and search not in fresh]
        self._left = [*fresh, *waiting]
        if fresh and self._job is None:
            self._pause.start(0)

    def set_active(self, active: bool) -> None:
        """Count, or leave it: nobody sees the numbers. What changed meanwhile is counted afterwards."""
        self._active = active
        if active and self._job is None and (self._left or self._stale):
            self._pause.start(0)

    def set_ready(self) -> None:
        """The model answers now: what has words in it can be counted."""
        if not self._ready:
            self._ready = True
            self.renew()

    def renew(self) -> None:
        """The photos have changed: count all of them again, soon."""
        self._stale = True
        if not self._pause.isActive() and self._job is None:
            self._pause.start(max(SOON, int(self._spent * SHARE * 1000)))

    def stop(self) -> None:
        """The window closes."""
        self._library = None
        if self._job is not None:
            self._job.cancel()
        self._pause.stop()
        self._calendar.stop()

    def _next(self) -> None:
        """Count one, and then the next."""
        if self._library is None or not self._active or self._job is not None:
            return
        if self._is_busy():
            self._pause.start(_BUSY)
            return
        if not self._left and self._stale:
            self._left, self._stale, self._spent = list(self._searches), False, 0.0
        while self._left:
            search = self._left.pop(0)
            if self._ready or is_listing(search.query):
                self._begun = time.monotonic()
                work = partial(count, self._library, search.query, worker=True)
                counted, failed = partial(self._on_counted, search), partial(self._on_not_counted, search)
                self._job = self._lane.submit(work, counted, failed)
                return

    def _on_counted(self, search: SavedSearch, found: Count) -> None:
        self._tell(search, Counted(search.query, found))

    def _on_not_counted(self, search: SavedSearch, error: RetrouveError) -> None:
        """A photo that it compares with is gone, say: told where the number would be, and no fault of the window."""
        self._tell(search, Counted(search.query, why=str(error)))

    def _tell(self, search: SavedSearch, counted: Counted) -> None:
        self._job = None
        self._spent += time.monotonic() - self._begun
        self.counted.emit(search.id, counted)
        if self._left:
            self._next()
        elif self._stale:
            self.renew()

    def _look_at_calendar(self) -> None:
        if date.today() != self._today:
            self._today = date.today()
            self.renew()
