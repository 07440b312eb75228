"""Photos in the order in which they are shown: by date, the newest first; copies follow each other.

Photos without a date, of which a finished index run leaves none (the file's own time is the last resort), come last.
The index ``photo_by_date``, walked backwards, has this order. A filter (``where``, over ``photo p``, with its
``params``) is answered along that walk where many photos pass, so that nothing is sorted; where few do, SQLite finds
them as it thinks best, and they are sorted here.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

FEW = 5000
"""Photos that take less time to sort than to look for a second time."""

_LONG_WALK = 100_000
"""Photos. To count past so many a second time is what is to be spared."""

_WALK = "photo p INDEXED BY photo_by_date"
_ORDER = "ORDER BY p.taken DESC, p.content_id DESC, p.id DESC"


def every(db: sqlite3.Connection, where: str | None = None, params: Sequence[Any] = ()) -> NDArray[np.int64]:
    """The ids of all photos, or of those that a filter keeps: int64[n]."""
    found = few(db, where, params) if where else None
    if found is not None:
        return found
    # An aggregate sees a subquery's rows in its order, and one long text is four times as fast as a row for each id.
    row = db.execute(
        f"SELECT group_concat(id) FROM (SELECT p.id FROM {_WALK} WHERE {where or 1} {_ORDER})", list(params)
    ).fetchone()
    return np.fromstring(row[0] or "", np.int64, sep=",")


def first(db: sqlite3.Connection, most: int, where: str | None = None, params: Sequence[Any] = ()) -> NDArray[np.int64]:
    """The first ``most`` of `every`: int64[n]. Fast where they are found soon."""
    rows = db.execute(f"SELECT p.id FROM {_WALK} WHERE {where or 1} {_ORDER} LIMIT ?", [*params, most])
    return np.array([row[0] for row in rows], np.int64)


def newest(db: sqlite3.Connection, most: int, where: str, params: Sequence[Any] = ()) -> tuple[NDArray[np.int64], int]:
    """`first` and `count` for a filter that has to look at every photo: at each of them once, or little more.

    Where the walk to the last of the ids is a long one, the count goes on from there. ``most`` is 1 or more.
    """
    rows = db.execute(
        f"SELECT p.id, p.taken, p.content_id FROM {_WALK} WHERE {where} {_ORDER} LIMIT ?", [*params, most]
    ).fetchall()
    ids = np.array([row["id"] for row in rows], np.int64)
    if len(rows) < most:
        return ids, len(rows)
    id, taken, content_id = rows[-1]
    if taken is not None:
        before = "SELECT count(*) FROM (SELECT 1 FROM photo WHERE taken >= ? LIMIT ?)"
        if db.execute(before, [taken, _LONG_WALK]).fetchone()[0] < _LONG_WALK:
            return ids, count(db, where, params)
    # Each of these is a stretch of the index: to compare three columns at every photo would take as long again.
    rest = count(db, f"p.taken IS ? AND (p.content_id, p.id) < (?, ?) AND ({where})", [taken, content_id, id, *params])
    if taken is not None:
        rest += count(db, f"p.taken < ? AND ({where})", [taken, *params])
        rest += count(db, f"p.taken IS NULL AND ({where})", params)
    return ids, len(rows) + rest


def few(db: sqlite3.Connection, where: str | None, params: Sequence[Any]) -> NDArray[np.int64] | None:
    """All of `every`, int64[n], where they are `FEW` at the most; None where they are more."""
    cursor = db.cursor()
    cursor.row_factory = None
    rows = cursor.execute(
        f"SELECT p.taken, p.content_id, p.id FROM photo p WHERE {where or 1} LIMIT ?", [*params, FEW + 1]
    ).fetchall()
    if len(rows) > FEW:
        return None
    rows.sort(key=lambda row: (row[0] or "", row[1], row[2]), reverse=True)
    return np.array([row[2] for row in rows], np.int64)


def count(db: sqlite3.Connection, where: str | None = None, params: Sequence[Any] = ()) -> int:
    """How many photos `every` gives."""
    filtered = f" p WHERE {where}" if where else ""
    return int(db.execute(f"SELECT count(*) FROM photo{filtered}", list(params)).fetchone()[0])
