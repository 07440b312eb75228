"""Rows of ``folder``: the folders below a root that hold photos or failures.

A folder's path is relative to its root, in POSIX form; the root itself is ``""``.
"""

from __future__ import annotations

import sqlite3

from core.catalog.folding import fold
from core.catalog.naming import to_name, to_text


def ensure(db: sqlite3.Connection, root_id: int, path: str) -> int:
    """The id of a folder, which is added when it is new. ``"."`` is the root itself too."""
    text = "" if path == "." else to_text(path)
    row = db.execute("SELECT id FROM folder WHERE root_id = ? AND path = ?", [root_id, text]).fetchone()
    if row is None:
        row = db.execute(
            "INSERT INTO folder (root_id, path, folded) VALUES (?, ?, ?) RETURNING id", [root_id, text, fold(text)]
        ).fetchone()
    return int(row["id"])


def paths(db: sqlite3.Connection, root_id: int) -> dict[str, int]:
    """The id of each folder under a root, by its path."""
    rows = db.execute("SELECT path, id FROM folder WHERE root_id = ?", [root_id])
    return {to_name(row["path"]): row["id"] for row in rows}


def prune(db: sqlite3.Connection) -> int:
    """Remove the folders that hold neither a photo nor a failure; how many went."""
    return db.execute(
        "DELETE FROM folder WHERE NOT EXISTS (SELECT 1 FROM photo WHERE folder_id = folder.id) "
        "AND NOT EXISTS (SELECT 1 FROM failure WHERE folder_id = folder.id)"
    ).rowcount
