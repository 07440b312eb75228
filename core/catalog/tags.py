"""Rows of ``label`` and ``tag``: the labels on photos."""

from __future__ import annotations

import sqlite3
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from core.catalog.batches import batches, marks
from core.catalog.folding import fold
from core.catalog.naming import readable


@dataclass(frozen=True, slots=True)
class TagRow:
    """A row of ``tag`` without its keys: ``state`` is suggested, accepted or rejected; ``source`` auto, user or file.

    ``score`` is the probability (0 to 1) that was calculated when it was suggested.
    """

    state: str
    source: str
    score: float | None = None


@dataclass(frozen=True, slots=True)
class TagChange:
    """What a label on a photo was, and what it becomes; None stands for no row."""

    photo_id: int
    label_id: int
    old: TagRow | None
    new: TagRow | None


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

    A label that the user or the program decided on for this photo is left as it is, and so is its decision; that the
    file names it is noted for when the decision is taken back. One that is only suggested needs no decision any more.
    """
    for label in _labels_of_file(db, photo_id):
        db.execute("DELETE FROM suggested_by WHERE photo_id = ? AND label_id = ?", [photo_id, label])
        db.execute("DELETE FROM tag WHERE photo_id = ? AND label_id = ?", [photo_id, label])
    if db.execute("SELECT 1 FROM tag WHERE photo_id = ? AND state <> 'suggested'", [photo_id]).fetchone() is not None:
        db.execute("DELETE FROM file_word WHERE photo_id = ?", [photo_id])
    for keyword in keywords:
        if name := name_of(keyword):
            keys = [photo_id, label_id(db, name)]
            put = db.execute(
                "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'file', 'accepted') "
                "ON CONFLICT (photo_id, label_id) DO UPDATE SET source = 'file', state = 'accepted', score = NULL "
                "WHERE state = 'suggested'",
                keys,
            )
            if not put.rowcount:
                _note_word(db, *keys)


def _labels_of_file(db: sqlite3.Connection, photo_id: int) -> list[int]:
    rows = db.execute("SELECT label_id FROM tag WHERE photo_id = ? AND source = 'file'", [photo_id])
    return [int(row["label_id"]) for row in rows]


def on_photos(db: sqlite3.Connection, label_id: int, photo_ids: Sequence[int]) -> dict[int, TagRow]:
    """The rows of one label on those of the photos that have it, by photo."""
    found: dict[int, TagRow] = {}
    cursor = db.cursor()
    cursor.row_factory = None
    for batch in batches(photo_ids):
        cursor.execute(
            f"SELECT photo_id, state, source, score FROM tag WHERE label_id = ? AND photo_id IN ({marks(len(batch))})",
            [label_id, *batch],
        )
        found.update((photo_id, TagRow(state, source, score)) for photo_id, state, source, score in cursor)
    return found


def words_of_files(db: sqlite3.Connection, label_id: int, photo_ids: Sequence[int]) -> set[int]:
    """Those of the photos whose file names a label that was decided on."""
    if db.execute("SELECT 1 FROM file_word LIMIT 1").fetchone() is None:
        return set()
    found: set[int] = set()
    for batch in batches(photo_ids):
        rows = db.execute(
            f"SELECT photo_id FROM file_word WHERE label_id = ? AND photo_id IN ({marks(len(batch))})",
            [label_id, *batch],
        )
        found.update(row["photo_id"] for row in rows)
    return found


def put(db: sqlite3.Connection, changes: Iterable[TagChange]) -> None:
    """Make tags what they become. Whether they are still what they were is the caller's to know.

    With a tag that goes, goes what is kept of the lists that suggested it: `suggested_by` has no row without a tag. A
    suggestion that comes back is put down to the oldest list that has its label, until the next runs say better.
    """
    made: list[tuple[int, int, str, str, float | None]] = []
    gone: list[tuple[int, int]] = []
    back: list[tuple[int, int, float]] = []
    for change in changes:
        if _of_file(change.old) and not _of_file(change.new):
            _note_word(db, change.photo_id, change.label_id)
        elif _of_file(change.new):
            db.execute("DELETE FROM file_word WHERE photo_id = ? AND label_id = ?", [change.photo_id, change.label_id])
        if change.new is None:
            gone.append((change.photo_id, change.label_id))
        else:
            made.append((change.photo_id, change.label_id, change.new.source, change.new.state, change.new.score))
            if change.old is None and change.new.state == "suggested":
                back.append((change.photo_id, change.label_id, change.new.score or 0.0))
    db.executemany("DELETE FROM tag WHERE photo_id = ? AND label_id = ?", gone)
    db.executemany("DELETE FROM suggested_by WHERE photo_id = ? AND label_id = ?", gone)
    db.executemany(
        "INSERT INTO tag (photo_id, label_id, source, state, score) VALUES (?, ?, ?, ?, ?) "
        "ON CONFLICT (photo_id, label_id) DO UPDATE SET "
        "source = excluded.source, state = excluded.state, score = excluded.score",
        made,
    )
    db.executemany(
        "INSERT OR IGNORE INTO suggested_by (photo_id, label_id, list_id, score) "
        "SELECT ?1, ?2, min(list_id), ?3 FROM listed WHERE label_id = ?2 HAVING min(list_id) IS NOT NULL",
        back,
    )


def _of_file(row: TagRow | None) -> bool:
    return row is not None and row.source == "file"


def _note_word(db: sqlite3.Connection, photo_id: int, label_id: int) -> None:
    db.execute("INSERT OR IGNORE INTO file_word (photo_id, label_id) VALUES (?, ?)", [photo_id, label_id])


def name_of(keyword: str) -> str:
    """The name of the label that a file's keyword stands for; '' for none."""
    # Some systems write an accent as a character of its own: it is the same word.
    return unicodedata.normalize("NFC", readable(keyword)).strip()


def find_label(db: sqlite3.Connection, name: str) -> int | None:
    """The id of a label; case, accents and the width of spaces make no difference, but the same spelling goes first."""
    row = db.execute(
        "SELECT id FROM label WHERE folded = ? ORDER BY name = ? DESC, name = ? COLLATE NOCASE DESC, id LIMIT 1",
        [folded(name), name, name],
    ).fetchone()
    return None if row is None else int(row["id"])


def label_id(db: sqlite3.Connection, name: str) -> int:
    """The id of a label, which is added when it is new. Case makes no difference in ASCII."""
    row = db.execute("SELECT id FROM label WHERE name = ?", [name]).fetchone()
    if row is None:
        row = db.execute("INSERT INTO label (name, folded) VALUES (?, ?) RETURNING id", [name, folded(name)]).fetchone()
    return int(row["id"])


def folded(name: str) -> str:
    """A label's name as names are compared by a filter: case, accents and the width of spaces make no difference."""
    return fold(" ".join(readable(name).split()))
