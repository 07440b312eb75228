"""Rows of ``failure`` and ``unread_sidecar``: photos and sidecars that could not be read, and why."""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path

from core.catalog import stamps
from core.catalog.naming import readable, to_name, to_text
from core.types import Failure, FileStamp


def record(db: sqlite3.Connection, folder_id: int, name: str, stamp: FileStamp, reason: str) -> None:
    """Keep that a file could not be read, in place of what was known of it (a photo that it was before goes)."""
    text = to_text(name)
    db.execute("DELETE FROM photo WHERE folder_id = ? AND name = ?", [folder_id, text])
    db.execute(
        f"INSERT OR REPLACE INTO failure (folder_id, name, {stamps.COLUMNS}, reason, tried) "
        "VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            folder_id,
            text,
            *stamps.to_row(stamp),
            readable(reason),
            datetime.now(UTC).isoformat(timespec="seconds"),
        ],
    )


def remove(db: sqlite3.Connection, folder_id: int, names: Iterable[str]) -> int:
    """Forget the failures of some names in a folder (the files are gone, or were read); how many there were."""
    pairs = [(folder_id, to_text(name)) for name in names]
    return db.executemany("DELETE FROM failure WHERE folder_id = ? AND name = ?", pairs).rowcount if pairs else 0


def note_sidecars(db: sqlite3.Connection, photo_id: int, unread: Iterable[tuple[str, str]]) -> None:
    """Keep which sidecars of a photo could not be read, by name, each with why, in place of those of before. The photo
    itself could be, and is no failure."""
    now = datetime.now(UTC).isoformat(timespec="seconds")
    db.execute("DELETE FROM unread_sidecar WHERE photo_id = ?", [photo_id])
    db.executemany(
        "INSERT INTO unread_sidecar (photo_id, name, reason, tried) VALUES (?, ?, ?, ?)",
        [(photo_id, to_text(name), readable(reason), now) for name, reason in unread],
    )


def all(db: sqlite3.Connection) -> list[Failure]:
    """Every failure, and every sidecar that could not be read, in the order of paths."""
    rows = db.execute(
        "SELECT r.path AS root, f.path AS folder, x.name, x.reason, x.tried "
        "FROM failure x JOIN folder f ON f.id = x.folder_id JOIN root r ON r.id = f.root_id "
        "UNION SELECT r.path, f.path, u.name, min(u.reason), max(u.tried) "
        "FROM unread_sidecar u JOIN photo p ON p.id = u.photo_id JOIN folder f ON f.id = p.folder_id "
        "JOIN root r ON r.id = f.root_id GROUP BY f.id, u.name ORDER BY 1, 2, 3"
    )
    return [
        Failure(
            Path(os.path.join(to_name(row["root"]), to_name(row["folder"]), to_name(row["name"]))),  # noqa: PTH118
            row["reason"],
            row["tried"],
        )
        for row in rows
    ]


def sidecars(db: sqlite3.Connection) -> int:
    """How many sidecars could not be read."""
    rows = db.execute(
        "SELECT count(*) FROM (SELECT 1 FROM unread_sidecar u JOIN photo p ON p.id = u.photo_id "
        "GROUP BY p.folder_id, u.name)"
    )
    return int(rows.fetchone()[0])


def count(db: sqlite3.Connection) -> int:
    """How many files could not be read."""
    return int(db.execute("SELECT count(*) FROM failure").fetchone()[0])
