"""Rows of ``content``: a small integer for each content hash, so that photos, embeddings and the index join on it."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable

from core.catalog.batches import batches, marks
from core.types import ContentHash


def ensure(db: sqlite3.Connection, hash: ContentHash) -> int:
    """The id of a content, which is added when it is new."""
    known = id_of(db, hash)
    if known is not None:
        return known
    row = db.execute("INSERT INTO content (hash) VALUES (?) RETURNING id", [hash]).fetchone()
    return int(row["id"])


def id_of(db: sqlite3.Connection, hash: ContentHash) -> int | None:
    """The id of a content that is known."""
    row = db.execute("SELECT id FROM content WHERE hash = ?", [hash]).fetchone()
    return None if row is None else int(row["id"])


def ids_of(db: sqlite3.Connection, hashes: Iterable[ContentHash]) -> dict[ContentHash, int]:
    """The ids of those contents that are known, by their hashes."""
    found: dict[ContentHash, int] = {}
    for batch in batches(list(hashes)):
        rows = db.execute(f"SELECT hash, id FROM content WHERE hash IN ({marks(len(batch))})", batch)
        found.update((row["hash"], row["id"]) for row in rows)
    return found


def count(db: sqlite3.Connection) -> int:
    """How many contents are known."""
    return int(db.execute("SELECT count(*) FROM content").fetchone()[0])


def purge_orphans(db: sqlite3.Connection) -> list[ContentHash]:
    """Remove the contents that no photo has, and their embeddings; their hashes, so that thumbnails can go too."""
    rows = db.execute(
        "DELETE FROM content WHERE NOT EXISTS (SELECT 1 FROM photo WHERE photo.content_id = content.id) RETURNING hash"
    )
    return [row["hash"] for row in rows.fetchall()]
