"""Reviewing: which suggestions wait for a decision, and in which order they are best looked at."""

from __future__ import annotations

import sqlite3
from typing import TYPE_CHECKING, Literal

from core.catalog import decisions_rows, tag_lists
from core.errors import CallError
from core.tagging.decisions import decide
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
        with self._library.catalog.read() as db:
            db.execute("BEGIN")
            list_id = None if list_name is None else tag_lists.list_id(db, list_name)
            if list_name is not None and list_id is None:
                raise CallError(f"There is no label list “{list_name}”.")
            waiting = tag_lists.waiting(db, list_id)
            decided = decisions_rows.counts(db)
        return [Queue(label_id, name, photos, decided.get(label_id, 0)) for label_id, name, photos in waiting]

    def photos(self, label_id: int, order: Sequencing = "surest", top: int = 5000) -> list[tuple[int, float]]:
        """(photo id, probability) of the photos that a label is suggested for; of copies the first alone, since a
        decision is about all of them."""
        with self._library.catalog.read() as db:
            rows = tag_lists.suggested(db, label_id)
        seen: dict[int, tuple[int, float]] = {}
        for photo_id, content_id, score in rows:
            seen.setdefault(content_id, (photo_id, score))
        return list(seen.values())[:top]

    def accept_above(self, label_id: int, line: float) -> Step | None:
        """Accept a label on every photo that it is suggested for with this probability (0 to 1) or more, as one step.
        None where there is none. Raises `CallError` for a line that is no probability."""
        if not 0 <= line <= 1:
            raise CallError(f"{line:g} is no probability: the line lies between 0 and 1.")

        def work(db: sqlite3.Connection) -> Step | None:
            found = tag_lists.suggested(db, label_id, line)
            return decide(db, [(photo_id, label_id) for photo_id, _, _ in found], State.ACCEPTED, None)

        return self._library.catalog.write(work)
