"""The photos that a person marked as favourites: a column of ``photo``.

It is the person's own, as a caption that they typed is: nothing that a file says changes it, and it goes with the photo
when its file is moved.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from core.catalog.batches import batches, marks


def set(db: sqlite3.Connection, photo_ids: Sequence[int], favourite: bool) -> int:
    """Make photos favourites, or take that from them; how many changed. An id without a photo counts for nothing."""
    return sum(
        db.execute(
            f"UPDATE photo SET favourite = ? WHERE favourite <> ? AND id IN ({marks(len(batch))})",
            [int(favourite), int(favourite), *batch],
        ).rowcount
        for batch in batches([int(id) for id in photo_ids])
    )


def among(db: sqlite3.Connection, photo_ids: Sequence[int]) -> frozenset[int]:
    """Those of the photos that are favourites."""
    found: list[int] = []
    for batch in batches([int(id) for id in photo_ids]):
        rows = db.execute(f"SELECT id FROM photo WHERE favourite = 1 AND id IN ({marks(len(batch))})", batch)
        found.extend(row[0] for row in rows)
    return frozenset(found)


def count(db: sqlite3.Connection) -> int:
    """How many photos are favourites."""
    return int(db.execute("SELECT count(*) FROM photo WHERE favourite = 1").fetchone()[0])
