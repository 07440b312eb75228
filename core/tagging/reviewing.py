"""Reviewing: which suggestions wait for a decision, and in which order they are best looked at."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from core.catalog import decisions_rows, label_lists, tag_lists
from core.errors import CallError
from core.tagging.decisions import decide
from core.tagging.teaching import teaching_order
from core.tagging.types import Queue, State, Step

if TYPE_CHECKING:
    from core.library import Library

Sequencing = Literal["surest", "teaching"]


class Reviewing:
    """The queues of a library. May be called from any thread."""

    def __init__(self, library: Library) -> None:
        self._library = library

    def queues(self, list_name: str | None = None) -> list[Queue]:
        """The labels with suggestions that wait, the most first; with a list, those of its labels alone.

        ``waiting`` counts photos, ``decided`` the contents that were decided on, those of photos that are gone too.
        Raises `CallError` for a list that is not there.
        """
        list_id = None
        if list_name is not None:
            lists = self._library.tagging.lists
            list_id = (lists.find(list_name) or lists.get(list_name)).id
            if list_id is None:  # a ready list that was never used
                return []
        with self._library.catalog.read() as db:
            db.execute("BEGIN")
            waiting = tag_lists.waiting(db, list_id)
            decided = decisions_rows.counts(db)
        return [Queue(label_id, name, photos, decided.get(label_id, 0)) for label_id, name, photos in waiting]

    def photos(self, label_id: int, order: Sequencing = "surest", top: int = 5000) -> list[tuple[int, float]]:
        """(photo id, probability) of the photos that a label is suggested for; of copies the first alone, since a
        decision is about all of them.

        ``surest`` goes by the probability with which each was suggested. ``teaching`` asks the model as it is now, with
        what it learned from decisions until now: what it is least sure of comes first (see `core.tagging.teaching`),
        and each has the probability of now. Raises what the model raises.
        """
        seen: dict[int, tuple[int, float]] = {}
        with self._library.catalog.read() as db:
            for photo_id, content_id, score in tag_lists.suggested(db, label_id):
                seen.setdefault(content_id, (photo_id, score))
                if order == "surest" and len(seen) >= top:
                    break
        if order == "teaching":
            return self._teaching(label_id, seen)[:top]
        return list(seen.values())[:top]

    def _teaching(self, label_id: int, found: dict[int, tuple[int, float]]) -> list[tuple[int, float]]:
        ids, vectors = self._library.store.exact().vectors(np.array(list(found), np.int64))
        mine = [found[int(content_id)] for content_id in ids]
        sure = self._sure(label_id, mine)
        known = np.isfinite(sure)
        order = np.flatnonzero(known)[teaching_order(sure[known], vectors[known])]
        asked = [(mine[place][0], float(sure[place])) for place in order]
        there = {photo_id for photo_id, _ in asked}
        return asked + [pair for pair in found.values() if pair[0] not in there]

    def _sure(self, label_id: int, mine: list[tuple[int, float]]) -> NDArray[np.float64]:
        """How likely a label is on photos by the model of now; in no list any more: as it was suggested."""
        with self._library.catalog.read() as db:
            labels = label_lists.first_with(db, label_id)
        if labels is None or not mine:
            return np.array([score for _, score in mine], np.float64)
        return self._library.tagging.suggester.probabilities(label_id, labels, [photo_id for photo_id, _ in mine])

    def accept_above(self, label_id: int, line: float) -> Step | None:
        """Accept a label on every photo that it is suggested for with this probability (0 to 1) or more, as one step.
        None where there is none. Raises `CallError` for a line that is no probability."""
        if not 0 <= line <= 1:
            raise CallError(f"{line:g} is no probability: the line lies between 0 and 1.")

        def work(db: sqlite3.Connection) -> Step | None:
            found = tag_lists.suggested(db, label_id, line)
            return decide(db, [(photo_id, label_id) for photo_id, _, _ in found], State.ACCEPTED, None)

        return self._library.catalog.write(work)
