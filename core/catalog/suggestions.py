"""Rows of ``tag`` as a run of suggestions reads and writes them: in bulk, and never one that a person decided on."""

from __future__ import annotations

import json
import sqlite3
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from core.catalog import tags
from core.catalog.batches import batches, marks
from core.catalog.naming import to_text
from core.catalog.nesting import Place

Ids = NDArray[np.int64]
_ROWS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class Marked:
    """Tags that are there, in the order of their photos: all arrays have n entries. ``places`` are those of labels in
    the list that was asked for; ``waiting`` says that a tag is a suggestion, and nobody decided. ``own`` and ``others``
    are the probabilities that the last run of this list, and the last ones of other lists, gave; -1 for none."""

    photos: Ids
    places: Ids
    waiting: NDArray[np.bool_]
    accepted: NDArray[np.bool_]
    scores: NDArray[np.float64]
    own: NDArray[np.float64]
    others: NDArray[np.float64]


def targets(
    db: sqlite3.Connection, photo_ids: Sequence[int] | None = None, place: Place | None = None
) -> tuple[Ids, Ids]:
    """The ids of photos and of their contents, by photo: all, those named (as far as they are there), or those in a
    folder and below it; where both are given, those that are both."""
    where, params = "1", list[int | str]()
    if place is not None:
        folder = to_text(place.inner)
        where, params = "f.root_id = ?", [place.root.id]
        if folder:
            where += " AND (f.path = ? OR substr(f.path, 1, length(?) + 1) = ? || '/')"
            params += [folder] * 3
    query = f"SELECT p.id, p.content_id FROM photo p JOIN folder f ON f.id = p.folder_id WHERE {where}"
    if place is None:
        query = "SELECT p.id, p.content_id FROM photo p WHERE 1"
    found = [_array(db, query, params, 2)] if photo_ids is None else []
    for batch in batches([int(id) for id in photo_ids or ()]):
        found.append(_array(db, f"{query} AND p.id IN ({marks(len(batch))})", [*params, *batch], 2))
    rows = np.concatenate(found).astype(np.int64) if found else np.empty((0, 2), np.int64)
    rows = np.unique(rows, axis=0)
    return rows[:, 0], rows[:, 1]


def label_ids(db: sqlite3.Connection, names: Sequence[str]) -> list[int | None]:
    """The ids of labels by name, as `tags.find_label` finds them; None where there is no such label."""
    return [tags.find_label(db, name) for name in names]


_GIVEN = (
    "coalesce((SELECT {} FROM suggested_by s WHERE s.photo_id = t.photo_id AND s.label_id = t.label_id AND {}), -1)"
)
_MARKED = (
    "SELECT t.photo_id, t.label_id, t.state = 'suggested' AND t.source = 'auto', t.state = 'accepted', "
    f"coalesce(t.score, -1), {_GIVEN.format('score', 's.list_id = ?1')}, "
    f"{_GIVEN.format('max(score)', 's.list_id <> ?1')} FROM "
)


def marked(
    db: sqlite3.Connection,
    labels: Sequence[int | None],
    list_id: int | None = None,
    photo_ids: Sequence[int] | None = None,
) -> Marked:
    """The tags of these labels on photos, or on any photo; ``list_id`` is that of the list that they are of, if it is
    kept. What is read is what there is on the photos that are named, however many others have the labels."""
    asked = json.dumps([label for label in labels if label is not None])
    parameters = [-1 if list_id is None else list_id, asked]
    # CROSS JOIN says which table is walked: the photos that are named, or the labels, and never all tags.
    tables = "json_each(?2) l CROSS JOIN tag t ON t.label_id = l.value"
    if photo_ids is not None:
        parameters.append(json.dumps([int(id) for id in photo_ids]))
        tables = (
            "json_each(?3) p CROSS JOIN tag t ON t.photo_id = p.value "
            "WHERE t.label_id IN (SELECT value FROM json_each(?2))"
        )
    rows = _array(db, _MARKED + tables, parameters, 7)
    rows = rows[np.argsort(rows[:, 0], kind="stable")]
    photos, found, waiting, accepted, scores, mine, theirs = rows.T
    known = np.array([-1 if label is None else label for label in labels], np.int64)
    order = np.argsort(known)
    places = order[np.searchsorted(known, found, sorter=order)]
    return Marked(photos.astype(np.int64), places, waiting > 0, accepted > 0, scores, mine, theirs)


def rejected(db: sqlite3.Connection, label: int) -> Ids:
    """The contents of photos that a label was rejected on: int64[n]."""
    query = (
        "SELECT DISTINCT p.content_id FROM tag t JOIN photo p ON p.id = t.photo_id "
        "WHERE t.label_id = ? AND t.state = 'rejected'"
    )
    return _array(db, query, [label], 1)[:, 0].astype(np.int64)


