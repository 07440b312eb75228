"""Rows of ``caption``: sentences about a photo."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator, Sequence

from core.catalog.batches import marks
from core.catalog.naming import readable
from core.types import FoundCaption

FILE_SOURCES = ("exif", "iptc", "xmp", "sidecar", "takeout", "text")
"""The sources that are read from files: replaced whenever a file is read again. Any other is the user's own."""

IMPORTED = "imported"
"""The source of what a captions file said."""


def of(db: sqlite3.Connection, photo_id: int) -> list[FoundCaption]:
    """The captions of a photo, in the order in which they were found."""
    rows = db.execute("SELECT text, source FROM caption WHERE photo_id = ? ORDER BY id", [photo_id])
    return [FoundCaption(row["text"], row["source"]) for row in rows]


def replace_from_file(db: sqlite3.Connection, photo_id: int, found: Sequence[FoundCaption]) -> None:
    """Put what a file and its sidecars say now in place of what they said; the user's own captions stay."""
    db.execute(
        f"DELETE FROM caption WHERE photo_id = ? AND source IN ({marks(len(FILE_SOURCES))})", [photo_id, *FILE_SOURCES]
    )
    if found:
        db.executemany(
            "INSERT OR IGNORE INTO caption (photo_id, text, source) VALUES (?, ?, ?)",
            [(photo_id, readable(caption.text), caption.source) for caption in found],
        )


def add(db: sqlite3.Connection, photo_id: int, text: str, source: str) -> bool:
    """Add a caption; whether it is new. A photo that has the same words already, from anywhere, keeps those."""
    text = readable(text)
    if db.execute("SELECT 1 FROM caption WHERE photo_id = ? AND text = ?", [photo_id, text]).fetchone():
        return False
    db.execute("INSERT INTO caption (photo_id, text, source) VALUES (?, ?, ?)", [photo_id, text, source])
    return True


def every(db: sqlite3.Connection) -> Iterator[tuple[int, FoundCaption]]:
    """All captions with the id of their photo, photo by photo."""
    for row in db.execute("SELECT photo_id, text, source FROM caption ORDER BY photo_id, id"):
        yield row["photo_id"], FoundCaption(row["text"], row["source"])
