"""When photos were taken and where they lie: what they are put into groups by, for any number of them at once."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from core.catalog.batches import batches, marks
from core.catalog.naming import to_name

UNKNOWN = np.iinfo(np.int64).min
"""In `Moments.seconds`: no date is known."""
SOME = 20_000
"""Photos up to which each is looked up by its id; for more, one walk along the index of dates costs less."""
_DAY = 86_400
_LETTERS = 19
"""Of a date and a time: ``2019-07-04T18:30:00``."""

Ids = NDArray[np.int64]


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """What is known of photos, one place for each, in the order in which they were asked for.

    ``ids, contents, folders`` are int64[n] (-1 for what is not there any more). ``seconds``, int64[n], is the local
    time at which each was taken, counted from 1970 on, `UNKNOWN` without a date. ``timed``, bool[n], says whether that
    is a time of day that a camera told: not that of the file, and not a date alone.
    """

    ids: Ids
    contents: Ids
    folders: Ids
    seconds: Ids
    timed: NDArray[np.bool_]

    @property
    def days(self) -> Ids:
        """int64[n]: days from 1 January 1970 on, `UNKNOWN` without a date."""
        return np.where(self.seconds == UNKNOWN, UNKNOWN, self.seconds // _DAY)

    def first(self, count: int) -> Moments:
        """Those of the first ``count`` photos."""
        ids, contents, folders = self.ids[:count], self.contents[:count], self.folders[:count]
        return Moments(ids, contents, folders, self.seconds[:count], self.timed[:count])


def of(db: sqlite3.Connection, ids: Ids) -> Moments:
    """What is known of these photos (int64[n], each once)."""
    if len(ids) <= SOME:
        found = [_read(db, f"photo p WHERE p.id IN ({marks(len(some))})", some) for some in batches(ids.tolist())]
    else:
        found = [_read(db, "photo p INDEXED BY photo_by_date", ())]
    columns = [np.concatenate([part[number] for part in found]) for number in range(5)] if found else []
    if not columns or not len(columns[0]):
        nothing = np.full(len(ids), -1, np.int64)
        return Moments(ids, nothing, nothing, np.full(len(ids), UNKNOWN, np.int64), np.zeros(len(ids), np.bool_))
    order = np.argsort(columns[0])
    known = columns[0][order]
    at = np.minimum(np.searchsorted(known, ids), len(known) - 1)
    there, place = known[at] == ids, order[at]
    return Moments(
        ids,
        np.where(there, columns[1][place], -1),
        np.where(there, columns[2][place], -1),
        np.where(there, columns[3][place], UNKNOWN),
        there & columns[4][place].astype(np.bool_),
    )


def folder_paths(db: sqlite3.Connection, folder_ids: Iterable[int] | None = None) -> dict[int, Path]:
    """Where folders lie, by their ids: those asked for, or all."""
    select = "SELECT f.id, r.path AS root, f.path FROM folder f JOIN root r ON r.id = f.root_id"
    if folder_ids is None:
        rows = list(db.execute(select))
    else:
        rows = []
        for some in batches([int(id) for id in folder_ids]):
            rows.extend(db.execute(f"{select} WHERE f.id IN ({marks(len(some))})", some))
    return {row["id"]: Path(to_name(row["root"])) / to_name(row["path"]) for row in rows}


def _read(db: sqlite3.Connection, source: str, params: Sequence[int]) -> tuple[Ids, Ids, Ids, Ids, Ids]:
    """Ids, contents, folders, seconds and whether they are timed, all in one order, of the photos of ``source``."""
    # SQLite joins them: a Python object for each value of each row would take ten times as long.
    joined = db.execute(
        "SELECT group_concat(p.id), group_concat(p.content_id), group_concat(p.folder_id), group_concat(p.dated), "
        f"group_concat(substr(coalesce(p.taken, '') || '{'-' * _LETTERS}', 1, {_LETTERS}), '') FROM {source}",
        params,
    ).fetchone()
    ids, contents, folders, dated = (np.fromstring(text or "", np.int64, sep=",") for text in joined[:4])
    seconds = _seconds(joined[4] or "")
    # Midnight to the second is what is left of a date without a time: nothing can be told from it.
    return ids, contents, folders, seconds, dated * ((seconds != UNKNOWN) & (seconds % _DAY != 0))


def _seconds(text: str) -> Ids:
    """Dates that follow each other without anything between, ``2019-07-04T18:30:00``: int64[n], seconds from 1970."""
    letters = np.frombuffer(text.encode("ascii", "replace"), np.uint8).reshape(-1, _LETTERS)
    digits = letters.astype(np.int64) - ord("0")
    places = [0, 1, 2, 3, 5, 6, 8, 9, 11, 12, 14, 15, 17, 18]
    sound = ((digits[:, places] >= 0) & (digits[:, places] <= 9)).all(axis=1)

    def number(first: int, length: int = 2) -> Ids:
        value = np.zeros(len(digits), np.int64)
        for place in range(first, first + length):
            value = value * 10 + digits[:, place]
        return value

    year, month, day = number(0, 4), number(5), number(8)
    sound &= (month >= 1) & (month <= 12) & (day >= 1) & (day <= 31)
    months = np.where(sound, (year - 1970) * 12 + month - 1, 0)
    days = months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64) + day - 1
    return np.where(sound, days * _DAY + number(11) * 3600 + number(14) * 60 + number(17), UNKNOWN)
