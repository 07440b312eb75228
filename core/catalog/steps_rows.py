"""Rows of ``step`` and ``step_tag``: what was done to tags, in an order in which it can be undone and done again.

The steps that are undone are always the newest ones: a new step removes them. A line of ``step_tag`` whose photo was
forgotten has no ``photo_id``, and still knows the content by its hash.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable
from dataclasses import dataclass

from core.catalog.decisions_rows import now
from core.catalog.tags import TagChange, TagRow
from core.types import ContentHash

_COUNT = "(SELECT count(*) FROM step_tag t WHERE t.step_id = s.id)"
_COLUMNS = f"s.id, s.said, s.made, {_COUNT} AS tags, s.undone"


@dataclass(frozen=True, slots=True)
class StepRow:
    """A step, and how many tags it changed."""

    id: int
    said: str
    made: str
    tags: int
    undone: bool


@dataclass(frozen=True, slots=True)
class StepLine:
    """One tag of a step: what it was and became; ``photo_id`` is None when the photo was forgotten since."""

    photo_id: int | None
    hash: ContentHash
    label_id: int
    old: TagRow | None
    new: TagRow | None


def begin(db: sqlite3.Connection, said: str) -> int:
    """Add a step that has no tags yet; its id. What was undone before can be done again no more."""
    db.execute("DELETE FROM step WHERE undone = 1")
    row = db.execute("INSERT INTO step (said, made) VALUES (?, ?) RETURNING id", [said, now()]).fetchone()
    return int(row["id"])


def extend(db: sqlite3.Connection, step_id: int, changes: Iterable[TagChange], hashes: dict[int, ContentHash]) -> None:
    """Add tags to a step. ``hashes`` has the content of each of their photos."""
    nothing = (None, None, None)
    db.executemany(
        "INSERT INTO step_tag (step_id, photo_id, hash, label_id, old_state, old_source, old_score, "
        "new_state, new_source, new_score) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        (
            (
                step_id,
                change.photo_id,
                hashes[change.photo_id],
                change.label_id,
                *(nothing if change.old is None else (change.old.state, change.old.source, change.old.score)),
                *(nothing if change.new is None else (change.new.state, change.new.source, change.new.score)),
            )
            for change in changes
        ),
    )


def rename(db: sqlite3.Connection, step_id: int, said: str) -> bool:
    """Say otherwise what a step was. False where it is undone, or gone."""
    return db.execute("UPDATE step SET said = ? WHERE id = ? AND undone = 0", [said, step_id]).rowcount > 0


def newest_done(db: sqlite3.Connection) -> StepRow | None:
    """The step that undoing takes back."""
    return _one(db, "s.undone = 0 ORDER BY s.id DESC")


def oldest_undone(db: sqlite3.Connection) -> StepRow | None:
    """The step that is done again first."""
    return _one(db, "s.undone = 1 ORDER BY s.id")


def by_id(db: sqlite3.Connection, step_id: int) -> StepRow | None:
    """One step."""
    return _one(db, "s.id = ?", step_id)


def newest(db: sqlite3.Connection, top: int) -> list[StepRow]:
    """The newest steps first, undone ones among them."""
    return [_step(row) for row in db.execute(f"SELECT {_COLUMNS} FROM step s ORDER BY s.id DESC LIMIT ?", [top])]


def count(db: sqlite3.Connection) -> int:
    """How many steps can be undone."""
    return int(db.execute("SELECT count(*) FROM step WHERE undone = 0").fetchone()[0])


def mark(db: sqlite3.Connection, step_id: int, undone: bool) -> None:
    """Note that a step is undone, or done again."""
    db.execute("UPDATE step SET undone = ? WHERE id = ?", [int(undone), step_id])


def lines(db: sqlite3.Connection, step_id: int) -> list[StepLine]:
    """The tags of a step, in the order in which they were changed."""
    cursor = db.cursor()
    cursor.row_factory = None
    cursor.execute(
        "SELECT photo_id, hash, label_id, old_state, old_source, old_score, new_state, new_source, new_score "
        "FROM step_tag WHERE step_id = ? ORDER BY id",
        [step_id],
    )
    return [
        StepLine(photo_id, hash, label_id, _row(*rest[:3]), _row(*rest[3:]))
        for photo_id, hash, label_id, *rest in cursor
    ]


def before_decision(db: sqlite3.Connection, photo_id: int, label_id: int) -> TagRow | None:
    """What a tag was when a person decided on it, as the steps that stand remember it."""
    row = db.execute(
        "SELECT t.old_state, t.old_source, t.old_score FROM step_tag t JOIN step s ON s.id = t.step_id "
        "WHERE t.photo_id = ? AND t.label_id = ? AND t.new_source = 'user' AND t.old_source IS NOT 'user' "
        "AND s.undone = 0 ORDER BY t.id DESC LIMIT 1",
        [photo_id, label_id],
    ).fetchone()
    return None if row is None else _row(*row)


def _row(state: str | None, source: str | None, score: float | None) -> TagRow | None:
    return None if state is None or source is None else TagRow(state, source, score)


def _one(db: sqlite3.Connection, where: str, *parameters: int) -> StepRow | None:
    row = db.execute(f"SELECT {_COLUMNS} FROM step s WHERE {where} LIMIT 1", parameters).fetchone()
    return None if row is None else _step(row)


def _step(row: sqlite3.Row) -> StepRow:
    return StepRow(row["id"], row["said"], row["made"], row["tags"], bool(row["undone"]))
