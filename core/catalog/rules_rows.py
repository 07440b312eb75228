"""Rows of ``rule`` and ``rule_due``: what is suggested for photos that come into a folder, and which came in.

A photo comes in when it is new, when its bytes are others now, and when it is moved into the rule's folder from
outside. When another model begins to answer, all photos of the folder come in anew.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from core.catalog.batches import batches, marks
from core.catalog.naming import to_name, to_text
from core.catalog.tag_lists import below

Covers = Callable[[int, str], frozenset[int]]
"""From a root's id and a folder below it (POSIX) to the ids of the rules for it."""


@dataclass(frozen=True, slots=True)
class RuleRow:
    """A rule. ``inner`` is its folder in its root, in POSIX form; "" is the root itself."""

    id: int
    root_id: int
    root: Path
    inner: str
    list_id: int
    list_name: str
    accept_above: float | None


_SELECT = (
    "SELECT u.id, u.root_id, r.path, u.folder, u.list_id, l.name, u.accept_above FROM rule u "
    "JOIN root r ON r.id = u.root_id JOIN label_list l ON l.id = u.list_id"
)


def all(db: sqlite3.Connection) -> list[RuleRow]:
    """Every rule, by folder and list."""
    return [_rule(row) for row in db.execute(f"{_SELECT} ORDER BY r.path, u.folder, l.folded")]


def by_id(db: sqlite3.Connection, id: int) -> RuleRow | None:
    """One rule."""
    row = db.execute(f"{_SELECT} WHERE u.id = ?", [id]).fetchone()
    return None if row is None else _rule(row)


def put(db: sqlite3.Connection, root_id: int, inner: str, list_id: int, accept_above: float | None) -> int:
    """Add a rule, or give the one of that folder and list another line; its id."""
    row = db.execute(
        "INSERT INTO rule (root_id, folder, list_id, accept_above) VALUES (?, ?, ?, ?) "
        "ON CONFLICT (root_id, folder, list_id) DO UPDATE SET accept_above = excluded.accept_above RETURNING id",
        [root_id, to_text(inner), list_id, accept_above],
    ).fetchone()
    return int(row["id"])


def remove(db: sqlite3.Connection, id: int) -> bool:
    """Remove a rule; whether it was there."""
    return db.execute("DELETE FROM rule WHERE id = ?", [id]).rowcount > 0


def swallow(db: sqlite3.Connection, parent_id: int, child_id: int, inner: str) -> None:
    """Make the rules of one root rules of the root whose folder ``inner`` it is."""
    text = to_text(inner)
    db.execute(
        "UPDATE OR REPLACE rule SET root_id = ?, folder = CASE folder WHEN '' THEN ? ELSE ? || '/' || folder END "
        "WHERE root_id = ?",
        [parent_id, text, text, child_id],
    )


def coverage(db: sqlite3.Connection) -> Covers | None:
    """Which rules hold for which folder; None where there is no rule."""
    rules = db.execute("SELECT id, root_id, folder FROM rule").fetchall()
    if not rules:
        return None
    places = [(id, root_id, to_name(folder)) for id, root_id, folder in rules]

    def covers(root_id: int, folder: str) -> frozenset[int]:
        folder = "" if folder == "." else folder
        return frozenset(id for id, root, top in places if root == root_id and is_below(folder, top))

    return covers


def is_below(folder: str, top: str) -> bool:
    """Whether a folder is ``top``, or lies below it; both relative to one root, in POSIX form."""
    return not top or folder == top or folder.startswith(f"{top}/")


def came_in(db: sqlite3.Connection, photo_ids: Sequence[int]) -> None:
    """Note photos that wait for the rules."""
    db.executemany("INSERT OR IGNORE INTO rule_due (photo_id) VALUES (?)", [(id,) for id in photo_ids])


def all_came_in(db: sqlite3.Connection) -> None:
    """Note every photo in the folder of a rule."""
    for rule in all(db):
        condition, values = below(rule.root_id, rule.inner)
        db.execute(
            "INSERT OR IGNORE INTO rule_due (photo_id) SELECT p.id FROM folder f JOIN photo p ON p.folder_id = f.id "
            f"WHERE {condition}",
            values,
        )


def due(db: sqlite3.Connection, model_id: int) -> list[int]:
    """The photos that wait for the rules and have an embedding of the model."""
    rows = db.execute(
        "SELECT d.photo_id FROM rule_due d JOIN photo p ON p.id = d.photo_id "
        "JOIN embedding e ON e.content_id = p.content_id AND e.model_id = ? ORDER BY d.photo_id",
        [model_id],
    )
    return [row["photo_id"] for row in rows]


def waits(db: sqlite3.Connection) -> bool:
    """Whether any photo waits for the rules."""
    return db.execute("SELECT 1 FROM rule_due LIMIT 1").fetchone() is not None


def done(db: sqlite3.Connection, photo_ids: Sequence[int] | None = None) -> None:
    """Note that photos wait no more; None: that none does."""
    if photo_ids is None:
        db.execute("DELETE FROM rule_due")
        return
    for batch in batches(photo_ids):
        db.execute(f"DELETE FROM rule_due WHERE photo_id IN ({marks(len(batch))})", batch)


def places(db: sqlite3.Connection, photo_ids: Sequence[int]) -> list[tuple[int, int, str]]:
    """(photo id, root id, folder in POSIX form) of those of the photos that are there."""
    found: list[tuple[int, int, str]] = []
    for batch in batches(photo_ids):
        rows = db.execute(
            "SELECT p.id, f.root_id, f.path FROM photo p JOIN folder f ON f.id = p.folder_id "
            f"WHERE p.id IN ({marks(len(batch))}) ORDER BY p.id",
            batch,
        )
        found.extend((id, root_id, to_name(path)) for id, root_id, path in rows)
    return found


def content_at(db: sqlite3.Connection, root_id: int, folder: str, name: str) -> int | None:
    """The content of the photo that is known at a place; None where none is."""
    row = db.execute(
        "SELECT p.content_id FROM folder f JOIN photo p ON p.folder_id = f.id "
        "WHERE f.root_id = ? AND f.path = ? AND p.name = ?",
        [root_id, "" if folder == "." else to_text(folder), to_text(name)],
    ).fetchone()
    return None if row is None else int(row["content_id"])


def knows_folder(db: sqlite3.Connection, root_id: int, inner: str) -> bool:
    """Whether photos or failures are known in a folder, or below it."""
    condition, values = below(root_id, inner)
    return not inner or db.execute(f"SELECT 1 FROM folder f WHERE {condition} LIMIT 1", values).fetchone() is not None


def _rule(row: sqlite3.Row) -> RuleRow:
    id, root_id, root, inner, list_id, list_name, accept_above = row
    return RuleRow(id, root_id, Path(to_name(root)), to_name(inner), list_id, list_name, accept_above)
