"""Contents that more than one photo has."""

from __future__ import annotations

import sqlite3

import numpy as np
from numpy.typing import NDArray

Ids = NDArray[np.int64]


def contents(db: sqlite3.Connection) -> list[Ids]:
    """The ids of the contents that two photos or more have, each by itself: int64[1] every one."""
    # `copied` is kept for filters, so that nothing has to be counted for photos that are there once.
    rows = db.execute("SELECT DISTINCT content_id FROM photo WHERE copied = 1 ORDER BY content_id")
    return [np.array([row[0]], np.int64) for row in rows]


def contents_without(db: sqlite3.Connection, known: Ids) -> int:
    """How many photos have a content that is not among those with the ids ``known``."""
    held = np.array([row[0] for row in db.execute("SELECT content_id FROM photo")], np.int64)
    return int((~np.isin(held, known)).sum())
