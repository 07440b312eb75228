"""Writes what a run found: suggestions, and what it accepts by itself, as one step that can be undone."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import TYPE_CHECKING

from core.catalog import suggestions, tags
from core.catalog.tags import TagChange, TagRow
from core.tagging import steps
from core.tagging.types import Source, State

if TYPE_CHECKING:
    from core.library import Library

Pair = tuple[int, int, float]
"""A photo, a label, and how likely it is."""


class Accepting:
    """The writing side of one run. All that it accepts is one step, however many blocks it comes in."""

    def __init__(self, library: Library, list_name: str, list_id: int | None, above: float | None) -> None:
        self._library = library
        self._list_id = list_id
        self._said = f"accepted {{}} from “{list_name}” above {above:g}" if above is not None else ""
        self._step: int | None = None
        self._count = 0

    def write(
        self,
        new: Sequence[Pair],
        accepted: Sequence[Pair],
        gone: Sequence[tuple[int, int]],
        given: Sequence[Pair] = (),
        given_no_more: Sequence[tuple[int, int]] = (),
    ) -> None:
        """Put suggestions in, accept, and withdraw, in one transaction; keep what the list itself gives of them."""
        if not (new or accepted or gone or given or given_no_more):
            return

        def work(db: sqlite3.Connection) -> None:
            if self._list_id is not None:
                suggestions.forget_given(db, self._list_id, given_no_more)
                suggestions.note_given(db, self._list_id, given)
            suggestions.withdraw(db, gone)
            suggestions.suggest(db, new)
            if accepted:
                self._accept(db, accepted)

        self._library.catalog.write(work)

    def _accept(self, db: sqlite3.Connection, pairs: Sequence[Pair]) -> None:
        by_label: dict[int, list[tuple[int, float]]] = {}
        for photo, label, score in pairs:
            by_label.setdefault(label, []).append((photo, score))
        changes = []
        for label, mine in by_label.items():
            there = suggestions.still_there(db, [photo for photo, _ in mine])
            old = tags.on_photos(db, label, [photo for photo, _ in mine])
            for photo, score in mine:
                before = old.get(photo)
                decided = before is not None and (before.state, before.source) != (State.SUGGESTED, Source.AUTO)
                if photo in there and not decided:
                    changes.append(TagChange(photo, label, before, TagRow(State.ACCEPTED, Source.AUTO, score)))
        tags.put(db, changes)
        self._count += len(changes)
        counted = "1 tag" if self._count == 1 else f"{self._count:,} tags"
        self._step = steps.record(db, self._said.format(counted), changes, self._step)
