"""Turns what the field asks into what the grid shows; old answers never overtake new ones."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PySide6.QtCore import QObject, QTimer, Signal

from app.jobs import Lanes, Latest
from app.window.grouping import NO_GROUPS, Groups, group
from app.window.typed import is_listing
from core.errors import RetrouveError
from core.types import Hit, Marks, Order, SearchResult

if TYPE_CHECKING:
    from core.library import Library

TOPS = (300, 2_000, 10_000)
"""Hits that a query asks for: more where all of them are good matches. The last is the most that one search gives."""
MANY = 20_000
"""Photos of a list from which it is shown before it is known what they are grouped by: that takes a while."""
RARELY = 3_000
"""Milliseconds between two renewals of a list of all photos, or of those that pass a filter: people look at it."""

WEAK = 60
"""Weak matches that are kept below the strong ones, at the most."""
LEAST = 12
"""Photos kept when few or none match well: the nearest may be what was meant."""
HOPELESS = 0.05
"""Probability of a match below which the order says nothing any more."""

NO_MARKS = Marks()


@dataclass(frozen=True, slots=True)
class Asked:
    """A query: words, a photo, both, or nothing (all photos, newest first).

    ``order`` sorts the answer, ``marks`` are answers to the same words that were right or wrong, and with ``fold``
    bursts are looked for.
    """

    text: str = ""
    like: Path | None = None
    order: Order = Order.MATCH
    marks: Marks = NO_MARKS
    fold: bool = True

    def __bool__(self) -> bool:
        return bool(self.text) or self.like is not None


@dataclass(frozen=True, slots=True)
class Found:
    """The answer: hits for a query; ids int64[n] alone, the newest first, when nothing was asked but filters.

    ``again``: the same query as before, asked because the photos have changed.
    """

    asked: Asked
    ids: NDArray[np.int64]
    hits: tuple[Hit, ...]
    seconds: float
    again: bool = False
    total: int = 0
    """Photos that the query ranked, or that pass its filters."""
    strong: int = 0
    """The first hits, above the line."""
    groups: Groups = NO_GROUPS
    partial: bool = False
    """Whether the groups of these photos are still on their way: another Found follows."""

    @property
    def ranked(self) -> bool:
        """Whether something was compared; else all photos are certain, and come by date."""
        return any(hit.score != 0 or hit.match != 1 for hit in self.hits)


class Searching(QObject):
    """Asks the library off the GUI thread, the newest query alone."""

    started = Signal(object)
    """Asked: a new query is under way."""
    found = Signal(object)
    """Found."""
    failed = Signal(object, object)
    """Asked and the RetrouveError."""

    def __init__(self, lanes: Lanes, parent: QObject | None = None) -> None:
        super().__init__(parent)
        self._lanes, self._latest = lanes, Latest()
        self._library: Library | None = None
        self._asked = Asked()
        self._stale = False
        self._again = QTimer(self, singleShot=True)
        self._again.timeout.connect(self._ask_again)
        self._cost = 0.0
        self._listed: float | None = None
        """When the list of photos on show was answered (``time.monotonic``); None when it is none, or is empty."""

    @property
    def asked(self) -> Asked:
        """The newest query."""
        return self._asked

    @property
    def waiting(self) -> bool:
        """Whether an answer is still on its way."""
        return self._latest.waiting

    def use(self, library: Library) -> None:
        """Ask this library from now on, beginning with what was asked before it was open."""
        self._library = library
        self.ask(self._asked)

    def ask(self, asked: Asked) -> None:
        """Ask; an answer to anything asked before is dropped."""
        # Other marks refine the answer that is on show: it is renewed where somebody looks at it.
        refined = bool(asked) and asked != self._asked and replace(asked, marks=self._asked.marks) == self._asked
        self._asked = asked
        self._again.stop()
        self._stale = False
        if self._library is not None:
            self.started.emit(asked)
            self._run(again=refined)

    def refresh(self) -> None:
        """The photos have changed: ask the same again soon, at most about a fifth of the time spent on it.

        A list of photos is renewed less often than the answer to a question.
        """
        self._stale = True
        if not self._again.isActive() and self._library is not None:
            wait = max(700.0, min(15_000, self._cost * 5_000))
            if self._listed is not None:
                wait = max(wait, RARELY - (time.monotonic() - self._listed) * 1000)
            self._again.start(int(wait))

    def _ask_again(self) -> None:
        if self._stale and self._library is not None:
            if self._latest.waiting:
                self._again.start(300)
                return
            self._stale = False
            self._run(again=True)

    def _run(self, *, again: bool) -> None:
        lane = self._lanes.search if self._asked else self._lanes.general
        work = partial(answer, self._library, self._asked, again)
        self._latest.run(lane, work, self._on_found, partial(self._on_failed, self._asked))

    def _on_found(self, found: Found) -> None:
        self._cost = found.seconds
        self._listed = None if found.hits or not len(found.ids) else time.monotonic()
        self.found.emit(found)
        if found.partial and self._library is not None and not self._latest.waiting:
            work = partial(grouped, self._library, replace(found, again=True))
            self._latest.run(self._lanes.general, work, self._on_found, partial(self._on_failed, found.asked))

    def _on_failed(self, asked: Asked, error: RetrouveError) -> None:
        self.failed.emit(asked, error)


def answer(library: Library, asked: Asked, again: bool) -> Found:
    """Ask the library; runs in a worker thread."""
    begun = time.perf_counter()
    if asked.like is None and is_listing(asked.text):
        ids = library.browse(asked.text, asked.order)
        found = Found(asked, ids, (), time.perf_counter() - begun, again, len(ids), partial=True)
        return found if len(ids) > MANY and not again else grouped(library, found)
    result = _ask(library, asked, TOPS[0])
    for top in TOPS[1:]:
        # As long as every photo is a good match, there may be more of them. The sentence is encoded only once.
        if len(result.hits) >= result.total or result.strong < len(result.hits):
            break
        result = _ask(library, asked, top)
    hits = kept_hits(result.hits, result.strong)
    ids = np.fromiter((hit.photo_id for hit in hits), np.int64, len(hits))
    found = Found(asked, ids, hits, time.perf_counter() - begun, again, result.total, result.strong)
    return grouped(library, found)


def grouped(library: Library, found: Found) -> Found:
    """The same answer with its groups; runs in a worker thread. What was shown without them is renewed."""
    begun, asked = time.perf_counter(), found.asked
    # What nothing was compared for comes by date.
    order = Order.DATE if asked.order == Order.MATCH and not found.ranked else asked.order
    strong = found.strong if found.hits else len(found.ids)
    groups = group(library.grouping, found.ids, strong, order, fold=asked.fold)
    seconds = found.seconds + time.perf_counter() - begun
    return replace(found, groups=groups, seconds=seconds, partial=False)


def kept_hits(hits: Sequence[Hit], strong: int) -> tuple[Hit, ...]:
    """All strong hits and the likeliest of the weak ones, in the order that they have."""
    hopeful = sum(hit.match >= HOPELESS for hit in hits[strong:])
    most = max(LEAST - strong, min(WEAK, hopeful))
    likeliest = sorted(range(strong, len(hits)), key=lambda place: -hits[place].match)[:most]
    return (*hits[:strong], *(hits[place] for place in sorted(likeliest)))


def _ask(library: Library, asked: Asked, top: int) -> SearchResult:
    plain = asked.order == Order.MATCH and not asked.marks
    if asked.like is not None and not asked.text and plain:
        return library.similar(asked.like, top, worker=True)
    return library.search(asked.text, top, asked.like, worker=True, order=asked.order, marks=asked.marks)
