"""A label that is to be no more: taken off all photos, as one step, which can be undone."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass

from core.catalog import decisions_rows, tag_lists, tags
from core.catalog.tags import TagChange
from core.errors import CallError
from core.tagging.steps import read_step, record, undecided
from core.tagging.types import Source, State, Step


@dataclass(frozen=True, slots=True)
class Forgotten:
    """What became of a label."""

    label: str
    step: Step | None
    """What took it off the photos; None where it was on none."""
    stays: int
    """Photos that have it still, since their own files name it."""


def forget(db: sqlite3.Connection, label_id: int) -> Forgotten:
    """Take a label off all photos, within a transaction: suggestions and decisions go, keywords of files stay.

    What was decided of photos that are gone meanwhile is forgotten for good. Raises `CallError` for a label of a list.
    """
    name = tag_lists.names(db, [label_id])[label_id]
    lists = tag_lists.lists_of(db, label_id)
    if lists:
        where = " and ".join(f"“{of}”" for of in lists)
        raise CallError(f"The label “{name}” is in the label list {where}: take it out there first.")
    ids = [int(row[0]) for row in db.execute("SELECT photo_id FROM tag WHERE label_id = ?", [label_id])]
    current = tags.on_photos(db, label_id, ids)
    words = tags.words_of_files(db, label_id, ids)
    changes = []
    for photo_id, old in current.items():
        new = undecided(None, photo_id in words or old.source == Source.FILE)
        if new != old:
            changes.append(TagChange(photo_id, label_id, old, new))
    tags.put(db, changes)
    decisions_rows.forget_label(db, label_id)
    count = len(changes)
    said = f"forgot “{name}” on {count:,} {'photo' if count == 1 else 'photos'}"
    step = record(db, said, changes)
    rest = tags.on_photos(db, label_id, ids)
    stays = sum(row.state == State.ACCEPTED for row in rest.values())
    return Forgotten(name, None if step is None else read_step(db, step), stays)
