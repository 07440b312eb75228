"""Exclusive groups of labels: of each of them a photo has one at the most."""

from __future__ import annotations

import json
import sqlite3

from core.catalog.folding import fold


def rivals(db: sqlite3.Connection, label_id: int) -> list[int]:
    """The other labels of the exclusive groups that a label belongs to, in whatever list."""
    found: set[int] = set()
    rows = db.execute(
        "SELECT l.id, l.exclusive, m.grouped FROM listed m JOIN label_list l ON l.id = m.list_id "
        "WHERE m.label_id = ? AND m.grouped IS NOT NULL",
        [label_id],
    ).fetchall()
    for list_id, exclusive, grouped in rows:
        if fold(grouped) in {fold(name) for name in json.loads(exclusive)}:
            others = db.execute(
                "SELECT label_id, grouped FROM listed WHERE list_id = ? AND grouped IS NOT NULL", [list_id]
            )
            found.update(other for other, group in others if fold(group) == fold(grouped))
    found.discard(label_id)
    return sorted(found)
