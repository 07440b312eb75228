"""Photos in the orders that a person may choose for a list: by date (see `by_date`), by folder, by size."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from core.catalog import by_date, moments
from core.types import Order


def every(
    db: sqlite3.Connection, order: Order, where: str | None = None, params: Sequence[Any] = ()
) -> NDArray[np.int64]:
    """The ids of all photos, or of those that a filter over ``photo p`` keeps, in an order: int64[n].

    Nothing is compared here, so `Order.MATCH` is the newest first. Photos without a date come last by date.
    """
    if order == Order.FOLDER:
        return _by_folder(db, where or "1", params)
    if order == Order.SIZE:
        return _ids(db, f"p WHERE {where or 1} ORDER BY p.size DESC, p.taken DESC, p.content_id DESC, p.id", params)
    newest = by_date.every(db, where, params)
    if order != Order.OLDEST:
        return newest
    undated = by_date.count(db, f"p.taken IS NULL AND ({where or 1})", params)
    oldest = newest[::-1]
    return np.concatenate((oldest[undated:], oldest[:undated]))


def folder_key(folder: PurePath) -> tuple[str, ...]:
    """What folders are sorted by: each step of the path without case, so that a folder's own come right after it."""
    return tuple(step.casefold() for step in folder.parts)


def _by_folder(db: sqlite3.Connection, where: str, params: Sequence[Any]) -> NDArray[np.int64]:
    ids = _ids(db, f"p WHERE {where} ORDER BY p.folder_id, p.folded_name, p.id", params)
    if not len(ids):
        return ids
    paths = moments.folder_paths(db)
    ranked = sorted(paths, key=lambda id: folder_key(paths[id]))
    # A folder that came between two statements of ours has no rank: it goes to the end.
    ranks = np.full(max(ranked, default=0) + 2, len(ranked), np.int64)
    ranks[ranked] = np.arange(len(ranked))
    folders = np.minimum(moments.of(db, ids).folders, len(ranks) - 1)
    return ids[np.argsort(ranks[folders], kind="stable")]


def _ids(db: sqlite3.Connection, rest: str, params: Sequence[Any]) -> NDArray[np.int64]:
    """An aggregate sees a subquery's rows in its order, and one long text is four times as fast as a row for each."""
    row = db.execute(f"SELECT group_concat(id) FROM (SELECT p.id FROM photo {rest})", list(params)).fetchone()
    return np.fromstring(row[0] or "", np.int64, sep=",")
