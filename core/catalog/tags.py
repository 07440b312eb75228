"""Rows of ``label`` and ``tag``: the labels on photos."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from core.catalog.folding import fold
from core.catalog.naming import readable


def of(db: sqlite3.Connection, photo_id: int) -> list[str]:
    """The labels that are accepted on a photo, in the order of their names."""
    rows = db.execute(
        "SELECT l.name FROM tag t JOIN label l ON l.id = t.label_id "
        "WHERE t.photo_id = ? AND t.state = 'accepted' ORDER BY l.name",
        [photo_id],
    )
    return [row["name"] for row in rows]


def from_file(db: sqlite3.Connection, photo_id: int) -> list[str]:
    """The labels that a photo's file names as its keywords."""
    rows = db.execute(
        "SELECT l.name FROM tag t JOIN label l ON l.id = t.label_id "
        "WHERE t.photo_id = ? AND t.source = 'file' ORDER BY l.name",
        [photo_id],
    )
    return [row["name"] for row in rows]


def replace_from_file(db: sqlite3.Connection, photo_id: int, keywords: Sequence[str]) -> None:
    """Put a file's keywords in place of those that it had, as accepted tags.

    A label that the user or the program decided on for this photo is left as it is, and so is its decision.
    """
    db.execute("DELETE FROM tag WHERE photo_id = ? AND source = 'file'", [photo_id])
    for keyword in keywords:
        name = readable(keyword).strip()
        if name:
            db.execute(
                "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'file', 'accepted') "
                "ON CONFLICT (photo_id, label_id) DO NOTHING",
                [photo_id, label_id(db, name)],
            )


def label_id(db: sqlite3.Connection, name: str) -> int:
    """The id of a label, which is added when it is new. Case makes no difference in ASCII."""
    row = db.execute("SELECT id FROM label WHERE name = ?", [name]).fetchone()
    if row is None:
        row = db.execute("INSERT INTO label (name, folded) VALUES (?, ?) RETURNING id", [name, folded(name)]).fetchone()
    return int(row["id"])


def folded(name: str) -> str:
    """A label's name as names are compared by a filter: case, accents and the width of spaces make no difference."""
    return fold(" ".join(readable(name).split()))