def decided(db: sqlite3.Connection, label: int, most: int) -> tuple[Ids, NDArray[np.float64]]:
    """What a person, or a photo's own file, decided of a label: contents int64[n], and 1 for accepted, 0 for rejected.
    ``most`` of either kind at the most. What the program accepted by itself teaches nothing."""
    found = []
    for state, query in (
        (1.0, "t.state = 'accepted' AND t.source IN ('user', 'file')"),
        (0.0, "t.state = 'rejected'"),
    ):
        rows = _array(
            db,
            "SELECT DISTINCT p.content_id FROM tag t JOIN photo p ON p.id = t.photo_id "
            f"WHERE t.label_id = ? AND {query} ORDER BY p.id DESC LIMIT ?",
            [label, most],
            1,
        )[:, 0]
        found.append((rows.astype(np.int64), np.full(len(rows), state)))
    (yes, one), (no, zero) = found
    both = np.intersect1d(yes, no)  # Copies of one photo, decided both ways: they say nothing.
    ids, states = np.concatenate([yes, no]), np.concatenate([one, zero])
    kept = ~np.isin(ids, both)
    return ids[kept], states[kept]


def still_there(db: sqlite3.Connection, photo_ids: Sequence[int]) -> set[int]:
    """Those of the photos that have not gone meanwhile."""
    found: set[int] = set()
    for batch in batches(photo_ids):
        rows = db.execute(f"SELECT id FROM photo WHERE id IN ({marks(len(batch))})", batch)
        found.update(row["id"] for row in rows)
    return found


def suggest(db: sqlite3.Connection, rows: Sequence[tuple[int, int, float]]) -> None:
    """Put suggestions (photo, label, probability) in; where one is there, its probability. Decisions stay, and a photo
    that has gone meanwhile is passed over."""
    db.executemany(
        "INSERT INTO tag (photo_id, label_id, source, state, score) "
        "SELECT id, ?2, 'auto', 'suggested', ?3 FROM photo WHERE id = ?1 "
        "ON CONFLICT (photo_id, label_id) DO UPDATE SET score = excluded.score "
        "WHERE tag.state = 'suggested' AND tag.source = 'auto'",
        rows,
    )


def withdraw(db: sqlite3.Connection, rows: Sequence[tuple[int, int]]) -> int:
    """Take suggestions (photo, label) away that no list gives, unless somebody decided on them meanwhile; how many."""
    gone = db.executemany(
        "DELETE FROM tag WHERE photo_id = ? AND label_id = ? AND state = 'suggested' AND source = 'auto' "
        "AND NOT EXISTS (SELECT 1 FROM suggested_by s WHERE s.photo_id = tag.photo_id AND s.label_id = tag.label_id)",
        rows,
    )
    return max(gone.rowcount, 0)


def note_given(db: sqlite3.Connection, list_id: int, rows: Sequence[tuple[int, int, float]]) -> None:
    """Keep that a list gives labels to photos: (photo, label, probability). What has gone meanwhile is passed over."""
    db.executemany(
        "INSERT INTO suggested_by (photo_id, label_id, list_id, score) SELECT p.id, i.label_id, i.list_id, ?3 "
        "FROM photo p JOIN listed i ON i.list_id = ?4 AND i.label_id = ?2 WHERE p.id = ?1 "
        "ON CONFLICT (photo_id, label_id, list_id) DO UPDATE SET score = excluded.score",
        [(*row, list_id) for row in rows],
    )


def forget_given(db: sqlite3.Connection, list_id: int, rows: Sequence[tuple[int, int]]) -> None:
    """Forget that a list gave labels to photos: (photo, label)."""
    db.executemany(
        "DELETE FROM suggested_by WHERE photo_id = ? AND label_id = ? AND list_id = ?",
        [(*row, list_id) for row in rows],
    )


def leave_list(db: sqlite3.Connection, list_id: int, labels: Sequence[int]) -> int:
    """Withdraw what a list gave of labels that it has no more, unless another list gives it too: that one's
    probability is then what holds. How many suggestions went."""
    withdrawn = 0
    given = "FROM suggested_by s WHERE s.photo_id = tag.photo_id AND s.label_id = tag.label_id"
    # A suggestion of no list (of before there was `suggested_by`) goes when its label's last list does: not here.
    from_it = (
        "SELECT 1 FROM suggested_by m WHERE m.photo_id = tag.photo_id AND m.label_id = tag.label_id AND m.list_id = ?"
    )
    for batch in batches(labels):
        waiting = (
            f"label_id IN ({marks(len(batch))}) AND state = 'suggested' AND source = 'auto' AND EXISTS ({from_it})"
        )
        params = [*batch, list_id]
        withdrawn += db.execute(
            f"DELETE FROM tag WHERE {waiting} AND NOT EXISTS (SELECT 1 {given} AND s.list_id <> ?)", [*params, list_id]
        ).rowcount
        db.execute(
            f"UPDATE tag SET score = (SELECT max(s.score) {given} AND s.list_id <> ?) WHERE {waiting}",
            [list_id, *params],
        )
        db.execute(
            f"DELETE FROM suggested_by WHERE list_id = ? AND label_id IN ({marks(len(batch))})", [list_id, *batch]
        )
    return withdrawn


def _array(db: sqlite3.Connection, query: str, params: Sequence[object], columns: int) -> NDArray[np.float64]:
    """Rows of numbers as float64[n, columns], some thousand Python objects at a time. Ids stay exact below 2 ** 53."""
    return np.concatenate([np.empty((0, columns)), *_chunks(db, query, params)])


def _chunks(db: sqlite3.Connection, query: str, params: Sequence[object]) -> Iterator[NDArray[np.float64]]:
    cursor = db.cursor()
    cursor.row_factory = None
    cursor.execute(query, tuple(params))
    while rows := cursor.fetchmany(_ROWS):
        yield np.array(rows, np.float64)
