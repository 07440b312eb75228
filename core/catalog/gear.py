"""Rows of ``gear``: each camera and lens that a photo ever named, so that a filter compares a few names, not a million.

A row stays when its last photo goes: it does no harm, and the next photo may need it.
"""

from __future__ import annotations

import sqlite3
from typing import Literal

from core.catalog.folding import fold

Kind = Literal["camera", "lens"]

NONE = 0
"""In the place of an id: the photo names none."""


def ensure(db: sqlite3.Connection, kind: Kind, name: str | None) -> int:
    """The id of a camera or lens, which is added when it is new; `NONE` without a name."""
    if not name:
        return NONE
    row = db.execute("SELECT id FROM gear WHERE kind = ? AND name = ?", [kind, name]).fetchone()
    if row is None:
        row = db.execute(
            "INSERT INTO gear (kind, name, folded) VALUES (?, ?, ?) RETURNING id", [kind, name, fold(name)]
        ).fetchone()
    return int(row["id"])
