"""Rows of ``decision``: what a person decided of a content, kept by its hash for ever.

A photo's row in ``tag`` shows the decision; when the photo is forgotten, that row goes with it, and this one stays. A
photo of the same content that comes in later, or comes back, gets the decision at once (`put_back`). So all copies of a
content share what was decided of it.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from datetime import UTC, datetime

from core.catalog.batches import batches, marks
from core.types import ContentHash

Decided = tuple[ContentHash, int, str | None]
"""A content, a label, and ``accepted``, ``rejected``, or None for no decision."""


def now() -> str:
    """The time as the tables of tagging have it: UTC, ISO 8601."""
    return datetime.now(UTC).isoformat(timespec="seconds")


def keep(db: sqlite3.Connection, decided: Iterable[Decided]) -> None:
    """Make these the decisions, in place of those that there were."""
    made: list[tuple[ContentHash, int, str, str]] = []
    gone: list[tuple[ContentHash, int]] = []
    when = now()
    for hash, label_id, state in decided:
        if state is None:
            gone.append((hash, label_id))
        else:
            made.append((hash, label_id, state, when))
    db.executemany("DELETE FROM decision WHERE hash = ? AND label_id = ?", gone)
    db.executemany(
        "INSERT INTO decision (hash, label_id, state, decided) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (hash, label_id) DO UPDATE SET state = excluded.state, decided = excluded.decided",
        made,
    )


def forget_label(db: sqlite3.Connection, label_id: int) -> None:
    """Forget what was decided of a label, of contents that are gone too."""
    db.execute("DELETE FROM decision WHERE label_id = ?", [label_id])


def put_back(db: sqlite3.Connection, photo_id: int, content_id: int) -> None:
    """Give a photo what was decided of its content before.

    What was decided of the photo while it held other bytes goes over to its content, which is an edited one; but not
    to a content that another photo holds: then the file was overwritten with a copy, and is what that is.
    """
    rows = db.execute(
        "SELECT c.hash, d.label_id, d.state FROM content c LEFT JOIN decision d ON d.hash = c.hash WHERE c.id = ?",
        [content_id],
    ).fetchall()
    decided = {label_id: state for _, label_id, state in rows if label_id is not None}
    for label_id, state in decided.items():
        _decide(db, photo_id, label_id, state)
    own = db.execute("SELECT label_id, state FROM tag WHERE photo_id = ? AND source = 'user'", [photo_id]).fetchall()
    over = [(label_id, state) for label_id, state in own if label_id not in decided]
    if not over:
        return
    if db.execute("SELECT 1 FROM photo WHERE content_id = ? AND id <> ?", [content_id, photo_id]).fetchone() is None:
        keep(db, [(rows[0]["hash"], label_id, state) for label_id, state in over])
    else:
        _let_go(db, photo_id, [label_id for label_id, _ in over])


def _decide(db: sqlite3.Connection, photo_id: int, label_id: int, state: str) -> None:
    db.execute(
        "INSERT OR IGNORE INTO file_word (photo_id, label_id) "
        "SELECT photo_id, label_id FROM tag WHERE photo_id = ? AND label_id = ? AND source = 'file'",
        [photo_id, label_id],
    )
    db.execute(
        "INSERT INTO tag (photo_id, label_id, source, state) VALUES (?, ?, 'user', ?) "
        "ON CONFLICT (photo_id, label_id) DO UPDATE SET source = 'user', state = excluded.state "
        "WHERE source <> 'user' OR state <> excluded.state",
        [photo_id, label_id, state],
    )


def _let_go(db: sqlite3.Connection, photo_id: int, label_ids: Sequence[int]) -> None:
    for label_id in label_ids:
        named = db.execute(
            "DELETE FROM file_word WHERE photo_id = ? AND label_id = ? RETURNING 1", [photo_id, label_id]
        ).fetchall()
        if named:
            db.execute(
                "UPDATE tag SET source = 'file', state = 'accepted', score = NULL WHERE photo_id = ? AND label_id = ?",
                [photo_id, label_id],
            )
        else:
            for table in ("tag", "suggested_by"):
                db.execute(f"DELETE FROM {table} WHERE photo_id = ? AND label_id = ?", [photo_id, label_id])


def hashes(db: sqlite3.Connection, photo_ids: Sequence[int]) -> dict[int, ContentHash]:
    """The content hash of each of the photos that is known."""
    found: dict[int, ContentHash] = {}
    for batch in batches(photo_ids):
        found.update(
            db.execute(
                "SELECT p.id, c.hash FROM photo p JOIN content c ON c.id = p.content_id "
                f"WHERE p.id IN ({marks(len(batch))})",
                batch,
            )
        )
    return found


def copies(db: sqlite3.Connection, photo_ids: Sequence[int]) -> dict[int, ContentHash]:
    """As `hashes`, with every photo that has the same bytes as one of these."""
    found = hashes(db, photo_ids)
    copied: set[ContentHash] = set()
    for batch in batches(photo_ids):
        rows = db.execute(f"SELECT id FROM photo WHERE copied = 1 AND id IN ({marks(len(batch))})", batch)
        copied.update(found[row["id"]] for row in rows)
    for hash, ids in holders(db, sorted(copied)).items():
        found.update(dict.fromkeys(ids, hash))
    return found


def holders(db: sqlite3.Connection, wanted: Sequence[ContentHash]) -> dict[ContentHash, list[int]]:
    """The photos that hold each of these contents now; none for a content that nobody holds."""
    found: dict[ContentHash, list[int]] = {}
    for batch in batches(wanted):
        rows = db.execute(
            "SELECT c.hash, p.id FROM content c JOIN photo p ON p.content_id = c.id "
            f"WHERE c.hash IN ({marks(len(batch))}) ORDER BY p.id",
            batch,
        )
        for hash, photo_id in rows:
            found.setdefault(hash, []).append(photo_id)
    return found


def counts(db: sqlite3.Connection) -> dict[int, int]:
    """How many contents were decided on, for each label that was."""
    rows = db.execute("SELECT label_id, count(*) FROM decision GROUP BY label_id")
    return {int(label_id): int(count) for label_id, count in rows}
